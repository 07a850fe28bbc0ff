/** Collations, text search, operators, casts, conversions, languages. */
import type { FidelityCase } from '../../case.ts';
import { from, inDatabase, inSchema } from './object-case.ts';

export const languageCases: readonly FidelityCase[] = [
  inSchema({
    item: 'collations, also ICU and nondeterministic',
    schema: 'o_collations',
    setup: [
      `CREATE COLLATION german (provider = icu, locale = 'de-u-co-phonebk'); CREATE COLLATION loose (provider = icu, locale = 'und-u-ks-level1', deterministic = false); CREATE COLLATION plain (locale = 'C'); CREATE COLLATION "copied; C" FROM "C"; CREATE COLLATION numeric (provider = icu, locale = 'en-u-kn')`,
      `CREATE TABLE t (a text COLLATE loose UNIQUE, b text COLLATE german, c text COLLATE numeric, d text COLLATE "POSIX"); INSERT INTO t VALUES ('Ä', 'Müller', 'x10', 'y'), ('b', 'Mueller', 'x9', 'z'); CREATE INDEX ON t (c, b COLLATE plain); CREATE DOMAIN d AS text COLLATE german;
       CREATE TABLE p (a text COLLATE german) PARTITION BY RANGE (a COLLATE "C"); CREATE TABLE p1 PARTITION OF p FOR VALUES FROM ('A') TO ('a'); COMMENT ON COLLATION german IS 'phone book'`,
    ],
    proof: [
      `SELECT count(*) = 5 FROM pg_collation WHERE collnamespace = 'o_collations'::regnamespace`,
      `SELECT count(*) = 1 FROM o_collations.t WHERE a = 'a'`,
    ],
  }),
  inSchema({
    item: 'collations with rules',
    schema: 'o_rules_of_order',
    setup: [
      `CREATE COLLATION c (provider = icu, locale = 'und', rules = '&a < g <<< G'); CREATE TABLE t (a text COLLATE c); INSERT INTO t VALUES ('b'), ('G')`,
    ],
    proof: [
      `SELECT collicurules IS NOT NULL FROM pg_collation WHERE collnamespace = 'o_rules_of_order'::regnamespace`,
    ],
    exists: from(16),
  }),
  inSchema({
    item: 'collations, built in',
    schema: 'o_builtin',
    setup: [
      `CREATE COLLATION c (provider = builtin, locale = 'C.UTF-8'); CREATE TABLE t (a text COLLATE c); INSERT INTO t VALUES ('b'), ('G')`,
    ],
    proof: [`SELECT collprovider = 'b' FROM pg_collation WHERE collnamespace = 'o_builtin'::regnamespace`],
    exists: from(17),
  }),
  inSchema({
    item: 'text search configurations and dictionaries',
    schema: 'o_search',
    setup: [
      `CREATE TEXT SEARCH DICTIONARY stemming (template = snowball, language = german, stopwords = german); CREATE TEXT SEARCH DICTIONARY "simple; own" (template = pg_catalog.simple, accept = false); CREATE TEXT SEARCH CONFIGURATION own (COPY = pg_catalog.german);
       ALTER TEXT SEARCH CONFIGURATION own ALTER MAPPING FOR asciiword, word WITH "simple; own", stemming; ALTER TEXT SEARCH CONFIGURATION own DROP MAPPING FOR email, url; CREATE TEXT SEARCH CONFIGURATION bare (PARSER = pg_catalog.default); ALTER TEXT SEARCH CONFIGURATION own OWNER TO fidelity_owner; COMMENT ON TEXT SEARCH CONFIGURATION own IS 'ours';
       CREATE TEXT SEARCH PARSER p (START = prsd_start, GETTOKEN = prsd_nexttoken, END = prsd_end, LEXTYPES = prsd_lextype); CREATE TEXT SEARCH TEMPLATE tm (LEXIZE = dsimple_lexize, INIT = dsimple_init);
       CREATE TABLE t (a text, v tsvector GENERATED ALWAYS AS (to_tsvector('o_search.own', a)) STORED); INSERT INTO t VALUES ('die Häuser'); CREATE INDEX ON t USING gin (to_tsvector('o_search.own'::regconfig, a))`,
    ],
    proof: [
      `SELECT count(*) = 2 FROM pg_ts_config WHERE cfgnamespace = 'o_search'::regnamespace`,
      `SELECT length(v) > 0 FROM o_search.t`,
    ],
  }),
  inSchema({
    item: 'operators and operator classes',
    schema: 'o_operators',
    setup: [
      `CREATE TYPE c AS (re float8, im float8); CREATE FUNCTION lt(c, c) RETURNS bool IMMUTABLE LANGUAGE sql AS 'SELECT ($1).re < ($2).re'; CREATE FUNCTION gt(c, c) RETURNS bool IMMUTABLE LANGUAGE sql AS 'SELECT ($1).re > ($2).re'; CREATE FUNCTION eq(c, c) RETURNS bool IMMUTABLE LANGUAGE sql AS 'SELECT ($1).re = ($2).re'; CREATE FUNCTION cmp(c, c) RETURNS int IMMUTABLE LANGUAGE sql AS 'SELECT btfloat8cmp(($1).re, ($2).re)'; CREATE FUNCTION neg(c) RETURNS c IMMUTABLE LANGUAGE sql AS 'SELECT ROW(-($1).re, ($1).im)::o_operators.c'`,
      `CREATE OPERATOR <! (leftarg = c, rightarg = c, function = lt, commutator = >!, restrict = scalarltsel, join = scalarltjoinsel); CREATE OPERATOR >! (leftarg = c, rightarg = c, function = gt, commutator = <!); CREATE OPERATOR =! (leftarg = c, rightarg = c, function = eq, commutator = =!, hashes, merges); CREATE OPERATOR -! (rightarg = c, function = neg);
       CREATE OPERATOR FAMILY fam USING btree; CREATE OPERATOR CLASS cls FOR TYPE c USING btree FAMILY fam AS OPERATOR 1 <!, OPERATOR 3 =!, OPERATOR 5 >!, FUNCTION 1 cmp(c, c); CREATE TABLE t (v c); INSERT INTO t VALUES ('(1,2)'), ('(3,4)'); CREATE INDEX by_it ON t USING btree (v cls); COMMENT ON OPERATOR <! (c, c) IS 'less'`,
    ],
    proof: [
      `SELECT count(*) = 4 FROM pg_operator WHERE oprnamespace = 'o_operators'::regnamespace`,
      `SELECT count(*) = 1 FROM pg_opclass WHERE opcnamespace = 'o_operators'::regnamespace`,
    ],
  }),
  inDatabase({
    item: 'casts, conversions, languages, access methods',
    database: 'casts',
    setup: [
      `CREATE TYPE mood AS ENUM ('a', 'b'); CREATE FUNCTION mood_to_int(mood) RETURNS int IMMUTABLE STRICT LANGUAGE sql AS $$ SELECT CASE $1 WHEN 'a' THEN 1 ELSE 2 END $$; CREATE CAST (mood AS int) WITH FUNCTION mood_to_int(mood) AS ASSIGNMENT; CREATE CAST (text AS mood) WITH INOUT AS IMPLICIT; CREATE DOMAIN d AS text;
       CREATE CONVERSION own FOR 'LATIN1' TO 'UTF8' FROM iso8859_1_to_utf8; CREATE DEFAULT CONVERSION other FOR 'UTF8' TO 'LATIN1' FROM utf8_to_iso8859_1; CREATE FUNCTION own_handler() RETURNS language_handler LANGUAGE c AS '$libdir/plpgsql', 'plpgsql_call_handler'; CREATE FUNCTION own_inline(internal) RETURNS void LANGUAGE c STRICT AS '$libdir/plpgsql', 'plpgsql_inline_handler'; CREATE FUNCTION own_validator(oid) RETURNS void LANGUAGE c STRICT AS '$libdir/plpgsql', 'plpgsql_validator'; CREATE LANGUAGE sqlish HANDLER own_handler INLINE own_inline VALIDATOR own_validator; CREATE TRUSTED LANGUAGE trusted HANDLER own_handler; GRANT USAGE ON LANGUAGE trusted TO fidelity_reader;
       CREATE FUNCTION f() RETURNS int LANGUAGE sqlish AS 'BEGIN RETURN 1; END'; CREATE ACCESS METHOD heap2 TYPE TABLE HANDLER heap_tableam_handler; COMMENT ON CAST (mood AS int) IS 'as a number'; CREATE TABLE t (m mood, n int); INSERT INTO t VALUES ('b', 'b'::mood); REVOKE USAGE ON LANGUAGE plpgsql FROM PUBLIC`,
    ],
    proof: [
      'SELECT count(*) = 2 FROM pg_cast WHERE oid >= 16384',
      `SELECT count(*) = 2 FROM pg_language WHERE lanname IN ('sqlish', 'trusted')`,
      'SELECT f() = 1',
    ],
  }),
];

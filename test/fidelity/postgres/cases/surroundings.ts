/** What a dump does not tell, or tells in an order that cannot be kept: it is carried beside the dump. */
import type { FidelityCase } from '../../case.ts';
import { inDatabase } from './object-case.ts';

export const surroundingCases: readonly FidelityCase[] = [
  inDatabase({
    item: "the server's own text search configurations, altered",
    database: 'searched',
    setup: [
      `CREATE EXTENSION unaccent; ALTER TEXT SEARCH CONFIGURATION pg_catalog.english ALTER MAPPING FOR hword, hword_part, word WITH public.unaccent, pg_catalog.english_stem;
       ALTER TEXT SEARCH CONFIGURATION pg_catalog.german DROP MAPPING FOR email; ALTER TEXT SEARCH CONFIGURATION pg_catalog.german ADD MAPPING FOR tag WITH simple`,
      `CREATE TABLE docs (id int PRIMARY KEY, body text, words tsvector GENERATED ALWAYS AS (to_tsvector('pg_catalog.english', body)) STORED);
       INSERT INTO docs (id, body) VALUES (1, 'Café naïve'); CREATE MATERIALIZED VIEW seen AS SELECT to_tsvector('pg_catalog.german', 'a@b.de <tag>') AS words`,
    ],
    proof: [
      `SELECT words::text = '''cafe'':1 ''naiv'':2' FROM docs`,
      `SELECT words::text = '''<tag>'':2' OR words::text = '''<tag>'':1' FROM seen`,
    ],
  }),
  inDatabase({
    item: 'casts, domains and defaults that need a cast without a function',
    database: 'casts of casts',
    setup: [
      `CREATE TYPE tagged; CREATE FUNCTION tagged_in(cstring) RETURNS tagged IMMUTABLE STRICT LANGUAGE internal AS 'textin';
       CREATE FUNCTION tagged_out(tagged) RETURNS cstring IMMUTABLE STRICT LANGUAGE internal AS 'textout';
       CREATE TYPE tagged (INPUT = tagged_in, OUTPUT = tagged_out, LIKE = text); CREATE CAST (text AS tagged) WITHOUT FUNCTION AS IMPLICIT;
       CREATE FUNCTION tag_of(int) RETURNS text IMMUTABLE LANGUAGE sql AS 'SELECT $1::text'; CREATE CAST (int AS tagged) WITH FUNCTION tag_of(int);
       COMMENT ON CAST (text AS tagged) IS 'needed by others'; CREATE DOMAIN checked AS text CHECK (VALUE::tagged IS NOT NULL);
       CREATE TABLE t (a tagged DEFAULT 7::tagged, b checked); INSERT INTO t (b) VALUES ('x')`,
    ],
    proof: [`SELECT a::text = '7' FROM t`, `SELECT 5::tagged::text = '5'`],
  }),
  inDatabase({
    item: 'foreign keys of partitions with names and comments of their own',
    database: 'keys of partitions',
    setup: [
      `CREATE TABLE k (a int PRIMARY KEY); CREATE TABLE p (a int, b int, CONSTRAINT p_to_k FOREIGN KEY (a) REFERENCES k, CONSTRAINT other FOREIGN KEY (b) REFERENCES k) PARTITION BY LIST (a);
       CREATE TABLE c (a int CONSTRAINT "own; name" REFERENCES k, b int CONSTRAINT p_to_k REFERENCES k); ALTER TABLE p ATTACH PARTITION c DEFAULT; COMMENT ON CONSTRAINT "own; name" ON c IS 'mine';
       CREATE TABLE s (a int, b int, CONSTRAINT middle FOREIGN KEY (a) REFERENCES k) PARTITION BY LIST (b); CREATE TABLE leaf (a int CONSTRAINT deep REFERENCES k, b int);
       ALTER TABLE s ATTACH PARTITION leaf FOR VALUES IN (1); ALTER TABLE p ATTACH PARTITION s FOR VALUES IN (1)`,
    ],
    proof: [
      `SELECT string_agg(conname, ',' ORDER BY conname) = 'deep,middle,own; name,p_to_k' FROM pg_constraint WHERE conname IN ('deep', 'middle', 'own; name') AND conparentid <> 0 OR conname = 'p_to_k' AND conrelid = 'c'::regclass`,
      `SELECT obj_description(oid, 'pg_constraint') = 'mine' FROM pg_constraint WHERE conname = 'own; name'`,
    ],
  }),
  inDatabase({
    item: 'expressions that depend on settings of the database, of its application, and of the owner',
    database: 'tenants',
    setup: [
      `ALTER DATABASE tenants SET app.tenant = 'a b\\c'; ALTER DATABASE tenants SET IntervalStyle = 'sql_standard';
       ALTER DATABASE tenants SET default_text_search_config = 'public.gone'; ALTER ROLE fidelity_owner IN DATABASE tenants SET DateStyle = 'SQL, DMY';
       SET app.tenant = 'a b\\c'; SET IntervalStyle = 'sql_standard'`,
      `CREATE FUNCTION tenant_of(t text) RETURNS text IMMUTABLE LANGUAGE plpgsql AS 'BEGIN RETURN t || current_setting(''app.tenant''); END';
       CREATE FUNCTION words_of(i interval) RETURNS text IMMUTABLE LANGUAGE sql AS 'SELECT $1::text';
       CREATE TABLE t (id int PRIMARY KEY, x text, i interval DEFAULT '-1 day +02:00', tenant text GENERATED ALWAYS AS (tenant_of(x)) STORED,
         words text GENERATED ALWAYS AS (words_of(i)) STORED, CHECK (tenant_of(x) <> current_setting('app.tenant'))); INSERT INTO t VALUES (1, 'q');
       CREATE INDEX ON t (tenant_of(x)); CREATE INDEX ON t (id) WHERE i < '-1 day +02:00';
       CREATE MATERIALIZED VIEW m AS SELECT tenant_of(x), i::text AS words FROM t`,
      `CREATE SCHEMA own AUTHORIZATION fidelity_owner; SET DateStyle = 'SQL, DMY'; SET ROLE fidelity_owner;
       CREATE FUNCTION own.day_of(t text) RETURNS date IMMUTABLE LANGUAGE sql AS 'SELECT $1::date';
       CREATE TABLE own.d (t text, day date GENERATED ALWAYS AS (own.day_of(t)) STORED, CHECK (own.day_of(t) > '1999-01-01')); INSERT INTO own.d VALUES ('30/01/2020');
       CREATE INDEX ON own.d (own.day_of(t)); CREATE MATERIALIZED VIEW own.m AS SELECT own.day_of(t) FROM own.d; RESET ROLE`,
    ],
    proof: [
      String.raw`SELECT tenant = 'qa b\c' OR tenant = 'qa b\c' FROM t`,
      `SELECT words = '-1 +2:00:00' OR words LIKE '%-1%' FROM t`,
      `SELECT day = '2020-01-30' FROM own.d`,
    ],
  }),
];

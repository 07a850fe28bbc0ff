/** What reaches beyond a database: extensions, publications, subscriptions, foreign servers. */
import type { FidelityCase } from '../../case.ts';
import { from, inDatabase } from './object-case.ts';

export const extensionCases: readonly FidelityCase[] = [
  inDatabase({
    item: 'extensions, also in schemas of their own',
    database: 'extensions',
    setup: [
      `CREATE SCHEMA "ext; own"; CREATE EXTENSION hstore SCHEMA "ext; own"; CREATE EXTENSION citext; CREATE EXTENSION pg_trgm VERSION '1.5'; CREATE EXTENSION earthdistance CASCADE; CREATE EXTENSION btree_gin; CREATE EXTENSION "uuid-ossp"; CREATE EXTENSION ltree; CREATE EXTENSION isn; CREATE EXTENSION unaccent; CREATE EXTENSION seg; CREATE EXTENSION lo`,
      `CREATE TABLE t (h "ext; own".hstore, c citext UNIQUE, l ltree, i isbn, s seg, g text); INSERT INTO t VALUES ('a=>1', 'MiX', 'a.b.c', '978-0-393-04002-9', '1 .. 2', 'word'); CREATE INDEX ON t USING gin (g gin_trgm_ops); CREATE INDEX ON t USING gist (l); CREATE INDEX ON t USING gin (h);
       CREATE TEXT SEARCH CONFIGURATION plain (COPY = simple); ALTER TEXT SEARCH CONFIGURATION plain ALTER MAPPING FOR word WITH unaccent, simple`,
      // Grants on an extension's own things, and dependence on it.
      `GRANT EXECUTE ON FUNCTION similarity(text, text) TO fidelity_reader; REVOKE EXECUTE ON FUNCTION similarity(text, text) FROM PUBLIC; CREATE FUNCTION f() RETURNS int LANGUAGE sql AS 'SELECT 1'; ALTER FUNCTION f() DEPENDS ON EXTENSION citext; COMMENT ON EXTENSION citext IS 'our own words'`,
    ],
    proof: [
      'SELECT count(*) >= 12 FROM pg_extension',
      `SELECT extversion IN ('1.5', '1.6') FROM pg_extension WHERE extname = 'pg_trgm'`,
    ],
  }),
  inDatabase({
    item: 'extensions with configuration tables and their sequences',
    database: 'configured',
    setup: [
      `CREATE SCHEMA settings; CREATE EXTENSION fidelity_books SCHEMA settings; INSERT INTO settings.kinds (name) VALUES ('mine'), ('also mine'); INSERT INTO settings.everything VALUES (1, 'x')`,
    ],
    proof: [
      'SELECT count(*) = 2 AND max(id) = 3 FROM settings.kinds WHERE own',
      'SELECT last_value = 3 FROM settings.kinds_id_seq',
      'SELECT count(*) = 1 FROM settings.everything',
    ],
    // Only there may an extension stand elsewhere than among the server's own.
    exists: from(18),
  }),
  inDatabase({
    item: 'publications',
    database: 'publications',
    setup: [
      `CREATE TABLE t (a int PRIMARY KEY, b text); CREATE TABLE u (a int PRIMARY KEY); CREATE SCHEMA s; CREATE TABLE s.v (a int PRIMARY KEY); CREATE TABLE p (a int PRIMARY KEY) PARTITION BY RANGE (a); CREATE TABLE p1 PARTITION OF p DEFAULT`,
      `CREATE PUBLICATION everything FOR ALL TABLES; CREATE PUBLICATION "some; of it" FOR TABLE t, u WITH (publish = 'insert, truncate'); CREATE PUBLICATION nothing; CREATE PUBLICATION rooted FOR TABLE p WITH (publish_via_partition_root); ALTER PUBLICATION rooted OWNER TO CURRENT_USER; COMMENT ON PUBLICATION nothing IS 'yet'; ALTER PUBLICATION nothing RENAME TO "nothing yet"`,
    ],
    proof: ['SELECT count(*) = 4 FROM pg_publication'],
  }),
  inDatabase({
    item: 'publications of schemas, rows and columns',
    database: 'publications 15',
    setup: [
      `CREATE TABLE t (a int PRIMARY KEY, b text, c int); CREATE SCHEMA "s 1"; CREATE TABLE "s 1".v (a int PRIMARY KEY)`,
      `CREATE PUBLICATION of_schema FOR TABLES IN SCHEMA "s 1"; CREATE PUBLICATION both_kinds FOR TABLES IN SCHEMA public, TABLE "s 1".v; CREATE PUBLICATION filtered FOR TABLE t (a, c) WHERE (a > 5 AND a < 10)`,
    ],
    proof: [
      'SELECT count(*) = 2 FROM pg_publication_rel',
      'SELECT count(*) = 2 FROM pg_publication_namespace',
    ],
    exists: from(15),
  }),
  inDatabase({
    item: 'foreign servers and foreign tables, definition only',
    database: 'foreign',
    setup: [
      `CREATE EXTENSION postgres_fdw; CREATE EXTENSION file_fdw; CREATE FOREIGN DATA WRAPPER dummy OPTIONS (debug 'true'); CREATE SERVER "far; away" TYPE 'odd' VERSION '1' FOREIGN DATA WRAPPER postgres_fdw OPTIONS (host '192.0.2.1', dbname 'it''s'); CREATE SERVER files FOREIGN DATA WRAPPER file_fdw; CREATE SERVER dumb FOREIGN DATA WRAPPER dummy OPTIONS (secret 'x')`,
      `CREATE FOREIGN TABLE ft (a int OPTIONS (column_name 'A a') NOT NULL, b text DEFAULT 'x', CHECK (a > 0)) SERVER "far; away" OPTIONS (schema_name 's', table_name 'it''s'); CREATE TABLE p (a int, b text) PARTITION BY RANGE (a); CREATE FOREIGN TABLE p1 PARTITION OF p FOR VALUES FROM (0) TO (10) SERVER "far; away"; CREATE TABLE p2 PARTITION OF p DEFAULT; INSERT INTO p2 VALUES (99, 'here');
       CREATE VIEW v AS SELECT a FROM ft; ALTER FOREIGN TABLE ft OWNER TO fidelity_owner; GRANT USAGE ON FOREIGN SERVER "far; away" TO fidelity_reader WITH GRANT OPTION; GRANT USAGE ON FOREIGN DATA WRAPPER postgres_fdw TO fidelity_owner; COMMENT ON FOREIGN TABLE ft IS 'elsewhere'; CREATE USER MAPPING FOR fidelity_reader SERVER files; ALTER SERVER files OWNER TO fidelity_owner`,
    ],
    proof: [
      'SELECT count(*) = 2 FROM pg_foreign_table',
      'SELECT count(*) = 3 FROM pg_foreign_server',
      'SELECT count(*) = 1 FROM p2',
    ],
  }),
];

/** What only a superuser can read: see the left-out list of the agent's check. */
export const superuserCases: readonly FidelityCase[] = [
  inDatabase({
    item: 'user mappings with their options',
    database: 'mappings',
    setup: [
      `CREATE EXTENSION postgres_fdw; CREATE SERVER s FOREIGN DATA WRAPPER postgres_fdw; CREATE USER MAPPING FOR fidelity_owner SERVER s OPTIONS (user 'x', password 'it''s secret'); CREATE USER MAPPING FOR PUBLIC SERVER s OPTIONS (user 'anybody')`,
    ],
    proof: [`SELECT umoptions::text LIKE '%secret%' FROM pg_user_mapping WHERE umuser <> 0`],
  }),
  inDatabase({
    item: 'subscriptions, disabled',
    database: 'subscriptions',
    setup: [
      `CREATE TABLE t (a int PRIMARY KEY); INSERT INTO t VALUES (1)`,
      `CREATE SUBSCRIPTION sub CONNECTION 'host=192.0.2.1 dbname=none' PUBLICATION p1, "p 2" WITH (connect = false, slot_name = 'some_slot', binary = true, synchronous_commit = 'remote_write')`,
    ],
    proof: [`SELECT count(*) = 1 FROM pg_subscription WHERE NOT subenabled AND subname = 'sub'`],
  }),
];

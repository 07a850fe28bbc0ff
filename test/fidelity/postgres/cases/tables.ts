/** Tables: what their columns compute, check and store. */
import type { FidelityCase } from '../../case.ts';
import { from, inSchema } from './object-case.ts';

const columns: readonly FidelityCase[] = [
  inSchema({
    item: 'defaults',
    schema: 'o_defaults',
    setup: [
      `CREATE SEQUENCE ticket; CREATE FUNCTION lucky() RETURNS int LANGUAGE sql AS 'SELECT 7'`,
      `CREATE TABLE t (a int DEFAULT 1 + 2, b text DEFAULT 'it''s \\ "x"', c timestamptz DEFAULT now(), d int DEFAULT nextval('ticket'),
         e int DEFAULT lucky(), f text COLLATE "C" DEFAULT current_user, g int[] DEFAULT '{1,NULL}', h numeric DEFAULT NULL, i int)`,
      `INSERT INTO t (i) VALUES (1), (2)`,
      // What rows of before have is kept in the catalogue, not in the heap.
      `ALTER TABLE t ADD COLUMN late text DEFAULT 'late'; ALTER TABLE t ALTER late SET DEFAULT 'later'; ALTER TABLE t ALTER a DROP DEFAULT`,
      `CREATE VIEW v AS SELECT a, b FROM t; ALTER VIEW v ALTER b SET DEFAULT 'of the view'`,
    ],
    proof: [`SELECT count(*) = 2 FROM o_defaults.t WHERE late = 'late' AND d IN (1, 2) AND a = 3`],
  }),
  inSchema({
    item: 'generated columns, stored',
    schema: 'o_generated',
    setup: [
      `CREATE FUNCTION twice(int) RETURNS int IMMUTABLE LANGUAGE sql AS 'SELECT $1 * 2'`,
      `CREATE TABLE t (g int GENERATED ALWAYS AS (twice(a)) STORED, a int, "G 2" text COLLATE "C" GENERATED ALWAYS AS (upper(b)) STORED NOT NULL, b text);
       CREATE INDEX ON t (g); INSERT INTO t (a, b) VALUES (1, 'x'), (NULL, 'ä')`,
      `CREATE TABLE parted (a int, g int GENERATED ALWAYS AS (a + 1) STORED) PARTITION BY RANGE (a);
       CREATE TABLE p1 PARTITION OF parted DEFAULT; INSERT INTO parted VALUES (1)`,
      `ALTER TABLE t ADD COLUMN was int GENERATED ALWAYS AS (a) STORED; ALTER TABLE t ALTER was DROP EXPRESSION`,
    ],
    proof: [`SELECT count(*) = 1 FROM o_generated.t WHERE g = 2 AND was = 1`],
  }),
  inSchema({
    item: 'generated columns, virtual',
    schema: 'o_virtual',
    setup: [
      `CREATE TABLE t (a int, v int GENERATED ALWAYS AS (a * 2) VIRTUAL, s int GENERATED ALWAYS AS (a * 3) STORED, CHECK (v < 100));
       INSERT INTO t VALUES (1), (2), (NULL)`,
      `CREATE TABLE only_virtual (v int GENERATED ALWAYS AS (1)); INSERT INTO only_virtual DEFAULT VALUES`,
    ],
    proof: [
      `SELECT sum(v) = 6 FROM o_virtual.t`,
      `SELECT count(*) = 2 FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid WHERE a.attgenerated = 'v' AND c.relnamespace = 'o_virtual'::regnamespace`,
    ],
    exists: from(18),
  }),
  inSchema({
    item: 'checks, also NOT VALID, NO INHERIT',
    schema: 'o_checks',
    setup: [
      `CREATE FUNCTION fine(int) RETURNS bool IMMUTABLE LANGUAGE sql AS 'SELECT $1 > -10'`,
      `CREATE TABLE t (a int CHECK (a > 0), b int, CONSTRAINT "both; of 'them'" CHECK (a < b OR b IS NULL) NO INHERIT, CHECK (fine(b)))`,
      `INSERT INTO t VALUES (1, 2), (5, NULL); CREATE TABLE child (c int) INHERITS (t); ALTER TABLE t ADD CONSTRAINT old_rows CHECK (a < 3) NOT VALID`,
      `CREATE DOMAIN small AS int CHECK (VALUE < 100); CREATE TABLE d (v small); INSERT INTO d VALUES (50);
       ALTER DOMAIN small ADD CONSTRAINT later CHECK (VALUE < 10) NOT VALID`,
    ],
    proof: [
      `SELECT count(*) = 2 FROM pg_constraint WHERE NOT convalidated AND connamespace = 'o_checks'::regnamespace AND conislocal`,
      `SELECT count(*) = 1 FROM o_checks.t WHERE a = 5`,
    ],
  }),
  inSchema({
    item: 'NOT NULL by name, NOT VALID, NO INHERIT',
    schema: 'o_not_null',
    setup: [
      `CREATE TABLE t (a int CONSTRAINT "a must be" NOT NULL, b int, c int NOT NULL NO INHERIT); INSERT INTO t VALUES (1, NULL, 3);
       CREATE TABLE child () INHERITS (t); ALTER TABLE t ADD CONSTRAINT b_later NOT NULL b NOT VALID`,
    ],
    proof: [
      `SELECT count(*) = 1 FROM pg_constraint WHERE conname = 'b_later' AND NOT convalidated AND conrelid = 'o_not_null.t'::regclass`,
    ],
    exists: from(18),
  }),
  inSchema({
    item: 'constraints NOT ENFORCED',
    schema: 'o_not_enforced',
    setup: [
      `CREATE TABLE p (id int PRIMARY KEY); CREATE TABLE t (a int CHECK (a > 0) NOT ENFORCED, p int REFERENCES p NOT ENFORCED);
       INSERT INTO t VALUES (-1, 99)`,
    ],
    proof: [
      `SELECT count(*) = 2 FROM pg_constraint WHERE NOT conenforced AND connamespace = 'o_not_enforced'::regnamespace`,
      `SELECT count(*) = 1 FROM o_not_enforced.t WHERE a = -1`,
    ],
    exists: from(18),
  }),
];

const storage: readonly FidelityCase[] = [
  inSchema({
    item: 'unlogged tables',
    schema: 'o_unlogged',
    setup: [
      `CREATE UNLOGGED TABLE t (id int GENERATED ALWAYS AS IDENTITY PRIMARY KEY, v text); INSERT INTO t (v) SELECT repeat('x', i) FROM generate_series(1, 50) i`,
      `CREATE UNLOGGED TABLE later (v int); ALTER TABLE later SET LOGGED; CREATE TABLE sooner (v int); ALTER TABLE sooner SET UNLOGGED; INSERT INTO sooner VALUES (1)`,
    ],
    proof: [
      `SELECT count(*) = 50 FROM o_unlogged.t`,
      `SELECT count(*) >= 2 FROM pg_class WHERE relpersistence = 'u' AND relkind = 'r' AND relnamespace = 'o_unlogged'::regnamespace`,
    ],
  }),
  inSchema({
    item: 'storage parameters, toast settings',
    schema: 'o_storage',
    setup: [
      `CREATE TABLE t (a int, b text) WITH (fillfactor = 70, autovacuum_enabled = off, parallel_workers = 3, toast_tuple_target = 256,
         toast.autovacuum_vacuum_threshold = 77, toast.vacuum_truncate = off)`,
      `ALTER TABLE t ALTER b SET STORAGE EXTERNAL; INSERT INTO t VALUES (1, repeat('toast', 10000)); ALTER TABLE t ALTER a SET (n_distinct = -0.5, n_distinct_inherited = 9)`,
      `ALTER TABLE t ALTER a SET STATISTICS 500; ALTER TABLE t ALTER b SET STATISTICS 0`,
      `CREATE INDEX shrunk ON t (a) WITH (fillfactor = 55, deduplicate_items = off); CREATE INDEX br ON t USING brin (a) WITH (pages_per_range = 16, autosummarize = on)`,
      `CREATE TABLE plain (v bytea); ALTER TABLE plain ALTER v SET STORAGE MAIN`,
    ],
    proof: [
      `SELECT reloptions @> '{fillfactor=70}' FROM pg_class WHERE oid = 'o_storage.t'::regclass`,
      `SELECT attstorage = 'e' FROM pg_attribute WHERE attrelid = 'o_storage.t'::regclass AND attname = 'b'`,
    ],
  }),
  inSchema({
    item: 'compression of columns',
    schema: 'o_compression',
    setup: [
      `CREATE TABLE t (a text COMPRESSION lz4, b text COMPRESSION pglz, c text); INSERT INTO t SELECT r, r, r FROM repeat('abc', 5000) r;
       ALTER TABLE t ALTER c SET COMPRESSION lz4`,
    ],
    proof: [
      `SELECT count(*) = 2 FROM pg_attribute WHERE attrelid = 'o_compression.t'::regclass AND attcompression = 'l'`,
    ],
  }),
  inSchema({
    item: 'replica identity',
    schema: 'o_identity',
    setup: [
      `CREATE TABLE f (a int); ALTER TABLE f REPLICA IDENTITY FULL; CREATE TABLE n (a int PRIMARY KEY); ALTER TABLE n REPLICA IDENTITY NOTHING`,
      `CREATE TABLE i (a int NOT NULL, b int UNIQUE); CREATE UNIQUE INDEX by_a ON i (a); ALTER TABLE i REPLICA IDENTITY USING INDEX by_a`,
      `CREATE TABLE p (a int NOT NULL) PARTITION BY RANGE (a); CREATE TABLE p1 PARTITION OF p DEFAULT; CREATE UNIQUE INDEX p_a ON p (a);
       ALTER TABLE p REPLICA IDENTITY USING INDEX p_a; ALTER TABLE p1 REPLICA IDENTITY FULL`,
    ],
    proof: [
      `SELECT string_agg(relreplident, '' ORDER BY relname) = 'finif' FROM pg_class WHERE relnamespace = 'o_identity'::regnamespace AND relkind IN ('r', 'p')`,
    ],
  }),
  inSchema({
    item: 'CLUSTER ON, statistics targets of expressions',
    schema: 'o_cluster',
    setup: [
      `CREATE TABLE t (a int PRIMARY KEY, b text); CREATE INDEX by_b ON t (lower(b), (a + 1)); INSERT INTO t SELECT i, i::text FROM generate_series(1, 100) i;
       ALTER TABLE t CLUSTER ON by_b; ALTER INDEX by_b ALTER COLUMN 2 SET STATISTICS 777`,
    ],
    proof: [`SELECT indisclustered FROM pg_index WHERE indexrelid = 'o_cluster.by_b'::regclass`],
  }),
  inSchema({
    item: 'statistics objects',
    schema: 'o_statistics',
    setup: [
      `CREATE TABLE t (a int, b int, c text); INSERT INTO t SELECT i % 10, i % 5, i::text FROM generate_series(1, 200) i`,
      `CREATE STATISTICS s1 ON a, b FROM t; CREATE STATISTICS s2 (mcv, dependencies) ON a, b, c FROM t; CREATE STATISTICS s3 ON (a + b), lower(c) FROM t;
       CREATE STATISTICS s4 ON (a * 2) FROM t; ALTER STATISTICS s2 SET STATISTICS 333; ALTER STATISTICS s3 OWNER TO fidelity_owner; COMMENT ON STATISTICS s1 IS 'about both'`,
    ],
    proof: [`SELECT count(*) = 4 FROM pg_statistic_ext WHERE stxnamespace = 'o_statistics'::regnamespace`],
  }),
  inSchema({
    item: 'tables of a composite type, of an access method',
    schema: 'o_typed',
    setup: [
      `CREATE TYPE kind AS (a int, b text); CREATE TABLE t OF kind (PRIMARY KEY (a), b WITH OPTIONS DEFAULT 'x' NOT NULL); INSERT INTO t VALUES (1)`,
      `CREATE ACCESS METHOD o_heap TYPE TABLE HANDLER heap_tableam_handler; CREATE TABLE other (a int) USING o_heap; INSERT INTO other VALUES (1), (2)`,
    ],
    proof: [
      `SELECT reloftype <> 0 FROM pg_class WHERE oid = 'o_typed.t'::regclass`,
      'SELECT count(*) = 2 FROM o_typed.other',
    ],
  }),
  inSchema({
    item: 'tablespaces, mapped',
    schema: 'o_space',
    setup: [
      `CREATE TABLE t (a int PRIMARY KEY USING INDEX TABLESPACE fidelity_space, b text) TABLESPACE fidelity_space; INSERT INTO t SELECT i, repeat('x', i) FROM generate_series(1, 100) i`,
      `CREATE TABLE p (a int) PARTITION BY RANGE (a) TABLESPACE fidelity_space; CREATE TABLE p1 PARTITION OF p FOR VALUES FROM (0) TO (10);
       CREATE TABLE p2 PARTITION OF p DEFAULT TABLESPACE pg_default; INSERT INTO p VALUES (1), (11);
       CREATE MATERIALIZED VIEW m TABLESPACE fidelity_space AS SELECT count(*) FROM t; CREATE INDEX elsewhere ON p2 (a) TABLESPACE fidelity_space`,
    ],
    proof: [
      `SELECT count(*) = 6 FROM pg_class c JOIN pg_tablespace s ON s.oid = c.reltablespace WHERE spcname = 'fidelity_space' AND relnamespace = 'o_space'::regnamespace`,
    ],
  }),
];

export const tableCases: readonly FidelityCase[] = [...columns, ...storage];

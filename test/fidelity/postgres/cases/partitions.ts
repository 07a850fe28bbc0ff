/** Partitions and inheritance. */
import type { FidelityCase } from '../../case.ts';
import { inSchema } from './object-case.ts';

const partitions: readonly FidelityCase[] = [
  inSchema({
    item: 'partitions by range',
    schema: 'o_range',
    setup: [
      `CREATE TABLE t (a int, b text, at date) PARTITION BY RANGE (at, (lower(b))); CREATE TABLE t1 PARTITION OF t FOR VALUES FROM (MINVALUE, MINVALUE) TO ('2026-01-01', 'm');
       CREATE TABLE t2 PARTITION OF t FOR VALUES FROM ('2026-01-01', 'm') TO ('2026-01-01', MAXVALUE); CREATE TABLE t3 PARTITION OF t FOR VALUES FROM ('2026-01-02', MINVALUE) TO (MAXVALUE, MAXVALUE)`,
      `INSERT INTO t VALUES (1, 'A', '2025-01-01'), (2, 'Z', '2026-01-01'), (3, 'B', '2027-01-01')`,
    ],
    proof: [
      `SELECT count(*) = 3 FROM pg_inherits WHERE inhparent = 'o_range.t'::regclass`,
      'SELECT count(*) = 1 FROM ONLY o_range.t2',
    ],
  }),
  inSchema({
    item: 'partitions by list, with a default',
    schema: 'o_list',
    setup: [
      `CREATE TYPE color AS ENUM ('red', 'it''s "blue"', 'none'); CREATE TABLE t (c color, n int) PARTITION BY LIST (c); CREATE TABLE t1 PARTITION OF t FOR VALUES IN ('red', NULL);
       CREATE TABLE t2 PARTITION OF t FOR VALUES IN ('it''s "blue"'); CREATE TABLE "The Rest" PARTITION OF t DEFAULT; INSERT INTO t VALUES ('red', 1), (NULL, 2), ('it''s "blue"', 3), ('none', 4)`,
    ],
    proof: [`SELECT count(*) = 1 FROM o_list."The Rest"`, 'SELECT count(*) = 2 FROM o_list.t1'],
  }),
  inSchema({
    item: 'partitions by hash',
    schema: 'o_hash',
    setup: [
      `CREATE TABLE t (a int, b text) PARTITION BY HASH (a, b); CREATE TABLE t0 PARTITION OF t FOR VALUES WITH (MODULUS 2, REMAINDER 0); CREATE TABLE t1 PARTITION OF t FOR VALUES WITH (MODULUS 4, REMAINDER 1);
       CREATE TABLE t3 PARTITION OF t FOR VALUES WITH (MODULUS 4, REMAINDER 3); INSERT INTO t SELECT i, i::text FROM generate_series(1, 100) i`,
    ],
    proof: [`SELECT count(*) = 100 FROM o_hash.t`],
  }),
  inSchema({
    item: 'partitions by hash of what hashes otherwise elsewhere',
    schema: 'o_hash_enum',
    setup: [
      // An enum's hash is that of its labels' object ids.
      `CREATE TYPE mood AS ENUM ('a', 'b', 'c', 'd', 'e', 'f'); CREATE TABLE e (m mood) PARTITION BY HASH (m); CREATE TABLE e0 PARTITION OF e FOR VALUES WITH (MODULUS 3, REMAINDER 0);
       CREATE TABLE e1 PARTITION OF e FOR VALUES WITH (MODULUS 3, REMAINDER 1); CREATE TABLE e2 PARTITION OF e FOR VALUES WITH (MODULUS 3, REMAINDER 2)`,
      `INSERT INTO e SELECT m FROM unnest(enum_range(NULL::mood)) m, generate_series(1, 5)`,
    ],
    proof: ['SELECT count(*) = 30 FROM o_hash_enum.e'],
  }),
  inSchema({
    item: 'partitions of several levels',
    schema: 'o_levels',
    moreSchemas: ['o_levels_far'],
    setup: [
      `CREATE TABLE t (a int, b int, c text) PARTITION BY RANGE (a); CREATE TABLE t1 PARTITION OF t FOR VALUES FROM (0) TO (100) PARTITION BY LIST (b);
       CREATE TABLE t1x PARTITION OF t1 FOR VALUES IN (1, 2) PARTITION BY HASH (c); CREATE TABLE t1x0 PARTITION OF t1x FOR VALUES WITH (MODULUS 1, REMAINDER 0); CREATE TABLE t1y PARTITION OF t1 DEFAULT;
       CREATE TABLE t2 PARTITION OF t DEFAULT PARTITION BY RANGE (b)`,
      `INSERT INTO t VALUES (1, 1, 'x'), (2, 9, 'y'); CREATE SCHEMA o_levels_far; CREATE TABLE o_levels_far.t3 PARTITION OF t FOR VALUES FROM (100) TO (200); INSERT INTO t VALUES (150, 1, 'far')`,
    ],
    proof: [
      `SELECT count(*) = 7 FROM pg_partition_tree('o_levels.t')`,
      'SELECT count(*) = 1 FROM o_levels.t1x0',
    ],
  }),
  inSchema({
    item: 'partitions unlike their parents',
    schema: 'o_unlike',
    setup: [
      `CREATE TABLE t (gone int, a int, b text DEFAULT 'parent', c int) PARTITION BY RANGE (a); ALTER TABLE t DROP COLUMN gone`,
      `CREATE TABLE t1 (c int, also_gone text, b text DEFAULT 'own', a int NOT NULL CHECK (a < 10)); ALTER TABLE t1 DROP COLUMN also_gone; ALTER TABLE t ATTACH PARTITION t1 FOR VALUES FROM (0) TO (10)`,
      `CREATE TABLE t2 PARTITION OF t (b DEFAULT 'other', CONSTRAINT mine CHECK (c > 0)) FOR VALUES FROM (10) TO (20) WITH (fillfactor = 50); ALTER TABLE t2 ALTER c SET NOT NULL`,
      `INSERT INTO t VALUES (1, 'x', 5), (11, 'y', 6); CREATE TABLE loose (a int, b text, c int); ALTER TABLE t ATTACH PARTITION loose DEFAULT; INSERT INTO t VALUES (99, 'z', 1); ALTER TABLE t DETACH PARTITION loose`,
    ],
    proof: [
      `SELECT attname = 'c' FROM pg_attribute WHERE attrelid = 'o_unlike.t1'::regclass AND attnum = 1`,
      `SELECT NOT relispartition FROM pg_class WHERE oid = 'o_unlike.loose'::regclass`,
      'SELECT count(*) = 2 FROM o_unlike.t',
    ],
  }),
  inSchema({
    item: 'indexes of partitioned tables, attached and not',
    schema: 'o_attached',
    setup: [
      `CREATE TABLE t (a int, b text) PARTITION BY RANGE (a); CREATE TABLE t1 PARTITION OF t FOR VALUES FROM (0) TO (10); CREATE TABLE t2 PARTITION OF t DEFAULT PARTITION BY RANGE (a); CREATE TABLE t2a PARTITION OF t2 DEFAULT`,
      `ALTER TABLE t ADD CONSTRAINT key PRIMARY KEY (a); CREATE INDEX on_all ON t (lower(b)) INCLUDE (a) WHERE a > 0; CREATE INDEX own ON t1 (b)`,
      `CREATE INDEX alone ON ONLY t (b, a); CREATE INDEX "Named Otherwise" ON t1 (b, a); ALTER INDEX alone ATTACH PARTITION "Named Otherwise"`,
      `ALTER INDEX key RENAME TO "Key 2"; INSERT INTO t VALUES (1, 'a'), (20, 'b')`,
    ],
    proof: [
      `SELECT count(*) = 1 FROM pg_inherits WHERE inhparent = 'o_attached.alone'::regclass`,
      `SELECT NOT indisvalid FROM pg_index WHERE indexrelid = 'o_attached.alone'::regclass`,
    ],
  }),
];

const inheritance: readonly FidelityCase[] = [
  inSchema({
    item: "children whose columns are stored otherwise than their parents'",
    schema: 'o_stored',
    setup: [
      `CREATE TABLE a (t text, u text, v text); CREATE TABLE b () INHERITS (a); CREATE TABLE c () INHERITS (b);
       ALTER TABLE a ALTER t SET COMPRESSION lz4; ALTER TABLE c ALTER t SET COMPRESSION pglz;
       ALTER TABLE ONLY a ALTER u SET STORAGE EXTERNAL; ALTER TABLE ONLY b ALTER v SET STORAGE MAIN`,
    ],
    proof: [
      `SELECT string_agg(attcompression::text || attstorage::text, ' ' ORDER BY attrelid::regclass::text, attname) = 'lx e x x x m px x x' FROM pg_attribute
       WHERE attrelid IN ('o_stored.a'::regclass, 'o_stored.b'::regclass, 'o_stored.c'::regclass) AND attnum > 0`,
    ],
  }),
  inSchema({
    item: 'inheritance',
    schema: 'o_inherit',
    setup: [
      `CREATE TABLE a (id int DEFAULT 1, name text NOT NULL, CHECK (id > 0)); CREATE TABLE b (id int DEFAULT 1, other text);
       CREATE TABLE c (id int DEFAULT 3, own text, CONSTRAINT c_own CHECK (own <> '')) INHERITS (a, b); CREATE TABLE d () INHERITS (c)`,
      `INSERT INTO a VALUES (1, 'a'); INSERT INTO b VALUES (1, 'b'); INSERT INTO c VALUES (2, 'n', 'o', 'w'); INSERT INTO d VALUES (4, 'd', 'd', 'd')`,
      `ALTER TABLE d ALTER name SET DEFAULT 'of d'; ALTER TABLE ONLY c ALTER other SET STATISTICS 42; CREATE TABLE e (id int, name text NOT NULL, own text, CONSTRAINT a_id_check CHECK (id > 0)); ALTER TABLE e INHERIT a; ALTER TABLE e ALTER id SET DEFAULT 9`,
    ],
    proof: [
      `SELECT count(*) = 3 FROM o_inherit.a`,
      `SELECT count(*) = 2 FROM pg_inherits WHERE inhrelid = 'o_inherit.c'::regclass`,
    ],
  }),
  inSchema({
    item: 'inheritance: columns given up by a parent, removed parents',
    schema: 'o_disinherited',
    setup: [
      `CREATE TABLE p (a int, b int); CREATE TABLE q (x int); CREATE TABLE c (own int) INHERITS (p, q); INSERT INTO c VALUES (1, 2, 3, 4); ALTER TABLE ONLY p DROP COLUMN b; ALTER TABLE c NO INHERIT q`,
    ],
    proof: [`SELECT count(*) = 1 FROM o_disinherited.c WHERE b = 2 AND x = 3`],
  }),
];

export const partitionCases: readonly FidelityCase[] = [...partitions, ...inheritance];

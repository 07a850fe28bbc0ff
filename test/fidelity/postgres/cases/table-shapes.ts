/** Tables of odd shapes: no columns, very many, only computed ones, and what dropped columns leave behind. */
import { type FidelityCase, majorOf } from '../../case.ts';
import { typeCase } from './type-case.ts';

/** As many as a table can have. */
const numbers = Array.from({ length: 1600 }, (_, i) => i + 1);

const cases: readonly FidelityCase[] = [
  typeCase({
    item: 'a table without columns, with rows',
    schema: 'no_columns',
    setup: ['CREATE TABLE t (); INSERT INTO t SELECT FROM generate_series(1, 7)'],
    proof: ['SELECT count(*) = 7 FROM no_columns.t'],
  }),
  typeCase({
    item: 'a table without columns, with rows of many pages',
    schema: 'no_columns_many',
    setup: ['CREATE TABLE t (); INSERT INTO t SELECT FROM generate_series(1, 100000)'],
    proof: ['SELECT count(*) = 100000 FROM no_columns_many.t'],
  }),
  typeCase({
    item: 'tables without rows: with columns and without, one that had rows once',
    schema: 'no_rows',
    setup: [
      'CREATE TABLE t (a int, b text); CREATE TABLE nothing (); CREATE TABLE was (a int); INSERT INTO was SELECT generate_series(1, 9999); DELETE FROM was',
    ],
    proof: ['SELECT count(*) = 0 FROM no_rows.was', `SELECT pg_relation_size('no_rows.nothing') = 0`],
  }),
  typeCase({
    item: '1,600 columns',
    schema: 'wide',
    setup: [
      `CREATE TABLE t (${numbers.map((n) => `c${n} smallint`).join(', ')});
       INSERT INTO t VALUES (${numbers.join(', ')}), (${numbers.map((n) => (n % 2 ? 'NULL' : -n)).join(', ')});
       INSERT INTO t (c1600) VALUES (1), (NULL)`,
    ],
    proof: [
      'SELECT sum(c1600) = 1 FROM wide.t',
      `SELECT count(*) = 1600 FROM pg_attribute WHERE attrelid = 'wide.t'::regclass AND attnum > 0`,
    ],
  }),
  typeCase({
    item: '1,600 columns with names of 63 bytes, and of several types',
    schema: 'wide_names',
    setup: [
      `CREATE TABLE t (${numbers.map((n) => `"${`column ${n} "" ä `.padEnd(63, 'x')}" ${['bool', 'text', 'smallint', '"char"'][n % 4]}`).join(', ')});
       INSERT INTO t VALUES (${numbers.map((n) => ['true', 'NULL', n, `'c'`][n % 4]).join(', ')})`,
    ],
    proof: ['SELECT count(*) = 1 FROM wide_names.t'],
  }),
  typeCase({
    item: 'only generated columns',
    schema: 'only_generated',
    setup: [
      `CREATE TABLE t (a int GENERATED ALWAYS AS (1) STORED, b text GENERATED ALWAYS AS ('x' || 'y') STORED);
       INSERT INTO t SELECT FROM generate_series(1, 3)`,
    ],
    proof: [`SELECT count(*) = 3 AND min(b) = 'xy' FROM only_generated.t`],
  }),
  typeCase({
    item: 'generated columns before, between and after others',
    schema: 'generated_between',
    setup: [
      `CREATE TABLE t (g1 int GENERATED ALWAYS AS (a * 2) STORED, a int, "G 2" text GENERATED ALWAYS AS (lower(b)) STORED, b text, g3 float8 GENERATED ALWAYS AS (a / 3.0::float8) STORED);
       INSERT INTO t (a, b) VALUES (1, 'ÄX'), (NULL, NULL), (-7, '')`,
    ],
    proof: ['SELECT sum(g1) = -12 FROM generated_between.t'],
  }),
  typeCase({
    item: 'virtual generated columns, also alone',
    schema: 'generated_virtual',
    setup: [
      `CREATE TABLE t (a int, v int GENERATED ALWAYS AS (a + 1) VIRTUAL, s int GENERATED ALWAYS AS (a + 2) STORED); INSERT INTO t (a) VALUES (1), (NULL);
       CREATE TABLE alone (v int GENERATED ALWAYS AS (5)); INSERT INTO alone DEFAULT VALUES`,
    ],
    proof: ['SELECT sum(v) = 2 FROM generated_virtual.t', 'SELECT v = 5 FROM generated_virtual.alone'],
    exists: (server) => majorOf(server) >= 18,
  }),
  typeCase({
    item: 'dropped columns: first, between, last, one after the other',
    schema: 'dropped',
    setup: [
      `CREATE TABLE t (first int, a int, gone text, b text, last bytea); INSERT INTO t SELECT i, i, repeat('x', 100), 'b' || i, '\\x00' FROM generate_series(1, 1000) i`,
      'ALTER TABLE t DROP COLUMN gone',
      `INSERT INTO t VALUES (0, 0, 'after', '\\x01')`,
      'ALTER TABLE t DROP COLUMN first, DROP COLUMN last',
      `INSERT INTO t VALUES (-1, 'at last')`,
    ],
    proof: ['SELECT count(*) = 1002 AND sum(a) = 500499 FROM dropped.t'],
  }),
  typeCase({
    item: 'every column dropped, and the rows still there',
    schema: 'dropped_all',
    setup: [
      'CREATE TABLE t (a int, b text); INSERT INTO t SELECT i FROM generate_series(1, 500) i',
      'ALTER TABLE t DROP COLUMN a, DROP COLUMN b',
    ],
    proof: ['SELECT count(*) = 500 FROM dropped_all.t'],
  }),
  typeCase({
    item: 'columns added with a default to rows that stood there',
    schema: 'added',
    setup: [
      'CREATE TABLE t (a int); INSERT INTO t SELECT generate_series(1, 1000)',
      `ALTER TABLE t ADD COLUMN b text DEFAULT E'fast \\\\N \\n default', ADD COLUMN c float8 NOT NULL DEFAULT '-0', ADD COLUMN d int[] DEFAULT '[0:1]={1,NULL}'`,
      `ALTER TABLE t ALTER COLUMN b SET DEFAULT 'another', ALTER COLUMN c DROP DEFAULT`,
      "ALTER TABLE t ADD COLUMN gone text DEFAULT repeat('x', 100), ADD COLUMN e timestamptz DEFAULT now()",
      'ALTER TABLE t DROP COLUMN gone',
      `INSERT INTO t (a, c) VALUES (0, 1)`,
    ],
    proof: [
      `SELECT count(DISTINCT b) = 2 AND count(DISTINCT e) <= 2 AND count(e) = 1001 FROM added.t`,
      String.raw`SELECT bool_and(float8send(c) = '\x8000000000000000') FROM added.t WHERE a > 0`,
    ],
  }),
  typeCase({
    item: 'columns named like system columns, like their table, like keywords',
    schema: 'column_names',
    setup: [
      `CREATE TABLE t (oid int, "CTID" int, "ctid " int, "Xmin" int, rowid int, t int, "*" int, "only" int, "select" int, "$1" int, "?column?" int, x int);
       INSERT INTO t SELECT i, i, i, i, i, i, i, i, i, i, i, i FROM generate_series(1, 10) i; CREATE TABLE x (x int, "X" int); INSERT INTO x VALUES (1, 2)`,
    ],
    proof: ['SELECT sum("ctid ") = 55 FROM column_names.t'],
  }),
  typeCase({
    item: 'many versions of rows: updated, deleted, locked, rolled back',
    schema: 'versions',
    setup: [
      `CREATE TABLE t (a int PRIMARY KEY, b text) WITH (fillfactor = 50, autovacuum_enabled = off); INSERT INTO t SELECT i, repeat('b', 200) FROM generate_series(1, 20000) i`,
      `UPDATE t SET b = 'new ' || a WHERE a % 3 = 0`,
      'DELETE FROM t WHERE a % 7 = 0',
      'BEGIN; UPDATE t SET b = NULL; DELETE FROM t WHERE a < 9000; ROLLBACK',
      'BEGIN; SAVEPOINT s; SELECT a FROM t FOR UPDATE; ROLLBACK TO s; SELECT a FROM t WHERE a < 100 FOR SHARE; COMMIT',
    ],
    proof: [
      `SELECT count(*) = 20000 - 2857 AND count(*) FILTER (WHERE b LIKE 'new %') = 5714 FROM versions.t`,
    ],
  }),
  typeCase({
    item: 'the same row many times',
    schema: 'duplicates',
    setup: [
      `CREATE TABLE t (a int, b text); INSERT INTO t SELECT 1, 'same' FROM generate_series(1, 12345); INSERT INTO t SELECT NULL, NULL FROM generate_series(1, 77)`,
    ],
    proof: ['SELECT count(*) = 12422 AND count(DISTINCT a) = 1 FROM duplicates.t'],
  }),
  typeCase({
    item: 'rows of partitions and children stay where they are',
    schema: 'places',
    setup: [
      `CREATE TABLE p (a int, b text, gone int) PARTITION BY LIST (a); CREATE TABLE p1 PARTITION OF p FOR VALUES IN (1); CREATE TABLE other (b text, a int);
       ALTER TABLE p DROP COLUMN gone; ALTER TABLE p ATTACH PARTITION other DEFAULT; INSERT INTO p VALUES (1, 'one'), (2, 'two'), (NULL, 'null');
       CREATE TABLE parent (a int); CREATE TABLE child () INHERITS (parent); INSERT INTO parent VALUES (1), (2); INSERT INTO child VALUES (1)`,
    ],
    proof: ['SELECT count(*) = 2 FROM places.other', 'SELECT count(*) = 2 FROM ONLY places.parent'],
  }),
];

export const tableShapeCases: readonly FidelityCase[] = cases.map((entry) => ({ ...entry, group: 'tables' }));

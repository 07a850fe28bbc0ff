/** Partitions and subpartitions of every kind. */
import type { FidelityCase } from '../../case.ts';
import { counts, objectCase, onMariadb, onMysql } from './object-case.ts';

export const partitionCases: readonly FidelityCase[] = [
  objectCase(
    'partitions by RANGE, of expressions, with MAXVALUE',
    [
      "CREATE TABLE t (id int NOT NULL, d date NOT NULL, PRIMARY KEY (id, d)) PARTITION BY RANGE (TO_DAYS(d)) (PARTITION p0 VALUES LESS THAN (0), PARTITION `p 1` VALUES LESS THAN (TO_DAYS('2020-01-01')), PARTITION pm VALUES LESS THAN MAXVALUE)",
      "INSERT INTO t VALUES (1, '1999-01-01'), (2, '2020-01-01'), (3, '2031-01-01')",
      'CREATE TABLE stamps (ts timestamp NOT NULL) PARTITION BY RANGE (UNIX_TIMESTAMP(ts)) (PARTITION a VALUES LESS THAN (1000000000), PARTITION b VALUES LESS THAN (2000000000))',
      "INSERT INTO stamps VALUES ('2001-01-01'), ('2020-01-01')",
    ],
    [counts('PARTITIONS', 5, "PARTITION_METHOD = 'RANGE'"), 'SELECT COUNT(*) = 1 FROM t PARTITION (`p 1`)'],
  ),
  objectCase(
    'partitions by RANGE COLUMNS, of several types',
    [
      "CREATE TABLE t (a int, b varchar(20), c date) PARTITION BY RANGE COLUMNS (a, b, c) (PARTITION p0 VALUES LESS THAN (1, 'm', '2020-01-01'), PARTITION p1 VALUES LESS THAN (10, 'it''s', '2021-01-01'), PARTITION p2 VALUES LESS THAN (MAXVALUE, MAXVALUE, MAXVALUE))",
      "INSERT INTO t VALUES (0, 'x', '2020-01-01'), (5, 'y', NULL), (NULL, NULL, NULL), (99, 'z', '2030-01-01')",
    ],
    ['SELECT COUNT(*) = 2 FROM t PARTITION (p0)'],
  ),
  objectCase(
    'partitions by LIST, with NULL',
    [
      'CREATE TABLE t (a int) PARTITION BY LIST (a) (PARTITION p0 VALUES IN (1, 3, NULL), PARTITION p1 VALUES IN (-2, 0))',
      'INSERT INTO t VALUES (1), (NULL), (-2)',
    ],
    ['SELECT COUNT(*) = 2 FROM t PARTITION (p0)'],
  ),
  objectCase(
    'partitions by LIST COLUMNS, with odd text',
    [
      "CREATE TABLE t (a varchar(30) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin, b int) PARTITION BY LIST COLUMNS (a, b) (PARTITION p0 VALUES IN (('it''s \"x\"', 1), ('é', 2)), PARTITION p1 VALUES IN (('back\\\\slash', 3), (NULL, NULL)))",
      "INSERT INTO t VALUES ('é', 2), (NULL, NULL), ('back\\\\slash', 3), ('it''s \"x\"', 1)",
    ],
    ['SELECT COUNT(*) = 2 FROM t PARTITION (p1)'],
  ),
  objectCase(
    'partitions by LIST with a default',
    [
      'CREATE TABLE t (a int) PARTITION BY LIST (a) (PARTITION p0 VALUES IN (1), PARTITION rest DEFAULT)',
      'INSERT INTO t VALUES (1), (2), (3)',
    ],
    ['SELECT COUNT(*) = 2 FROM t PARTITION (rest)'],
    { exists: onMariadb },
  ),
  objectCase(
    'partitions by HASH and LINEAR HASH',
    [
      'CREATE TABLE h (a int PRIMARY KEY, b int) PARTITION BY HASH (a DIV 2) PARTITIONS 5',
      'CREATE TABLE l (a int, d date) PARTITION BY LINEAR HASH (YEAR(d)) (PARTITION one, PARTITION two, PARTITION three)',
      'INSERT INTO h VALUES (1, 1), (2, 2), (-3, 3)',
      "INSERT INTO l VALUES (1, '2020-01-01'), (2, '2021-01-01')",
    ],
    [
      counts('PARTITIONS', 3, "PARTITION_METHOD = 'LINEAR HASH'"),
      counts('PARTITIONS', 5, "PARTITION_METHOD = 'HASH'"),
    ],
  ),
  objectCase(
    'partitions by KEY and LINEAR KEY',
    [
      'CREATE TABLE k (a varchar(20) PRIMARY KEY, b int) PARTITION BY KEY () PARTITIONS 3',
      'CREATE TABLE l (a varchar(20), b binary(4)) PARTITION BY LINEAR KEY (a, b) PARTITIONS 2',
      "INSERT INTO k VALUES ('x', 1), ('é', 2)",
      "INSERT INTO l VALUES ('x', x'00'), (NULL, NULL)",
    ],
    [
      counts('PARTITIONS', 3, "PARTITION_METHOD = 'KEY'"),
      counts('PARTITIONS', 2, "PARTITION_METHOD = 'LINEAR KEY'"),
    ],
  ),
  objectCase(
    'partitions by KEY with the old algorithm',
    [
      'CREATE TABLE k (a varchar(20) PRIMARY KEY, b int) PARTITION BY KEY ALGORITHM = 1 (a) PARTITIONS 3',
      "INSERT INTO k VALUES ('x', 1), ('é', 2)",
    ],
    [counts('PARTITIONS', 3, "PARTITION_METHOD = 'KEY'")],
  ),
  objectCase(
    'subpartitions, counted and named',
    [
      'CREATE TABLE counted (a int, d date) PARTITION BY RANGE (a) SUBPARTITION BY HASH (TO_DAYS(d)) SUBPARTITIONS 2 (PARTITION p0 VALUES LESS THAN (10), PARTITION p1 VALUES LESS THAN MAXVALUE)',
      "CREATE TABLE named (a int, k varchar(5)) PARTITION BY LIST (a) SUBPARTITION BY LINEAR KEY (k) (PARTITION p0 VALUES IN (1) (SUBPARTITION `s 0` COMMENT 'it''s first', SUBPARTITION s1), PARTITION p1 VALUES IN (2) (SUBPARTITION s2, SUBPARTITION s3))",
      "INSERT INTO counted VALUES (1, '2020-01-01'), (100, NULL)",
      "INSERT INTO named VALUES (1, 'x'), (2, NULL)",
    ],
    [
      counts('PARTITIONS', 8, 'SUBPARTITION_METHOD IS NOT NULL'),
      counts('PARTITIONS', 1, "SUBPARTITION_NAME = 's 0'"),
    ],
  ),
  objectCase(
    'partitions with options of their own',
    [
      "CREATE TABLE t (a int) COMMENT 'whole' PARTITION BY RANGE (a) (PARTITION p0 VALUES LESS THAN (10) COMMENT 'it''s, the \"first\"' MAX_ROWS = 100 MIN_ROWS = 1, PARTITION p1 VALUES LESS THAN (20) COMMENT = '', PARTITION p2 VALUES LESS THAN (30))",
      'INSERT INTO t VALUES (5), (15)',
    ],
    [counts('PARTITIONS', 1, "PARTITION_COMMENT LIKE 'it''s%'")],
  ),
  objectCase(
    'partitions of a table with generated and invisible columns',
    [
      'CREATE TABLE t (id int NOT NULL, y int AS (id DIV 10) STORED, h int DEFAULT 3 INVISIBLE, KEY (y)) PARTITION BY RANGE (y) (PARTITION p0 VALUES LESS THAN (1), PARTITION p1 VALUES LESS THAN MAXVALUE)',
      'INSERT INTO t (id) VALUES (5), (50)',
    ],
    ['SELECT COUNT(*) = 1 FROM t PARTITION (p1) WHERE h = 3'],
    { exists: (server) => onMysql(server) || onMariadb(server) },
  ),
];

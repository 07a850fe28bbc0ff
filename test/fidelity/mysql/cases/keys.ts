/** Primary keys of every shape, tables without one, AUTO_INCREMENT, invisible columns and keys. */
import type { FidelityCase } from '../../case.ts';
import { counts, objectCase, onMariadb, onMariadbSince, onMysql } from './object-case.ts';

const integerTypes = ['tinyint', 'smallint', 'mediumint', 'int', 'bigint'].flatMap((type) => [
  type,
  `${type} unsigned`,
]);

export const keyCases: readonly FidelityCase[] = [
  objectCase(
    'primary key of many columns and types, not in their order',
    [
      `CREATE TABLE t (a varchar(20) CHARACTER SET latin1 NOT NULL, b binary(4) NOT NULL, c decimal(10,3) NOT NULL,
       d datetime(6) NOT NULL, e bigint unsigned NOT NULL, f enum('x','y') NOT NULL, v text, PRIMARY KEY (d, f, a, e, b, c))`,
      `INSERT INTO t VALUES ('a', x'00010203', -1.5, '2020-01-01 00:00:00.000001', 18446744073709551615, 'y', 'one'),
       ('A ', x'ffffffff', 1.500, '1999-12-31 23:59:59.999999', 0, 'x', NULL), ('', x'00000000', 0, '2020-01-01', 5, 'x', '')`,
    ],
    [
      counts('STATISTICS', 6, "INDEX_NAME = 'PRIMARY'"),
      "SELECT COUNT(*) = 1 FROM t WHERE v = 'one' AND f = 'y'",
    ],
  ),
  objectCase(
    'primary key of 16 columns',
    [
      `CREATE TABLE t (${Array.from({ length: 16 }, (_, n) => `c${n} int NOT NULL`).join(', ')}, v int,
       PRIMARY KEY (${Array.from({ length: 16 }, (_, n) => `c${15 - n}`).join(', ')}))`,
      `INSERT INTO t VALUES (${Array.from({ length: 16 }, (_, n) => n).join(', ')}, 7)`,
    ],
    [counts('STATISTICS', 16, "INDEX_NAME = 'PRIMARY'"), 'SELECT v = 7 FROM t'],
  ),
  objectCase(
    'primary key descending, in part and whole',
    [
      'CREATE TABLE part (a int NOT NULL, b int NOT NULL, c varchar(9) NOT NULL, PRIMARY KEY (a DESC, b, c DESC))',
      "INSERT INTO part VALUES (1, 2, 'x'), (1, 1, 'y'), (2, 0, 'z')",
      'CREATE TABLE one (a bigint NOT NULL, PRIMARY KEY (a DESC))',
      'INSERT INTO one VALUES (1), (-1), (0)',
    ],
    [counts('STATISTICS', 3, "INDEX_NAME = 'PRIMARY' AND COLLATION = 'D'")],
    { exists: (server) => onMysql(server) || onMariadbSince(10, 8)(server) },
  ),
  objectCase(
    'primary key over prefixes of text and bytes',
    [
      'CREATE TABLE t (a text NOT NULL, b blob NOT NULL, c int, PRIMARY KEY (a(10), b(5)))',
      "INSERT INTO t VALUES (REPEAT('é', 5000), x'0102030405060708', 1), ('', '', 2), ('é', x'00', 3)",
    ],
    [counts('STATISTICS', 2, "INDEX_NAME = 'PRIMARY' AND SUB_PART IN (5, 10)"), 'SELECT COUNT(*) = 3 FROM t'],
  ),
  objectCase(
    'primary key of bytes',
    [
      'CREATE TABLE fixed (k binary(16) PRIMARY KEY, v int)',
      "INSERT INTO fixed VALUES (x'00000000000000000000000000000000', 1), (x'27', 2), (x'0d0a095c', 3), (x'ffffffffffffffffffffffffffffffff', 4)",
      'CREATE TABLE varied (k varbinary(255) PRIMARY KEY, v int)',
      "INSERT INTO varied VALUES ('', 0), (x'00', 1), (x'0000', 2), (x'5c27', 3), (x'ff', 4)",
    ],
    ["SELECT v = 2 FROM varied WHERE k = x'0000'", "SELECT v = 2 FROM fixed WHERE HEX(k) LIKE '2700%'"],
  ),
  objectCase(
    'primary key compared by collations',
    [
      'CREATE TABLE folded (k varchar(30) CHARACTER SET utf8mb4 COLLATE utf8mb4_unicode_ci PRIMARY KEY, v int)',
      "INSERT INTO folded VALUES ('ä', 1), ('B', 2), ('strasse', 3), ('', 4)",
      'CREATE TABLE exact (k varchar(30) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin PRIMARY KEY, v int)',
      "INSERT INTO exact VALUES ('a', 1), ('A', 2), ('á', 3), ('𝒳', 4)",
      'CREATE TABLE swedish (k char(10) CHARACTER SET latin1 COLLATE latin1_swedish_ci PRIMARY KEY, v int)',
      "INSERT INTO swedish VALUES ('å', 1), ('z', 2), ('ä', 3)",
    ],
    ['SELECT COUNT(*) = 4 FROM exact', "SELECT v = 1 FROM folded WHERE k = 'A'"],
  ),
  objectCase(
    'primary key of ENUM, SET, BIT, YEAR, TIME, DOUBLE, DATE',
    [
      `CREATE TABLE t (a enum('b','a') NOT NULL, s set('x','y','z') NOT NULL, i bit(9) NOT NULL, y year NOT NULL, h time(3) NOT NULL,
       f double NOT NULL, d date NOT NULL, PRIMARY KEY (a, s, i, y, h, f, d))`,
      "INSERT INTO t VALUES ('a', 'x,z', b'100000001', 2155, '-838:59:59.000', 0.1, '1000-01-01'), ('b', '', b'0', 1901, '00:00:00.001', 1e300, '9999-12-31')",
    ],
    ['SELECT COUNT(*) = 1 FROM t WHERE f = 0.1 AND i = 257'],
  ),
  objectCase(
    'primary key over a stored generated column',
    [
      'CREATE TABLE t (a int NOT NULL, b int AS (a * 2) STORED NOT NULL PRIMARY KEY)',
      'INSERT INTO t (a) VALUES (3), (1)',
    ],
    ['SELECT SUM(b) = 8 FROM t', counts('COLUMNS', 1, "COLUMN_KEY = 'PRI' AND COLUMN_NAME = 'b'")],
    { exists: onMysql },
  ),
  objectCase(
    'no primary key: unique over nullable columns',
    [
      'CREATE TABLE t (a int, b varchar(5), v int, UNIQUE KEY u (a, b))',
      "INSERT INTO t VALUES (1, 'a', 1), (NULL, 'a', 2), (NULL, 'a', 2), (1, NULL, 3), (NULL, NULL, 4), (NULL, NULL, 4)",
    ],
    [
      'SELECT COUNT(*) = 6 AND COUNT(a) = 2 FROM t',
      counts('TABLE_CONSTRAINTS', 1, "CONSTRAINT_TYPE = 'UNIQUE'"),
    ],
  ),
  objectCase(
    'no primary key: unique over columns that are never null',
    ['CREATE TABLE t (v int, k char(3) NOT NULL, UNIQUE KEY (k))', "INSERT INTO t VALUES (1, 'b'), (2, 'a')"],
    ['SELECT COUNT(*) = 2 FROM t', counts('TABLE_CONSTRAINTS', 0, "CONSTRAINT_TYPE = 'PRIMARY KEY'")],
  ),
  objectCase(
    'no key at all, rows that are equal',
    [
      'CREATE TABLE t (a int, b text)',
      "INSERT INTO t VALUES (1, 'x'), (1, 'x'), (1, 'x'), (NULL, NULL), (NULL, NULL)",
    ],
    ['SELECT COUNT(*) = 5 FROM t', counts('STATISTICS', 0)],
  ),
  objectCase(
    'AUTO_INCREMENT position beyond the data',
    [
      'CREATE TABLE raised (id int AUTO_INCREMENT PRIMARY KEY) AUTO_INCREMENT = 1000000',
      'INSERT INTO raised VALUES (5)',
      'CREATE TABLE emptied (id int AUTO_INCREMENT PRIMARY KEY, v int)',
      'INSERT INTO emptied (v) VALUES (1), (2), (3)',
      'DELETE FROM emptied',
      'CREATE TABLE never (id bigint unsigned AUTO_INCREMENT PRIMARY KEY) AUTO_INCREMENT = 18446744073709551610',
    ],
    [
      "SELECT COUNT(*) = 1 FROM information_schema.TABLES WHERE TABLE_SCHEMA = DATABASE() AND TABLE_NAME = 'raised'",
      'SELECT COUNT(*) = 0 FROM emptied',
    ],
  ),
  objectCase(
    'AUTO_INCREMENT of every integer type, used up',
    integerTypes.flatMap((type, n) => {
      const bits = 2n ** BigInt([8, 16, 24, 32, 64][n >> 1] ?? 8);
      const most = type.endsWith('unsigned') ? bits - 1n : bits / 2n - 1n;
      // InnoDB cannot hand out the greatest of BIGINT UNSIGNED.
      const last = type === 'bigint unsigned' ? most - 1n : most;
      return [
        `CREATE TABLE t${n} (id ${type} AUTO_INCREMENT PRIMARY KEY)`,
        `INSERT INTO t${n} VALUES (${last}), (1)`,
      ];
    }),
    ['SELECT COUNT(*) = 1 FROM t9 WHERE id = 18446744073709551614', 'SELECT MAX(id) = 127 FROM t0'],
  ),
  objectCase(
    'AUTO_INCREMENT on a column that is not first in the key',
    [
      'CREATE TABLE t (a int NOT NULL, id int NOT NULL AUTO_INCREMENT, PRIMARY KEY (a, id), KEY own (id))',
      'INSERT INTO t (a) VALUES (2), (1), (2)',
      'CREATE TABLE secondary (k varchar(9) PRIMARY KEY, id int NOT NULL AUTO_INCREMENT, UNIQUE KEY (id)) AUTO_INCREMENT = 50',
      "INSERT INTO secondary (k) VALUES ('z'), ('a')",
      'CREATE TABLE keyless (v int, id int AUTO_INCREMENT, KEY (id))',
      'INSERT INTO keyless (v) VALUES (9), (8)',
    ],
    ['SELECT MAX(id) = 51 FROM secondary', counts('COLUMNS', 3, "EXTRA LIKE '%auto_increment%'")],
  ),
  objectCase(
    'AUTO_INCREMENT with the value 0 and negative values',
    [
      "SET SESSION sql_mode = 'NO_AUTO_VALUE_ON_ZERO'",
      'CREATE TABLE t (id int AUTO_INCREMENT PRIMARY KEY, v int)',
      'INSERT INTO t VALUES (0, 1), (-5, 2), (-2147483648, 3), (7, 4)',
    ],
    ['SELECT v = 1 FROM t WHERE id = 0', 'SELECT COUNT(*) = 2 FROM t WHERE id < 0'],
  ),
  objectCase(
    'AUTO_INCREMENT of a float column',
    ['CREATE TABLE t (id double AUTO_INCREMENT PRIMARY KEY)', 'INSERT INTO t VALUES (NULL), (1.5), (NULL)'],
    ['SELECT COUNT(*) = 3 FROM t'],
    { exists: onMariadb },
  ),
  objectCase(
    'AUTO_INCREMENT of a partitioned table',
    [
      'CREATE TABLE t (id int NOT NULL AUTO_INCREMENT PRIMARY KEY) AUTO_INCREMENT = 100 PARTITION BY HASH (id) PARTITIONS 3',
      'INSERT INTO t VALUES (), (), ()',
    ],
    ['SELECT MIN(id) = 100 FROM t'],
  ),
  objectCase(
    'invisible columns: first, last, between, with default, computed',
    [
      `CREATE TABLE t (i1 int DEFAULT 1 INVISIBLE, a int, i2 varchar(9) INVISIBLE, b int, g int AS (a + 1) VIRTUAL INVISIBLE,
       i3 timestamp(3) NULL DEFAULT CURRENT_TIMESTAMP(3) INVISIBLE)`,
      "INSERT INTO t (i1, a, i2, b, i3) VALUES (5, 1, 'hidden', 2, '2020-02-02 02:02:02.222'), (NULL, 2, NULL, 3, NULL)",
      'INSERT INTO t VALUES (10, 20)',
    ],
    [
      "SELECT COUNT(*) = 1 FROM t WHERE i1 = 5 AND i2 = 'hidden' AND g = 2",
      counts('COLUMNS', 4, "EXTRA LIKE '%INVISIBLE%'"),
    ],
  ),
  objectCase(
    'invisible column as primary key',
    [
      'CREATE TABLE t (a int, id int NOT NULL AUTO_INCREMENT INVISIBLE PRIMARY KEY) AUTO_INCREMENT = 9',
      'INSERT INTO t VALUES (1), (2)',
    ],
    ['SELECT MAX(id) = 10 FROM t', counts('COLUMNS', 1, "EXTRA LIKE '%INVISIBLE%' AND COLUMN_KEY = 'PRI'")],
  ),
  objectCase(
    'generated invisible primary keys',
    [
      'SET SESSION sql_generate_invisible_primary_key = ON',
      'CREATE TABLE t (a int, b varchar(5))',
      "INSERT INTO t VALUES (1, 'x'), (1, 'x')",
      'INSERT INTO t (my_row_id, a) VALUES (70, 3)',
      'DELETE FROM t WHERE my_row_id = 70',
      'CREATE TABLE shown (a int)',
      'ALTER TABLE shown ALTER COLUMN my_row_id SET VISIBLE',
      'INSERT INTO shown (a) VALUES (4)',
      'CREATE TABLE nothing (a int)',
    ],
    [counts('COLUMNS', 3, "COLUMN_NAME = 'my_row_id'"), 'SELECT MAX(my_row_id) = 2 FROM t'],
    { exists: onMysql },
  ),
];

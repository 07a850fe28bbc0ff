/** Tables of unusual shape. */
import type { FidelityCase } from '../../case.ts';

const group = 'shapes';
const MiB = 1024 * 1024;
/** InnoDB's limit. */
const most = 1017;

export const shapeCases: readonly FidelityCase[] = [
  {
    group,
    item: 'a database with nothing in it',
    database: 'w_empty',
    createDatabase: 'CREATE DATABASE w_empty CHARACTER SET koi8r COLLATE koi8r_bin',
    setup: [],
    proof: [
      "SELECT DEFAULT_COLLATION_NAME = 'koi8r_bin' FROM information_schema.SCHEMATA WHERE SCHEMA_NAME = 'w_empty'",
    ],
  },
  {
    group,
    item: 'a table with no rows',
    database: 'w_no_rows',
    setup: [
      'CREATE TABLE t (a INT AUTO_INCREMENT PRIMARY KEY, b TEXT) AUTO_INCREMENT = 77; CREATE TABLE u (a INT)',
    ],
    proof: ['SELECT COUNT(*) = 0 FROM t'],
  },
  {
    group,
    item: 'a table of generated columns alone',
    database: 'w_generated',
    setup: [
      "CREATE TABLE t (a INT AS (1 + 1) VIRTUAL, b VARCHAR(9) AS (REPEAT('x', 3)) STORED)",
      'INSERT INTO t () VALUES (), (), ()',
    ],
    proof: ["SELECT COUNT(*) = 3 FROM t WHERE a = 2 AND b = 'xxx'"],
  },
  {
    group,
    item: 'a table of 1,017 columns',
    database: 'w_columns',
    setup: [
      `CREATE TABLE t (${Array.from({ length: most }, (_, index) => `c${index} ${['SMALLINT', 'CHAR(1)', 'TINYINT UNSIGNED', 'VARCHAR(3)', 'DATE'][index % 5]}`).join(', ')})`,
      `INSERT INTO t VALUES (${Array.from({ length: most }, (_, index) => [index, "'x'", index % 256, `'\\n\\t'`, "'2026-11-20'"][index % 5]).join(', ')}), (${Array.from({ length: most }, () => 'NULL').join(', ')})`,
    ],
    proof: [
      "SELECT COUNT(*) = 1017 FROM information_schema.COLUMNS WHERE TABLE_SCHEMA = 'w_columns'",
      'SELECT COUNT(*) = 2 FROM t',
    ],
  },
  {
    group,
    item: 'no primary key, rows that are equal',
    database: 'w_equal_rows',
    setup: [
      'CREATE TABLE t (a INT, b VARCHAR(9)); CREATE TABLE one (a INT)',
      "INSERT INTO t VALUES (1, 'x'), (1, 'x'), (1, 'x'), (NULL, NULL), (NULL, NULL), (2, ''); INSERT INTO one VALUES (NULL), (NULL), (0), (0)",
    ],
    proof: ['SELECT COUNT(*) = 6 FROM t', 'SELECT COUNT(DISTINCT a) = 2 FROM t'],
  },
  {
    group,
    item: 'rows wider than a packet',
    database: 'w_wide_rows',
    setup: [
      'CREATE TABLE t (n INT PRIMARY KEY, a LONGBLOB, b LONGTEXT, c LONGBLOB, d MEDIUMBLOB)',
      `INSERT INTO t VALUES (1, REPEAT(x'00', ${12 * MiB}), NULL, NULL, REPEAT('z', ${16 * MiB - 5}))`,
      `UPDATE t SET b = REPEAT('é', ${7 * MiB}) WHERE n = 1`,
      `UPDATE t SET c = REPEAT(x'0A5C', ${7 * MiB}) WHERE n = 1`,
      "INSERT INTO t VALUES (2, '', '', '', '')",
    ],
    proof: [
      `SELECT OCTET_LENGTH(a) + OCTET_LENGTH(b) + OCTET_LENGTH(c) + OCTET_LENGTH(d) > ${48 * MiB} FROM t WHERE n = 1`,
    ],
  },
];

/** Generated columns, defaults, checks and what else a column is declared with. */
import type { FidelityCase } from '../../case.ts';
import { counts, objectCase, onMariadb, onMysql } from './object-case.ts';

const oddText = `it''s "quoted" \`ticked\` 100% \\\\ back, tab\\t and newline\\n; -- no comment /* nor this */ 𝒳é`;

export const columnCases: readonly FidelityCase[] = [
  objectCase(
    'generated columns, virtual and stored',
    [
      `CREATE TABLE t (a int, b varchar(20), v int AS (a + 1) VIRTUAL, s varchar(60) GENERATED ALWAYS AS (CONCAT(b, '-', 'it''s')) STORED,
       j int AS (LENGTH(b)), d decimal(20,6) AS (a / 3) STORED COMMENT 'a third''s')`,
      "INSERT INTO t (a, b) VALUES (1, 'x'), (NULL, NULL), (-7, 'ü')",
    ],
    [
      "SELECT COUNT(*) = 1 FROM t WHERE v = 2 AND s = 'x-it''s'",
      counts('COLUMNS', 4, "GENERATION_EXPRESSION <> ''"),
    ],
  ),
  objectCase(
    'generated columns that are indexed',
    [
      `CREATE TABLE t (a int PRIMARY KEY, b varchar(20), v int AS (a * 2) VIRTUAL, s varchar(20) AS (UPPER(b)) STORED,
       KEY (v), UNIQUE KEY (s, v), KEY mixed (b, v))`,
      "INSERT INTO t (a, b) VALUES (1, 'x'), (2, NULL), (3, 'y')",
    ],
    ["SELECT a = 3 FROM t WHERE s = 'Y' AND v = 6", counts('STATISTICS', 6)],
  ),
  objectCase(
    'generated columns that depend on each other, and stand before what they read',
    [
      `CREATE TABLE t (first int AS (a + 1) STORED, second int AS (first * 2) VIRTUAL, third int AS (second - first) STORED, a int, KEY (third))`,
      'INSERT INTO t (a) VALUES (10), (NULL)',
    ],
    ['SELECT third = 11 FROM t WHERE a = 10'],
  ),
  objectCase(
    'generated columns only, beside one',
    [
      'CREATE TABLE t (a int AS (1) STORED, b int AS (2) VIRTUAL, c int)',
      'INSERT INTO t (c) VALUES (3), (3), (4)',
    ],
    ['SELECT SUM(a + b + c) = 19 FROM t'],
  ),
  objectCase(
    'generated columns with text in other character sets',
    [
      `CREATE TABLE t (a varchar(20) CHARACTER SET latin1, v varchar(40) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin AS (CONCAT(a, 'é', _latin1 x'e9')) STORED,
       j varchar(20) AS (JSON_UNQUOTE(JSON_EXTRACT(doc, '$.a."b c"'))) VIRTUAL, doc json)`,
      `INSERT INTO t (a, doc) VALUES ('ñ', '{"a": {"b c": "found"}}'), (NULL, NULL)`,
    ],
    ["SELECT COUNT(*) = 1 FROM t WHERE j = 'found' AND v LIKE 'ñé%'"],
  ),
  objectCase(
    'default values: text with quotes, bytes, bits, numbers, NULL',
    [
      `CREATE TABLE t (id int PRIMARY KEY, a varchar(200) DEFAULT '${oddText}', b varbinary(9) DEFAULT x'00ff27', c bit(5) DEFAULT b'10101',
       d decimal(9,4) NOT NULL DEFAULT -1.5, e double DEFAULT 1e-300, f int DEFAULT NULL, g char(0) NOT NULL DEFAULT '', h enum('a','b''c') DEFAULT 'b''c',
       i set('x','y') DEFAULT 'y,x', j date DEFAULT '2020-02-29', k time(6) DEFAULT '-12:34:56.789012', l int NOT NULL)`,
      'INSERT INTO t (id, l) VALUES (1, 1)',
    ],
    ["SELECT h = 'b''c' AND HEX(b) = '00FF27' FROM t"],
  ),
  objectCase(
    'default values: the present, with fractions, and ON UPDATE',
    [
      `CREATE TABLE t (id int PRIMARY KEY, a timestamp NOT NULL DEFAULT CURRENT_TIMESTAMP ON UPDATE CURRENT_TIMESTAMP, b datetime(6) DEFAULT NOW(6) ON UPDATE NOW(6),
       c timestamp(3) NULL DEFAULT NULL ON UPDATE CURRENT_TIMESTAMP(3), d datetime DEFAULT CURRENT_TIMESTAMP, e timestamp NULL)`,
      "INSERT INTO t VALUES (1, '2001-01-01', '2002-02-02 02:02:02.020202', NULL, '2004-04-04', NULL)",
    ],
    [
      "SELECT COUNT(*) = 1 FROM t WHERE b = '2002-02-02 02:02:02.020202' AND c IS NULL",
      counts('COLUMNS', 3, "EXTRA LIKE '%on update%'"),
    ],
  ),
  objectCase(
    'default values: expressions, of other columns, of TEXT and JSON',
    [
      `CREATE TABLE t (id int PRIMARY KEY, u varchar(36) DEFAULT (UUID()), n int DEFAULT (1 + 2 * 3), x text DEFAULT (CONCAT('it''s', CHAR(10))),
       j json DEFAULT (JSON_ARRAY(1, 'two')), o int DEFAULT (id * 2), p blob DEFAULT (UNHEX('00FF')), d date DEFAULT (CURRENT_DATE + INTERVAL 1 YEAR))`,
      'INSERT INTO t (id) VALUES (4)',
    ],
    ['SELECT n = 7 AND o = 8 AND LENGTH(u) = 36 FROM t'],
  ),
  objectCase(
    'default values: dates of zero',
    [
      "SET SESSION sql_mode = ''",
      `CREATE TABLE t (id int PRIMARY KEY, a date NOT NULL DEFAULT '0000-00-00', b datetime NOT NULL DEFAULT '0000-00-00 00:00:00', c timestamp NOT NULL DEFAULT '0000-00-00 00:00:00', d date DEFAULT '2020-00-31')`,
      'INSERT INTO t (id) VALUES (1)',
    ],
    ["SELECT COUNT(*) = 1 FROM t WHERE CAST(a AS CHAR) = '0000-00-00' AND DAY(d) = 31"],
  ),
  objectCase(
    'checks: of the table, named and unnamed, with odd text',
    [
      `CREATE TABLE t (a int, b varchar(20), CONSTRAINT \`odd "name" it's\` CHECK (a > 0 AND b <> 'it''s "x" \`y\`'), CHECK (b LIKE '%\\\\%' OR a BETWEEN 1 AND 10), CHECK (a IN (1, 2, 3)))`,
      "INSERT INTO t VALUES (1, 'x'), (NULL, NULL)",
    ],
    [counts('CHECK_CONSTRAINTS', 3)],
  ),
  objectCase(
    'checks: of a column',
    [
      'CREATE TABLE t (a int CHECK (a < 10), b int NOT NULL DEFAULT 5 CHECK (b > 0), c json CHECK (JSON_LENGTH(c) < 3))',
      "INSERT INTO t VALUES (1, 1, '[1,2]')",
    ],
    [`SELECT COUNT(*) >= 3 FROM information_schema.CHECK_CONSTRAINTS WHERE CONSTRAINT_SCHEMA = DATABASE()`],
  ),
  objectCase(
    'checks: NOT ENFORCED, with rows that break them',
    [
      'CREATE TABLE t (a int, CONSTRAINT loose CHECK (a > 100) NOT ENFORCED, CONSTRAINT tight CHECK (a > 0))',
      'INSERT INTO t VALUES (5)',
    ],
    [counts('TABLE_CONSTRAINTS', 1, "ENFORCED = 'NO'"), 'SELECT a = 5 FROM t'],
    { exists: onMysql },
  ),
  objectCase(
    'checks: rows that break an enforced one',
    [
      'CREATE TABLE t (a int CHECK (a > 0), b int, CONSTRAINT c CHECK (b > a))',
      'SET SESSION check_constraint_checks = 0',
      'INSERT INTO t VALUES (-5, -10), (1, 2)',
    ],
    ['SELECT COUNT(*) = 1 FROM t WHERE a = -5 AND b = -10'],
    { exists: onMariadb },
  ),
  objectCase(
    'column comments with quotes, line breaks and all planes',
    [
      `CREATE TABLE t (a int COMMENT '${oddText}', b int COMMENT '', c int COMMENT '${'é'.repeat(1024)}', \`d\` int COMMENT 'ends in a backslash \\\\')`,
      'INSERT INTO t VALUES (1, 2, 3, 4)',
    ],
    [
      counts('COLUMNS', 1, 'CHAR_LENGTH(COLUMN_COMMENT) = 1024'),
      counts('COLUMNS', 1, "COLUMN_COMMENT LIKE 'it''s%newline%'"),
    ],
  ),
  objectCase(
    'columns that were added, dropped and moved without a copy',
    [
      'CREATE TABLE t (a int PRIMARY KEY, b int, c int)',
      'INSERT INTO t VALUES (1, 2, 3)',
      "ALTER TABLE t ADD COLUMN d varchar(9) DEFAULT 'instant' AFTER a, ALGORITHM = INSTANT",
      'ALTER TABLE t DROP COLUMN b, ALGORITHM = INSTANT',
      "INSERT INTO t VALUES (2, 'new', 4)",
    ],
    ["SELECT COUNT(*) = 1 FROM t WHERE d = 'instant' AND c = 3"],
  ),
  objectCase(
    'columns of one table in eight character sets',
    [
      `CREATE TABLE t (id int PRIMARY KEY, ${[
        'latin1',
        'utf8mb3',
        'utf8mb4',
        'ucs2',
        'utf16',
        'utf32',
        'sjis',
        'binary',
      ]
        .map((charset) => `c_${charset} varchar(20) CHARACTER SET ${charset}`)
        .join(', ')}) CHARACTER SET koi8r`,
      "INSERT INTO t VALUES (1, 'é', 'é', '𝒳', 'é', '𝒳', '𝒳', '表', 'x')",
    ],
    ["SELECT HEX(c_sjis) = '955C' FROM t"],
  ),
  objectCase(
    'compressed columns',
    [
      "CREATE TABLE t (a int PRIMARY KEY, b blob COMPRESSED, c varchar(1000) COMPRESSED=zlib DEFAULT '')",
      "INSERT INTO t VALUES (1, REPEAT('x', 10000), REPEAT('y', 900)), (2, NULL, 'z')",
    ],
    ['SELECT LENGTH(b) = 10000 AND LENGTH(c) = 900 FROM t WHERE a = 1'],
    { exists: onMariadb },
  ),
  objectCase(
    'column storage, format and engine attributes',
    [
      `CREATE TABLE t (a int COLUMN_FORMAT FIXED, b int COLUMN_FORMAT DYNAMIC, c int SECONDARY_ENGINE_ATTRIBUTE '{"x": "it''s"}', d int NOT SECONDARY)`,
      'INSERT INTO t VALUES (1, 2, 3, 4)',
    ],
    [counts('COLUMNS_EXTENSIONS', 1, 'SECONDARY_ENGINE_ATTRIBUTE IS NOT NULL')],
    { exists: onMysql },
  ),
];

/** Row formats, compression, statistics, comments: what follows the columns of a table. */
import type { FidelityCase } from '../../case.ts';
import { counts, objectCase, onMariadb, onMysql } from './object-case.ts';

export const tableOptionCases: readonly FidelityCase[] = [
  objectCase(
    'row formats',
    ['REDUNDANT', 'COMPACT', 'DYNAMIC', 'COMPRESSED', 'DEFAULT'].map(
      (format) =>
        `CREATE TABLE f_${format} (a int PRIMARY KEY, b text) ROW_FORMAT = ${format}; INSERT INTO f_${format} VALUES (1, REPEAT('x', 9000))`,
    ),
    [
      counts('TABLES', 1, "ROW_FORMAT = 'Redundant'"),
      counts('TABLES', 1, "ROW_FORMAT = 'Compressed'"),
      counts('TABLES', 1, "ROW_FORMAT = 'Compact'"),
    ],
  ),
  objectCase(
    'KEY_BLOCK_SIZE',
    [
      'CREATE TABLE a (a int PRIMARY KEY, b text) ROW_FORMAT = COMPRESSED KEY_BLOCK_SIZE = 4',
      'CREATE TABLE b (a int PRIMARY KEY, b text) KEY_BLOCK_SIZE = 8',
      "INSERT INTO a VALUES (1, 'x')",
    ],
    [
      counts(
        'TABLES',
        1,
        "CREATE_OPTIONS LIKE '%key_block_size=4%' OR CREATE_OPTIONS LIKE '%KEY_BLOCK_SIZE=4%'",
      ),
    ],
  ),
  objectCase(
    'page compression',
    [
      'CREATE TABLE a (a int PRIMARY KEY, b text) PAGE_COMPRESSED = 1 PAGE_COMPRESSION_LEVEL = 3',
      "INSERT INTO a VALUES (1, REPEAT('x', 50000))",
    ],
    [counts('TABLES', 1, "CREATE_OPTIONS LIKE '%PAGE_COMPRESSED%'")],
    { exists: onMariadb },
  ),
  objectCase(
    'COMPRESSION and ENCRYPTION',
    [
      "CREATE TABLE a (a int PRIMARY KEY, b text) COMPRESSION = 'zlib'",
      "CREATE TABLE b (a int PRIMARY KEY) COMPRESSION = 'none' ENCRYPTION = 'N'",
      "INSERT INTO a VALUES (1, REPEAT('x', 50000))",
    ],
    [counts('TABLES', 1, 'CREATE_OPTIONS LIKE \'%COMPRESSION="zlib"%\'')],
    { exists: onMysql },
  ),
  objectCase(
    'encryption declared off, and options the engine does not know',
    [
      'CREATE TABLE a (a int PRIMARY KEY) ENCRYPTED = NO',
      "SET SESSION sql_mode = 'IGNORE_BAD_TABLE_OPTIONS'; CREATE TABLE b (a int PRIMARY KEY unknown_one = 5, KEY (a) odd_thing = 'it''s') made_up = 'value'",
      'CREATE TABLE c (a int) TRANSACTIONAL = 1',
    ],
    [counts('TABLES', 1, "CREATE_OPTIONS LIKE '%made_up%'")],
    { exists: onMariadb },
  ),
  objectCase(
    'options of statistics and size',
    [
      'CREATE TABLE a (a int PRIMARY KEY) STATS_PERSISTENT = 0 STATS_AUTO_RECALC = 1 STATS_SAMPLE_PAGES = 33 AVG_ROW_LENGTH = 100 MAX_ROWS = 5000 MIN_ROWS = 10 CHECKSUM = 1 DELAY_KEY_WRITE = 1 PACK_KEYS = 1',
      'CREATE TABLE b (a int) STATS_PERSISTENT = 1 STATS_AUTO_RECALC = 0',
      'INSERT INTO a VALUES (1)',
    ],
    [counts('TABLES', 1, "CREATE_OPTIONS LIKE '%stats_sample_pages=33%'")],
  ),
  objectCase(
    'AUTOEXTEND_SIZE and secondary attributes',
    [
      `CREATE TABLE a (a int PRIMARY KEY) AUTOEXTEND_SIZE = 4194304 SECONDARY_ENGINE_ATTRIBUTE = '{"a": "it''s"}'`,
      'INSERT INTO a VALUES (1)',
    ],
    ["SELECT AUTOEXTEND_SIZE = 4194304 FROM information_schema.INNODB_TABLESPACES WHERE NAME = '{db}/a'"],
    { exists: onMysql },
  ),
  objectCase(
    'comments of tables with quotes, line breaks and all planes',
    [
      "CREATE TABLE a (a int) COMMENT = 'it''s \"quoted\" `ticked` \\\\ 100%\\n; -- $$ /* */ 𝒳é'",
      `CREATE TABLE b (a int) COMMENT = '${'é'.repeat(2048)}'`,
      "CREATE TABLE c (a int) COMMENT = 'ends in \\\\'",
      "SET SESSION sql_mode = 'NO_BACKSLASH_ESCAPES'; CREATE TABLE d (a int COMMENT 'b \\' , b varchar(9) DEFAULT '\\') COMMENT = 'ends in \\'",
      'INSERT INTO d (a) VALUES (1)',
    ],
    [
      counts('TABLES', 1, 'CHAR_LENGTH(TABLE_COMMENT) = 2048'),
      counts('TABLES', 2, "TABLE_COMMENT LIKE 'ends in %'"),
      counts('TABLES', 1, "TABLE_COMMENT LIKE 'it''s%é'"),
    ],
  ),
  objectCase(
    'default character sets and collations of tables',
    [
      'CREATE TABLE a (a varchar(9)) CHARACTER SET latin1',
      'CREATE TABLE b (a varchar(9), b varchar(9) COLLATE utf8mb4_bin) COLLATE utf8mb4_general_ci',
      'CREATE TABLE c (a varchar(9)) CHARACTER SET utf8mb3',
      'CREATE TABLE d (a varchar(9)) CHARACTER SET binary',
      "INSERT INTO a VALUES ('é')",
    ],
    [
      counts('TABLES', 1, "TABLE_COLLATION = 'binary'"),
      counts('TABLES', 1, "TABLE_COLLATION = 'latin1_swedish_ci'"),
    ],
  ),
  objectCase(
    'tables of the BLACKHOLE engine',
    [
      "CREATE TABLE t (a int, b varchar(9), KEY (a)) ENGINE = BLACKHOLE COMMENT 'no rows'",
      'INSERT INTO t VALUES (1, 2)',
    ],
    [counts('TABLES', 1, "ENGINE = 'BLACKHOLE'")],
    { exists: onMysql },
  ),
  objectCase(
    'tables beside temporary ones of the same name',
    [
      'CREATE TABLE t (a int); INSERT INTO t VALUES (1)',
      'CREATE TEMPORARY TABLE t (b text); INSERT INTO t VALUES (2); CREATE TEMPORARY TABLE only_here (a int)',
    ],
    ['SELECT a = 1 FROM t', counts('TABLES', 1)],
  ),
];

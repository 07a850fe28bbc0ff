/** Texts and bytes of every size, padding and trailing spaces, members of ENUM and SET. */
import type { FidelityCase } from '../../case.ts';

const group = 'types';

/** All 256 bytes in order, as a hexadecimal literal. */
const everyByte = `x'${Array.from({ length: 256 }, (_, byte) => byte.toString(16).padStart(2, '0')).join('')}'`;

const MiB = 1024 * 1024;

/** One value of this many bytes, which holds every byte; and one of text. */
function sized(item: string, database: string, blob: string, text: string, bytes: number): FidelityCase {
  return {
    group,
    item,
    database,
    setup: [
      `CREATE TABLE b (n INT PRIMARY KEY, v ${blob}); CREATE TABLE t (n INT PRIMARY KEY, v ${text} CHARACTER SET latin1)`,
      `INSERT INTO b VALUES (1, SUBSTR(REPEAT(${everyByte}, ${Math.ceil(bytes / 256)}), 1, ${bytes})), (2, ''), (3, NULL)`,
      `INSERT INTO t VALUES (1, SUBSTR(REPEAT('text with a tab\\t, a line\\n, a \\\\ and \\'quotes\\" ', ${Math.ceil(bytes / 40)}), 1, ${bytes})), (2, ''), (3, NULL)`,
    ],
    proof: [
      `SELECT OCTET_LENGTH(v) = ${bytes} FROM b WHERE n = 1`,
      `SELECT OCTET_LENGTH(v) = ${bytes} FROM t WHERE n = 1`,
    ],
  };
}

const sizes: FidelityCase[] = [
  sized('TINYBLOB and TINYTEXT, full', 's_tiny', 'TINYBLOB', 'TINYTEXT', 255),
  sized('BLOB and TEXT, full', 's_blob', 'BLOB', 'TEXT', 65_535),
  sized('MEDIUMBLOB and MEDIUMTEXT, full', 's_medium', 'MEDIUMBLOB', 'MEDIUMTEXT', 16 * MiB - 1),
  sized('LONGBLOB and LONGTEXT of 16 MiB', 's_long16', 'LONGBLOB', 'LONGTEXT', 16 * MiB),
  {
    group,
    item: 'LONGBLOB of 200 MiB in one value',
    database: 's_blob200',
    setup: [
      'CREATE TABLE b (n INT PRIMARY KEY, v LONGBLOB)',
      `INSERT INTO b VALUES (1, REPEAT(${everyByte}, ${(200 * MiB) / 256}))`,
    ],
    proof: [`SELECT OCTET_LENGTH(v) = ${200 * MiB} FROM b`],
  },
  {
    group,
    item: 'LONGTEXT of 200 MiB in one value',
    database: 's_text200',
    setup: [
      'CREATE TABLE t (n INT PRIMARY KEY, v LONGTEXT CHARACTER SET utf8mb4)',
      `INSERT INTO t VALUES (1, REPEAT('漢é\\t\\\\', ${(200 * MiB) / 8})), (2, REPEAT('漢', 3))`,
    ],
    proof: [`SELECT OCTET_LENGTH(v) > ${170 * MiB} FROM t WHERE n = 1`],
  },
  {
    group,
    item: 'VARCHAR and VARBINARY as long as a row allows',
    database: 's_longest',
    setup: [
      `CREATE TABLE v (v VARCHAR(65532) CHARACTER SET latin1); CREATE TABLE b (v VARBINARY(65532));
       CREATE TABLE u (v VARCHAR(16383) CHARACTER SET utf8mb4)`,
      `INSERT INTO v VALUES (REPEAT('x', 65532)), (''), (NULL); INSERT INTO b VALUES (SUBSTR(REPEAT(${everyByte}, 256), 1, 65532)), ('');
       INSERT INTO u VALUES (REPEAT('😀', 16383))`,
    ],
    proof: ['SELECT MAX(OCTET_LENGTH(v)) = 65532 FROM b', 'SELECT MAX(OCTET_LENGTH(v)) = 65532 FROM u'],
  },
];

const spaces: FidelityCase[] = [
  {
    group,
    item: 'BINARY padding, BINARY and VARBINARY keys with NUL, tab, newline, backslash',
    database: 's_binary',
    setup: [
      'CREATE TABLE b (k BINARY(4) PRIMARY KEY, v BINARY(8), w VARBINARY(8), UNIQUE KEY (w))',
      `INSERT INTO b VALUES ('', '', ''), ('a', 'a', 'a'), (x'61000001', x'6100', x'6100'), (x'09', x'09', x'09'), (x'0A', x'0A5C', x'0A5C'),
       (x'5C4E', x'5C4E', x'5C4E'), (x'FFFFFFFF', x'0000000000000000', x'0000000000000000'), (x'20', x'20', x'20'), (x'2020', NULL, NULL), (x'5C', x'5C5C', x'5C5C')`,
      'CREATE TABLE k (k VARBINARY(300) PRIMARY KEY, v BLOB)',
      // More than one chunk, cut at keys of any bytes.
      `INSERT INTO k SELECT UNHEX(CONCAT(SHA2(n, 512), SHA2(n + 9, 512), SHA2(n + 7, 512))), UNHEX(REPEAT(SHA2(n, 512), 5)) FROM
       (SELECT a.ORDINAL_POSITION * 10000 + b.ORDINAL_POSITION * 100 + c.ORDINAL_POSITION AS n FROM
       (SELECT ORDINAL_POSITION FROM information_schema.COLUMNS WHERE TABLE_SCHEMA = 'information_schema' AND TABLE_NAME = 'COLUMNS' AND ORDINAL_POSITION <= 20) a,
       (SELECT ORDINAL_POSITION FROM information_schema.COLUMNS WHERE TABLE_SCHEMA = 'information_schema' AND TABLE_NAME = 'COLUMNS' AND ORDINAL_POSITION <= 20) b,
       (SELECT ORDINAL_POSITION FROM information_schema.COLUMNS WHERE TABLE_SCHEMA = 'information_schema' AND TABLE_NAME = 'COLUMNS' AND ORDINAL_POSITION <= 20) c) d`,
      'ANALYZE TABLE k',
    ],
    proof: [
      "SELECT HEX(v) = '6100000000000000' FROM b WHERE k = x'61000000'",
      "SELECT HEX(w) = '6100' FROM b WHERE k = x'61000001'",
      'SELECT COUNT(*) > 5000 FROM k',
    ],
  },
  {
    group,
    item: 'CHAR, VARCHAR and TEXT with trailing spaces, tabs, NULs',
    database: 's_spaces',
    setup: [
      `CREATE TABLE s (n INT PRIMARY KEY AUTO_INCREMENT, c CHAR(10), v VARCHAR(10), t TEXT, b CHAR(5) CHARACTER SET ucs2, d CHAR(10) DEFAULT '  x ', KEY (c), KEY (v))`,
      `INSERT INTO s (c, v, t, b) VALUES ('a  ', 'a  ', 'a  ', 'a '), (' ', ' ', ' ', ' '), ('', '', '', ''), ('a\\t', 'a\\t', 'a\\t', 'é'), ('a\\0', 'a\\0', 'a\\0', '\\0'),
       ('\\\\N', '\\\\N', '\\\\N', '\\\\N'), (NULL, NULL, NULL, NULL), ('NULL', 'NULL', 'NULL', 'NULL'), ('\\n', '\\r\\n', '\\Z', '\\n'), ('\\'"\`', '\\'"\`', '\\'"\`', '"'), (',', ';', '#-- /*', '%')`,
      // Keys that a padding collation takes for equal, and one that does not.
      'CREATE TABLE k (v VARCHAR(10) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin, n INT, PRIMARY KEY (v, n))',
      "INSERT INTO k VALUES ('a', 1), ('a ', 2), ('a  ', 3), ('', 4), (' ', 5)",
    ],
    proof: [
      "SELECT HEX(v) = '612020' FROM s WHERE n = 1",
      "SELECT t = '\\\\N' FROM s WHERE n = 6",
      'SELECT COUNT(*) = 5 FROM k',
    ],
  },
];

const members: FidelityCase[] = [
  {
    group,
    item: 'ENUM with odd members, the empty one, and the value 0',
    database: 's_enum',
    setup: [
      `CREATE TABLE e (n INT PRIMARY KEY AUTO_INCREMENT,
       a ENUM('x', '', 'it''s', 'a,b', '"', '\`', '\\\\', 'tab\\t', 'line\\n', ' leading', 'é漢', '0', '3', 'NULL', '\\\\N', '%', '()'),
       b ENUM('1', '2', '0') NOT NULL DEFAULT '0', c ENUM('only') NOT NULL, KEY (a), KEY (b))`,
      'INSERT INTO e (a, b, c) SELECT n, 1 + n % 3, 1 FROM (SELECT 1 AS n UNION SELECT 2 UNION SELECT 3 UNION SELECT 4 UNION SELECT 5 UNION SELECT 6 UNION SELECT 7 UNION SELECT 8 UNION SELECT 9 UNION SELECT 10 UNION SELECT 11 UNION SELECT 12 UNION SELECT 13 UNION SELECT 14 UNION SELECT 15 UNION SELECT 16 UNION SELECT 17) d',
      "SET SESSION sql_mode = ''; INSERT INTO e (a, b, c) VALUES ('none of them', 'none', 'none'), (0, 0, 0), (NULL, '0', 'only')",
    ],
    proof: [
      'SELECT COUNT(*) = 2 FROM e WHERE a + 0 = 0',
      'SELECT COUNT(*) = 1 FROM e WHERE a + 0 = 2',
      'SELECT COUNT(*) = 2 FROM e WHERE c + 0 = 0',
    ],
  },
  {
    group,
    item: 'ENUM value 0 without a member for the empty text, as a key too',
    database: 's_enum_zero',
    setup: [
      "CREATE TABLE e (k ENUM('a', 'b'), n INT, v ENUM('a b', '`c`''d') NOT NULL, `it's` ENUM('x'), PRIMARY KEY (k, n))",
      "SET SESSION sql_mode = ''; INSERT INTO e VALUES ('zzz', 1, 'zzz', 'zzz'), ('a', 1, 1, 1), ('b', 2, 2, 0), (0, 2, 0, NULL)",
    ],
    proof: ['SELECT COUNT(*) = 2 FROM e WHERE k + 0 = 0'],
  },
  {
    group,
    item: 'ENUM of 3,000 members and of other character sets',
    database: 's_enum_many',
    setup: [
      `CREATE TABLE e (a ENUM(${Array.from({ length: 3000 }, (_, index) => `'member ${index}'`).join(', ')}),
       l ENUM('é', 'ü') CHARACTER SET latin1, u ENUM('é', '漢') CHARACTER SET ucs2, j ENUM('表', 'ソ') CHARACTER SET sjis, b ENUM('a', 'B') COLLATE utf8mb4_bin)`,
      "INSERT INTO e VALUES (1, 'é', '漢', '表', 'B'), (3000, 'ü', 'é', 'ソ', 'a'), (256, NULL, NULL, NULL, NULL)",
    ],
    proof: ['SELECT MAX(a + 0) = 3000 FROM e'],
  },
  {
    group,
    item: 'SET of 64 members, odd members, none',
    database: 's_set',
    setup: [
      `CREATE TABLE s (a SET(${Array.from({ length: 64 }, (_, index) => `'m${index}'`).join(', ')}), b SET('', 'it''s', '"', '\\\\', 'x y', 'é漢') NOT NULL DEFAULT 'x y', c SET('a', 'A') COLLATE utf8mb4_bin, KEY (b))`,
      "INSERT INTO s VALUES (18446744073709551615, 63, 'a,A'), (0, 0, ''), (9223372036854775808, 1, 'A'), (NULL, 2, NULL), (5, 3, 'a')",
    ],
    proof: [
      "SELECT COUNT(*) = 1 FROM s WHERE FIND_IN_SET('m0', a) AND FIND_IN_SET('m63', a)",
      'SELECT COUNT(*) = 1 FROM s WHERE b + 0 = 1',
    ],
  },
];

export const stringCases: readonly FidelityCase[] = [...sizes, ...spaces, ...members];

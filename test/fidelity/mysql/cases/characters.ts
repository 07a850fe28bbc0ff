/** Every character set a server offers: its characters in columns, keys, defaults and members, and what was declared wrongly. */
import type { TestServer } from '../../../servers/server.ts';
import type { FidelityCase } from '../../case.ts';

const group = 'types';

const singleByte = [
  'armscii8',
  'ascii',
  'binary',
  'cp1250',
  'cp1251',
  'cp1256',
  'cp1257',
  'cp850',
  'cp852',
  'cp866',
  'dec8',
  'geostd8',
  'greek',
  'hebrew',
  'hp8',
  'keybcs2',
  'koi8r',
  'koi8u',
  'latin1',
  'latin2',
  'latin5',
  'latin7',
  'macce',
  'macroman',
  'swe7',
  'tis620',
];
const multiByte = [
  'big5',
  'cp932',
  'eucjpms',
  'euckr',
  'gb18030',
  'gb2312',
  'gbk',
  'sjis',
  'ucs2',
  'ujis',
  'utf16',
  'utf16le',
  'utf32',
  'utf8mb3',
  'utf8mb4',
];
const all = [...singleByte, ...multiByte];

/** Those that MySQL alone has. */
const mysqlOnly = ['gb18030'];

/** Columns `n`, 0 to 16^places - 1. */
function hexNumbers(places: number): string {
  const digit = Array.from({ length: 16 }, (_, value) =>
    value === 0 ? 'SELECT 0 AS d' : `SELECT ${value}`,
  ).join(' UNION ALL ');
  const names = Array.from({ length: places }, (_, place) => `d${place}`);
  const sum = names.map((name, place) => `${name}.d * ${16 ** place}`).join(' + ');
  return `(SELECT ${sum} AS n FROM ${names.map((name) => `(${digit}) ${name}`).join(', ')}) numbers`;
}

/** Fills `c (n, v)`: of single-byte sets all 256 bytes, of the others all of the first plane that they have. */
function fill(charset: string): string[] {
  if (singleByte.includes(charset)) {
    return [
      `INSERT IGNORE INTO c (n, v) SELECT n, CONVERT(UNHEX(LPAD(HEX(n), 2, '0')) USING ${charset}) FROM ${hexNumbers(2)}`,
    ];
  }
  const character = `CONVERT(CONVERT(UNHEX(LPAD(HEX(n), 8, '0')) USING utf32) USING ${charset})`;
  const planes = ['utf8mb4', 'utf16', 'utf16le', 'utf32', 'gb18030'].includes(charset)
    ? [
        `INSERT INTO c (n, v) SELECT n + 0x1F000, ${character.replace('HEX(n)', 'HEX(n + 0x1F000)')} FROM ${hexNumbers(3)}`,
        `INSERT INTO c (n, v) SELECT n + 0x10F000, ${character.replace('HEX(n)', 'HEX(n + 0x10F000)')} FROM ${hexNumbers(3)}`,
      ]
    : [];
  return [
    `INSERT INTO c (n, v) SELECT n, ${character} FROM ${hexNumbers(4)} WHERE n NOT BETWEEN 0xD800 AND 0xDFFF`,
    "DELETE FROM c WHERE n <> 0x3F AND CONVERT(v USING utf8mb4) = '?' OR v IS NULL OR v = ''",
    ...planes,
  ];
}

function charsetCase(charset: string): FidelityCase {
  const letters = charset === 'binary' || charset === 'swe7' ? 'x' : 'A';
  return {
    group,
    item: `character set ${charset}`,
    database: `cs_${charset}`,
    createDatabase: mysqlOnly.includes(charset)
      ? // MariaDB takes it for a comment.
        `CREATE DATABASE cs_${charset} /*!80000 CHARACTER SET ${charset} */`
      : `CREATE DATABASE cs_${charset} CHARACTER SET ${charset}`,
    ...(mysqlOnly.includes(charset) ? { exists: (server: TestServer) => server.family === 'mysql' } : {}),
    setup: [
      // Without strictness a character the set lacks becomes a question mark, and is removed again.
      "SET SESSION sql_mode = ''; CREATE TABLE c (n INT PRIMARY KEY, v VARCHAR(4), KEY (v))",
      ...fill(charset),
      `CREATE TABLE k (c CHAR(4), v VARCHAR(20) DEFAULT '${letters}', t TINYTEXT, m TEXT, n INT, e ENUM('${letters}', '${letters}${letters}'),
       s SET('${letters}', 'b'), PRIMARY KEY (c, n), KEY (v(3)), KEY (m(5))) DEFAULT CHARACTER SET ${charset}`,
      'INSERT INTO k (c, n, t, m, e, s) SELECT v, n, v, CONCAT(v, v, v), 1 + n % 2, n % 4 FROM c ORDER BY n LIMIT 3000',
      `CREATE TABLE mixed (n INT PRIMARY KEY, a VARCHAR(9) CHARACTER SET ${charset}, b VARCHAR(9) CHARACTER SET latin1,
       d VARCHAR(9) CHARACTER SET utf8mb4) DEFAULT CHARACTER SET utf16`,
      "INSERT INTO mixed SELECT n, v, 'é', '😀' FROM c ORDER BY n DESC LIMIT 500",
    ],
    proof: [
      'SELECT COUNT(*) > 90 FROM c',
      'SELECT COUNT(*) > 90 FROM k',
      `SELECT DEFAULT_CHARACTER_SET_NAME = '${charset}' FROM information_schema.SCHEMATA WHERE SCHEMA_NAME = 'cs_${charset}'`,
    ],
  };
}

/** Every character set and collation at once, so that none that a server has is without a case. */
const everyCollation = (family: 'mysql' | 'mariadb'): FidelityCase => {
  const [source, collation] =
    family === 'mariadb'
      ? ['information_schema.COLLATION_CHARACTER_SET_APPLICABILITY', 'FULL_COLLATION_NAME']
      : ['information_schema.COLLATIONS', 'COLLATION_NAME'];
  const column = `CONCAT('\`', ${collation}, '\` VARCHAR(2) CHARACTER SET ', CHARACTER_SET_NAME, ' COLLATE ', ${collation}, IF(CHARACTER_SET_NAME = 'binary', '', ' DEFAULT ''a'''))`;
  return {
    group,
    item: `every collation of ${family === 'mariadb' ? 'MariaDB' : 'MySQL'}`,
    database: `collations_${family}`,
    exists: (server) => server.family === family,
    setup: [
      'SET SESSION group_concat_max_len = 1000000',
      // No table has room for a column of each.
      ...[0, 1, 2].map(
        (part) =>
          `SET @columns = (SELECT GROUP_CONCAT(${column} ORDER BY ${collation}) FROM ${source} WHERE CRC32(${collation}) % 3 = ${part});
           SET @sql = CONCAT('CREATE TABLE every${part} (', @columns, ')');
           PREPARE s FROM @sql; EXECUTE s; DEALLOCATE PREPARE s; INSERT INTO every${part} () VALUES ()`,
      ),
    ],
    proof: [
      // A newer server has more of them than the one the case was made on.
      `SELECT COUNT(*) BETWEEN 250 AND (SELECT COUNT(*) FROM ${source}) FROM information_schema.COLUMNS WHERE TABLE_SCHEMA = 'collations_${family}'`,
      `SELECT COUNT(*) = 0 FROM information_schema.CHARACTER_SETS WHERE CHARACTER_SET_NAME NOT IN (${all.map((name) => `'${name}'`).join(', ')})`,
    ],
  };
};

const legacy: FidelityCase[] = [
  {
    group,
    item: 'all character sets side by side in one table',
    database: 'cs_side_by_side',
    setup: [
      `CREATE TABLE mixed (n INT PRIMARY KEY AUTO_INCREMENT, ${all
        .filter((name) => !mysqlOnly.includes(name))
        .map((name) => `\`${name}\` VARCHAR(20) CHARACTER SET ${name}`)
        .join(', ')})`,
      `SET SESSION sql_mode = ''; INSERT INTO mixed (${all
        .filter((name) => !mysqlOnly.includes(name))
        .map((name) => `\`${name}\``)
        .join(', ')})
       VALUES (${all
         .filter((name) => !mysqlOnly.includes(name))
         .map(() => "'aé漢字Яאα😀'")
         .join(', ')})`,
      'INSERT INTO mixed (latin1) VALUES (NULL)',
    ],
    proof: ["SELECT utf8mb4 = 'aé漢字Яאα😀' FROM mixed WHERE n = 1"],
  },
  {
    group,
    item: 'utf8 bytes in latin1 columns, latin1 bytes read as cp1251',
    database: 'cs_wrongly_declared',
    setup: [
      `CREATE TABLE twice (n INT PRIMARY KEY, v VARCHAR(50) CHARACTER SET latin1, t TEXT CHARACTER SET latin1, KEY (v)) DEFAULT CHARACTER SET latin1;
       INSERT INTO twice VALUES (1, CAST('Müller 漢字 😀' AS BINARY), CAST('Müller 漢字 😀' AS BINARY)), (2, x'80818D8F909D', x'00090A0D5C27227F80FF');
       CREATE TABLE cyrillic (v VARCHAR(50) CHARACTER SET cp1251); INSERT INTO cyrillic VALUES (x'E9E0FC98FF')`,
    ],
    proof: ["SELECT HEX(v) = HEX('Müller 漢字 😀') FROM twice WHERE n = 1"],
  },
  {
    group,
    item: 'halves of surrogate pairs',
    database: 'cs_halves',
    setup: [
      'CREATE TABLE h (n INT PRIMARY KEY, v VARCHAR(20) CHARACTER SET ucs2, t TEXT CHARACTER SET ucs2, KEY (v))',
      "INSERT INTO h VALUES (1, x'D800', x'DC00D800'), (2, x'DFFF0041', x'FFFEFFFF')",
    ],
    proof: ["SELECT HEX(v) = 'D800' FROM h WHERE n = 1"],
  },
  {
    group,
    item: 'bytes that are no characters of their set, on MariaDB',
    database: 'cs_invalid',
    // MySQL refuses them on every way in.
    exists: ({ family }) => family === 'mariadb',
    setup: [
      `SET SESSION sql_mode = '';
       CREATE TABLE kept (n INT PRIMARY KEY, a VARBINARY(20), u VARBINARY(20)); INSERT INTO kept VALUES (1, x'80FFFE41', x'EDA080');
       ALTER TABLE kept MODIFY a VARCHAR(20) CHARACTER SET ascii, MODIFY u VARCHAR(20) CHARACTER SET utf8mb3, ADD KEY (a), ADD KEY (u);
       INSERT INTO kept VALUES (2, x'8041', x'EDBFBF')`,
    ],
    proof: [
      "SELECT HEX(a) = '80FFFE41' AND HEX(u) = 'EDA080' FROM kept WHERE n = 1",
      "SELECT HEX(a) = '8041' FROM kept WHERE n = 2",
    ],
  },
];

export const characterCases: readonly FidelityCase[] = [
  ...all.map((charset) => charsetCase(charset)),
  everyCollation('mariadb'),
  everyCollation('mysql'),
  ...legacy,
];

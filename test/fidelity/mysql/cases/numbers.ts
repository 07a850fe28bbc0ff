/** Numbers of every type at their extremes, in columns and in keys. */
import type { FidelityCase } from '../../case.ts';

const group = 'types';

const widths = [
  ['TINYINT', 8],
  ['SMALLINT', 16],
  ['MEDIUMINT', 24],
  ['INT', 32],
  ['BIGINT', 64],
] as const;

/** Signed, unsigned and zerofill, each as a key and as a column that may be NULL. */
const integers: FidelityCase[] = widths.flatMap(([type, bits]) => {
  const most = 2n ** BigInt(bits);
  const signed = [-most / 2n, -1n, 0n, 1n, most / 2n - 1n];
  const unsigned = [0n, 1n, most / 2n, most - 1n];
  return [
    ['', signed],
    [' UNSIGNED', unsigned],
    ['(7) UNSIGNED ZEROFILL', unsigned],
  ].map(([suffix, values]) => {
    const rows = (values as bigint[]).map((value) => `(${value}, ${value})`);
    const last = (values as bigint[]).at(-1);
    return {
      group,
      item: `${type}${suffix as string}`,
      database: `t_${type.toLowerCase()}_${(suffix as string).replaceAll(/[^A-Z]+/g, '').toLowerCase()}`,
      setup: [
        `CREATE TABLE n (k ${type}${suffix as string} PRIMARY KEY, v ${type}${suffix as string} DEFAULT ${last}, KEY (v))`,
        `SET SESSION sql_mode = 'NO_AUTO_VALUE_ON_ZERO'; INSERT INTO n VALUES ${rows.join(', ')}, (7, NULL)`,
      ],
      proof: [`SELECT COUNT(*) = ${rows.length + 1} FROM n`, `SELECT MAX(k) = ${last} FROM n`],
    };
  });
});

const nines = (count: number): string => '9'.repeat(count);

const decimals: FidelityCase[] = [
  {
    group,
    item: 'DECIMAL(65,30), DECIMAL(65,0), DECIMAL(38,38)',
    database: 't_decimal',
    setup: [
      'CREATE TABLE d (a DECIMAL(65,30), b DECIMAL(65), c DECIMAL(30,30), d DECIMAL(9,2) UNSIGNED, e DECIMAL(12,4) ZEROFILL)',
      `INSERT INTO d VALUES (${nines(35)}.${nines(30)}, ${nines(65)}, 0.${nines(30)}, ${nines(7)}.99, 1.5),
       (-${nines(35)}.${nines(30)}, -${nines(65)}, -0.${nines(30)}, 0, 0), (0, 0, 0, 0, 0), (NULL, NULL, NULL, NULL, NULL),
       (0.${'0'.repeat(29)}1, 1, 0.${'0'.repeat(29)}1, 0.01, 0.0001)`,
    ],
    proof: [`SELECT MAX(b) = ${nines(65)} FROM d`],
  },
  {
    group,
    item: 'DECIMAL as a key, in more than one chunk',
    database: 't_decimal_key',
    setup: [
      'CREATE TABLE d (k DECIMAL(40,20) PRIMARY KEY, v CHAR(250) NOT NULL)',
      `INSERT INTO d SELECT (n - 8000) * 1000000.00000000000000000001, REPEAT(CHAR(65 + n % 26), 250) FROM ${numbersTo(16_000)}`,
      'ANALYZE TABLE d',
    ],
    proof: ['SELECT COUNT(*) = 16000 FROM d', 'SELECT MIN(k) = -7999000000.00000000000000007999 FROM d'],
  },
];

/** A number whose eight bytes are these, the last first. */
const bytesOf = (value: string, column: string): string =>
  `SUBSTR(HEX(ST_AsBinary(POINT(${column}, 0))), 11, 16) = '${value}'`;
/** MariaDB 10.11 knows no negative zero. */
const negativeZero = `${bytesOf('0000000000000080', 'v')} OR CONCAT('-0' + 0e0) = '0'`;

/** Neighbours in the last bit, over the range of exponents. */
const manyFloats = `SELECT n, POW(2, (n * 37) % 250 - 125) * (1 + ((n * 7919) % 8388608) / 8388608e0) * IF(n % 2, 1, -1) FROM ${numbersTo(4000)}`;
const manyDoubles = `SELECT n, POW(2, (n * 37) % 2000 - 1000) * (1 + (n * 7919 + 1) * POW(2, -52)) * IF(n % 2, 1, -1) FROM ${numbersTo(4000)}`;

const floats: FidelityCase[] = [
  {
    group,
    item: 'FLOAT, bit by bit',
    database: 't_float',
    setup: [
      'CREATE TABLE f (n INT PRIMARY KEY, v FLOAT, KEY (v))',
      `INSERT INTO f VALUES (-1, 16777216), (-2, 16777217), (-3, '-0'), (-4, 1e-45), (-5, 3.402823466e38), (-6, -3.402823466e38),
       (-7, 1.17549435e-38), (-8, 0.1), (-9, 8388609), (-10, 123456.789), (-11, NULL), (-12, 1.1754942e-38), (-13, 0)`,
      `INSERT INTO f ${manyFloats}`,
      `CREATE TABLE d (n INT PRIMARY KEY, a FLOAT DEFAULT 16777217 COMMENT ' DEFAULT 16777200', \`b \`\` é\` FLOAT NOT NULL DEFAULT 3.40282346e38, c FLOAT UNSIGNED DEFAULT 0.1,
       \`e float DEFAULT 1\` FLOAT DEFAULT -123456.789, g FLOAT(9,3) DEFAULT 123456.789)`,
      // No row to tell the defaults, and a foreign key, which is an ALTER TABLE of a restore.
      'CREATE TABLE p (n INT, a FLOAT NOT NULL DEFAULT 16777217) PARTITION BY LINEAR HASH (n) PARTITIONS 3',
      'CREATE TABLE e (n INT PRIMARY KEY, a FLOAT NOT NULL DEFAULT 16777217, `b``c` FLOAT DEFAULT 0.123456789, f INT, KEY (f), FOREIGN KEY (f) REFERENCES d (n))',
    ],
    proof: [
      'SELECT CAST(DEFAULT(d.a) AS DOUBLE) = 16777216 FROM (SELECT 1) one LEFT JOIN d ON FALSE',
      'SELECT COUNT(*) = 1 FROM information_schema.REFERENTIAL_CONSTRAINTS WHERE CONSTRAINT_SCHEMA = DATABASE()',
      'SELECT COUNT(DISTINCT CAST(v AS DOUBLE)) > 4000 FROM f',
      'SELECT CAST(v AS DOUBLE) = 16777216 FROM f WHERE n = -1',
      'SELECT CAST(v AS DOUBLE) > 1.4e-45 AND CAST(v AS DOUBLE) < 1.41e-45 FROM f WHERE n = -4',
      `SELECT ${negativeZero} FROM f WHERE n = -3`,
    ],
  },
  {
    group,
    item: 'DOUBLE, bit by bit',
    database: 't_double',
    setup: [
      'CREATE TABLE f (n INT PRIMARY KEY, v DOUBLE, KEY (v))',
      `INSERT INTO f VALUES (-1, 9007199254740993), (-2, '-0'), (-3, 5e-324), (-4, 1.7976931348623157e308), (-5, -1.7976931348623157e308),
       (-6, 2.2250738585072014e-308), (-7, 2.225073858507201e-308), (-8, 0.1), (-9, 0.30000000000000004), (-10, 1e15), (-11, 1e16),
       (-12, NULL), (-13, 123456789012345678), (-14, 0)`,
      `INSERT INTO f ${manyDoubles}`,
      'CREATE TABLE d (n INT PRIMARY KEY, v DOUBLE DEFAULT -0e0, w DOUBLE(9,2) DEFAULT -0e0); INSERT INTO d (n) VALUES (1)',
    ],
    proof: [
      `SELECT ${negativeZero} FROM d`,
      'SELECT COUNT(DISTINCT v) > 4000 FROM f',
      `SELECT ${bytesOf('0100000000000000', 'v')} FROM f WHERE n = -3`,
      `SELECT ${negativeZero} FROM f WHERE n = -2`,
    ],
  },
  {
    group,
    item: 'FLOAT(7,3), DOUBLE(20,2), UNSIGNED and ZEROFILL',
    database: 't_float_digits',
    setup: [
      `CREATE TABLE f (n INT PRIMARY KEY, a FLOAT(7,3), b DOUBLE(20,2), c FLOAT UNSIGNED, d DOUBLE ZEROFILL, e FLOAT(10,2) ZEROFILL,
       g FLOAT(53), h FLOAT(24), i DOUBLE(30,30), j DOUBLE(255,0))`,
      `INSERT INTO f SELECT n, (n * 7919 % 19999999 - 9999999) / 1000, n * 123456789.01, n / 3, n / 7, n / 9, n / 11, n / 13,
       n / 30001, n * 1e200 FROM ${numbersTo(3000)}`,
    ],
    proof: ['SELECT COUNT(*) = 3000 FROM f', 'SELECT COUNT(DISTINCT a) > 1000 FROM f'],
  },
  {
    group,
    item: 'FLOAT and DOUBLE as keys',
    database: 't_float_key',
    setup: [
      'CREATE TABLE f (k FLOAT PRIMARY KEY, v CHAR(250) NOT NULL); CREATE TABLE d (a DOUBLE, b FLOAT, v CHAR(250) NOT NULL, UNIQUE KEY (a, b))',
      `INSERT INTO f SELECT n * 1.1 - 6000, REPEAT('f', 250) FROM ${numbersTo(12_000)}`,
      `INSERT INTO d SELECT n / 3 - 1000, n / 7, REPEAT('d', 250) FROM ${numbersTo(12_000)}`,
      "INSERT INTO f VALUES (16777216, ''), (16777218, ''), (3.4e38, ''), (1e-45, '')",
      'ANALYZE TABLE f, d',
    ],
    proof: ['SELECT COUNT(*) = 12004 FROM f', 'SELECT COUNT(*) = 12000 FROM d'],
  },
];

const bits = Array.from({ length: 64 }, (_, index) => index + 1);

const bit: FidelityCase = {
  group,
  item: 'BIT(1) to BIT(64)',
  database: 't_bit',
  setup: [
    `CREATE TABLE b (${bits.map((width) => `b${width} BIT(${width}) DEFAULT b'1'`).join(', ')}, UNIQUE KEY (b64))`,
    `INSERT INTO b VALUES (${bits.map((width) => `b'${'1'.repeat(width)}'`).join(', ')}),
     (${bits.map(() => "b'0'").join(', ')}), (${bits.map((width) => `b'${'10'.repeat(width).slice(0, width)}'`).join(', ')}),
     (${bits.map(() => 'NULL').join(', ')}), (${bits.map((width) => `b'1${'0'.repeat(width - 1)}'`).join(', ')})`,
    'CREATE TABLE k (a BIT(9), b BIT(64), v INT, PRIMARY KEY (a, b))',
    // Bytes that a text format escapes: tab, newline, backslash, NUL.
    `INSERT INTO k SELECT n, CAST(n AS UNSIGNED) * 36028797018963968 + n, n FROM ${numbersTo(512)} WHERE n < 512`,
  ],
  proof: ['SELECT MAX(b64 + 0) = 18446744073709551615 FROM b', 'SELECT COUNT(*) = 511 FROM k'],
};

/** A derived table with the column `n`, from 1 to `most`. */
function numbersTo(most: number): string {
  const digit =
    '(SELECT 0 AS d UNION ALL SELECT 1 UNION ALL SELECT 2 UNION ALL SELECT 3 UNION ALL SELECT 4 UNION ALL SELECT 5 UNION ALL SELECT 6 UNION ALL SELECT 7 UNION ALL SELECT 8 UNION ALL SELECT 9)';
  const places = String(most - 1).length;
  const names = Array.from({ length: places }, (_, place) => `d${place}`);
  const number = names.map((digits, place) => `${digits}.d * ${10 ** place}`).join(' + ');
  return `(SELECT 1 + ${number} AS n FROM ${names.map((digits) => `${digit} ${digits}`).join(', ')} HAVING n <= ${most}) numbers`;
}

export const numberCases: readonly FidelityCase[] = [...integers, ...decimals, ...floats, bit];

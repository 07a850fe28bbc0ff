/** Dates and times: fractions, zeros, days no calendar has, and instants around a change of the clock. */
import type { FidelityCase } from '../../case.ts';

const group = 'types';
const fractions = [0, 1, 2, 3, 4, 5, 6];
/** A session that takes zero dates and days that do not exist. */
const lenient = "SET SESSION sql_mode = 'ALLOW_INVALID_DATES'";

function withFractions(type: string, values: readonly string[]): FidelityCase {
  return {
    group,
    item: `${type}(0) to ${type}(6)`,
    database: `d_${type.toLowerCase()}`,
    setup: [
      `${lenient}; SET SESSION time_zone = '+00:00';
       CREATE TABLE t (n INT PRIMARY KEY, ${fractions.map((digits) => `f${digits} ${type}(${digits}) NULL`).join(', ')}, UNIQUE KEY (f6));
       INSERT INTO t VALUES ${values.map((value, n) => `(${n}, ${fractions.map(() => value).join(', ')})`).join(', ')}`,
    ],
    proof: [`SELECT COUNT(*) = ${values.length} FROM t`, 'SELECT COUNT(DISTINCT f6) > 3 FROM t'],
  };
}

export const timeCases: readonly FidelityCase[] = [
  withFractions('TIME', [
    "'838:59:59'",
    "'-838:59:59'",
    "'-00:00:00.000001'",
    "'00:00:00'",
    "'12:34:56.123456'",
    "'-100:00:00.5'",
    'NULL',
  ]),
  withFractions('DATETIME', [
    "'1000-01-01 00:00:00'",
    "'9999-12-31 23:59:59'",
    "'0000-00-00 00:00:00'",
    "'2026-02-31 01:02:03.654321'",
    "'2024-02-29 12:34:56.999999'",
    "'0001-01-01 00:00:00.000001'",
    'NULL',
  ]),
  withFractions('TIMESTAMP', [
    "'1970-01-01 00:00:01'",
    "'2038-01-19 03:14:07'",
    "'0000-00-00 00:00:00'",
    "'2026-11-20 12:34:56.123456'",
    "'1999-12-31 23:59:59.000001'",
    'NULL',
  ]),
  {
    group,
    item: 'DATE: zero, partly zero, no day of the calendar, first and last',
    database: 'd_date',
    setup: [
      `${lenient}; CREATE TABLE t (k DATE PRIMARY KEY, v DATE, d DATETIME);
       INSERT INTO t VALUES ('0000-00-00', NULL, '0000-00-00'), ('2026-00-00', '2026-00-00', '2026-00-00'), ('2026-02-00', '2026-00-15', '2026-02-00'), ('0000-01-01', '0000-01-01', '0000-01-01'),
       ('2026-02-30', '2026-02-31', '2026-02-30'), ('9999-12-31', '9999-12-31', '9999-12-31'), ('1000-01-01', '1582-10-10', '1900-02-29')`,
    ],
    proof: ['SELECT COUNT(*) = 7 FROM t', "SELECT COUNT(*) = 1 FROM t WHERE CAST(k AS CHAR) = '2026-02-30'"],
  },
  {
    group,
    item: 'YEAR: 0, 1901, 2155',
    database: 'd_year',
    setup: [
      "CREATE TABLE t (y YEAR PRIMARY KEY, v YEAR NULL DEFAULT '0000')",
      "INSERT INTO t VALUES ('0000', NULL), (1901, '0000'), (2155, 2000), (2000, 0), (1970, 70)",
    ],
    proof: ['SELECT COUNT(*) = 5 FROM t', 'SELECT COUNT(*) = 1 FROM t WHERE y = 0 AND v IS NULL'],
  },
  {
    group,
    item: 'TIMESTAMP across a change of the clock, in a named time zone',
    database: 'd_clock',
    setup: [
      "SET SESSION time_zone = '+00:00'; CREATE TABLE t (k TIMESTAMP(6) PRIMARY KEY, n INT, d DATETIME)",
      // Both of the two hours that the zone calls by one name, and the edge of the one it skips.
      `SET SESSION time_zone = '+00:00';
       INSERT INTO t VALUES ('2026-10-25 00:30:00', 1, '2026-10-25 02:30:00'), ('2026-10-25 01:30:00', 2, '2026-10-25 02:30:00'), ('2026-10-25 00:59:59.999999', 3, NULL),
       ('2026-10-25 01:00:00', 4, NULL), ('2026-03-29 00:59:59.5', 5, '2026-03-29 02:30:00'), ('2026-03-29 01:00:00', 6, NULL)`,
      "SET SESSION time_zone = 'Test/Clock'; INSERT INTO t VALUES ('2026-07-01 12:00:00', 7, '2026-07-01 12:00:00'), ('2026-12-01 12:00:00', 8, '2026-12-01 12:00:00')",
    ],
    proof: [
      "SET SESSION time_zone = 'Test/Clock'; SELECT COUNT(*) = 2 FROM t WHERE CAST(k AS CHAR) LIKE '2026-10-25 02:30:00%'",
      "SET SESSION time_zone = '+00:00'; SELECT CAST(k AS CHAR) = '2026-07-01 10:00:00.000000' FROM t WHERE n = 7",
    ],
  },
  {
    group,
    item: 'temporal columns: DEFAULT CURRENT_TIMESTAMP, ON UPDATE, zero and fixed defaults',
    database: 'd_defaults',
    setup: [
      `${lenient}; SET SESSION time_zone = '+03:00';
       CREATE TABLE t (n INT PRIMARY KEY, a TIMESTAMP(3) DEFAULT CURRENT_TIMESTAMP(3) ON UPDATE CURRENT_TIMESTAMP(3),
       b DATETIME(6) DEFAULT CURRENT_TIMESTAMP(6) ON UPDATE CURRENT_TIMESTAMP(6), c TIMESTAMP NOT NULL DEFAULT '2026-03-29 02:30:00',
       d DATETIME NOT NULL DEFAULT '0000-00-00 00:00:00', e DATE DEFAULT '2026-02-31', f TIME DEFAULT '-01:00:00', g YEAR DEFAULT 1999,
       h TIMESTAMP NOT NULL DEFAULT '0000-00-00 00:00:00', i DATE DEFAULT (CURRENT_DATE + INTERVAL 1 DAY), j TIMESTAMP NULL ON UPDATE CURRENT_TIMESTAMP)`,
      'INSERT INTO t (n) VALUES (1), (2); UPDATE t SET n = 3 WHERE n = 2',
    ],
    proof: ['SELECT COUNT(*) = 1 FROM t WHERE n = 3 AND j IS NOT NULL'],
  },
  {
    group,
    item: 'temporal keys in more than one chunk',
    database: 'd_keys',
    setup: [
      "SET SESSION time_zone = '+00:00'; CREATE TABLE a (k DATETIME(6) PRIMARY KEY, v CHAR(250) NOT NULL); CREATE TABLE b (k TIMESTAMP(3), n INT, v CHAR(250) NOT NULL, PRIMARY KEY (k, n))",
      "SET SESSION time_zone = '+00:00', sql_mode = 'ALLOW_INVALID_DATES'; " +
        numbered("INSERT INTO a SELECT '2020-01-01' + INTERVAL n * 123456789 MICROSECOND, REPEAT('a', 250)") +
        numbered("INSERT INTO b SELECT '2026-10-25' + INTERVAL n DIV 3 SECOND, n, REPEAT('b', 250)") +
        "INSERT INTO a VALUES ('0000-00-00', ''), ('9999-12-31 23:59:59.999999', ''), ('2020-02-31', ''); INSERT INTO b VALUES ('0000-00-00', 1, '')",
      'ANALYZE TABLE a, b',
    ],
    proof: ['SELECT COUNT(*) = 12003 FROM a', 'SELECT COUNT(*) = 12001 FROM b'],
  },
];

/** The statement over n from 0 to 11,999. */
function numbered(statement: string): string {
  const digits = (name: string, most: number): string =>
    `(${Array.from({ length: most }, (_, value) => `SELECT ${value}${value === 0 ? ' AS d' : ''}`).join(' UNION ALL ')}) ${name}`;
  return `${statement} FROM (SELECT a.d * 1000 + b.d * 100 + c.d * 10 + e.d AS n FROM ${digits('a', 12)}, ${digits('b', 10)}, ${digits('c', 10)}, ${digits('e', 10)}) numbers; `;
}

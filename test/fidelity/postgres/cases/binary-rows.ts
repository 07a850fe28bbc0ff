/** Tables whose rows travel in binary: every type that may, with its odd values, side by side and over several chunks. */
import type { FidelityCase } from '../../case.ts';
import { typeCase } from './type-case.ts';

/** Type and values, the least usual first; the shorter lists are filled up with NULL. */
const columns: readonly (readonly [type: string, values: readonly string[]])[] = [
  ['bool', ['true', 'false']],
  ['bytea', [`''`, `'\\x00ff0a5c'`, `decode(repeat('00ff', 300000), 'hex')`]],
  ['"char"', [`''`, `'c'`, `'\\'`]],
  ['name', [`''`, `repeat('n', 63)`]],
  ['int8', ['-9223372036854775808', '9223372036854775807', '0']],
  ['int2', ['-32768', '32767']],
  ['int4', ['-2147483648', '2147483647']],
  ['text', [`''`, `E'\\N\\\\.\\t\\n\\r\\\\'`, `'ä€😀'`, `E'\\\\.'`, `repeat('ä€😀', 100000)`]],
  ['oid', ['0', '4294967295']],
  ['json', [`'{"a" : 1, "a":2.50, "b":"\\u0000"}'`, `' [1, 2 ] '`, `'null'`]],
  ['cidr', [`'10.0.0.0/8'`, `'2001:db8::/32'`, `'0.0.0.0/0'`]],
  ['float4', [`'-0'`, `'NaN'`, `'Infinity'`, `'-Infinity'`, `'1e-45'`, `'3.4028235e38'`, `'0.1'`]],
  ['float8', [`'-0'`, `'NaN'`, `'Infinity'`, `'-Infinity'`, `'5e-324'`, `'1.7976931348623157e308'`, `'0.1'`]],
  ['macaddr8', [`'08:00:2b:01:02:03:04:05'`, `'08:00:2b:01:02:03'`]],
  ['macaddr', [`'08:00:2b:01:02:03'`]],
  ['inet', [`'10.1.2.3/8'`, `'::ffff:1.2.3.4'`, `'192.168.0.1'`]],
  ['char(10)', [`''`, `'ä'`, `'  x'`]],
  ['varchar(20)', [`''`, `'  '`, `'ä€😀'`]],
  ['date', [`'4714-11-24 BC'`, `'5874897-12-31'`, `'infinity'`, `'-infinity'`, `'0001-12-31 BC'`]],
  ['time', [`'24:00:00'`, `'00:00:00.000001'`]],
  ['timestamp', [`'4714-11-24 00:00:00 BC'`, `'294276-12-31 23:59:59.999999'`, `'infinity'`, `'-infinity'`]],
  ['timestamptz', [`'4714-11-24 00:00:00+00 BC'`, `'infinity'`, `'-infinity'`, `'2026-10-25 02:30:00+01'`]],
  ['timestamp(2)', [`'2026-11-20 08:30:12.349'`]],
  ['timetz', [`'24:00:00+15:59:59'`, `'00:00:00-15:59:59'`, `'12:00:00.5+05:30'`]],
  [
    'numeric',
    [
      `'NaN'`,
      `'Infinity'`,
      `'-Infinity'`,
      '0.000',
      '-0.00',
      '1e-16383',
      `('1' || repeat('0', 131071))::numeric`,
      '100.10',
    ],
  ],
  ['numeric(12,4)', [`'NaN'`, '-99999999.9999', '0']],
  ['uuid', [`'00000000-0000-0000-0000-000000000000'`, `'ffffffff-ffff-ffff-ffff-ffffffffffff'`]],
  [
    'jsonb',
    [
      `'{"b": [1.10, -0, 1e400, null], "a": "\\ud83d\\ude00"}'`,
      `'"ä"'`,
      `'[]'`,
      `'12345678901234567890.123456789012345678901234567890'`,
    ],
  ],
];

const rows = Math.max(...columns.map(([, values]) => values.length));

function rowOf(row: number): string {
  return `(${row}, '2026-11-20 08:30Z', ${columns.map(([, values]) => values[row] ?? 'NULL').join(', ')})`;
}

const cases: readonly FidelityCase[] = [
  typeCase({
    item: 'every type that is stored in binary, with its odd values and NULL',
    schema: 'binary_types',
    setup: [
      // Times enough that binary is the cheaper form, whatever else stands beside them.
      `CREATE TABLE t (id int PRIMARY KEY, at timestamptz NOT NULL, ${columns.map(([type], i) => `v${i} ${type}`).join(', ')});
       INSERT INTO t VALUES ${Array.from({ length: rows + 1 }, (_, row) => rowOf(row)).join(', ')}`,
    ],
    proof: [`SELECT count(*) = ${rows + 1} FROM binary_types.t`],
  }),
  ...columns.map(([type, values], i) =>
    typeCase({
      item: `in binary: ${type}`,
      schema: `binary_${i}`,
      setup: [
        `CREATE TABLE t (id int, a timestamptz, b timestamptz, v ${type}); INSERT INTO t VALUES ${[...values, 'NULL'].map((value, row) => `(${row}, now(), NULL, ${value})`).join(', ')}`,
      ],
      proof: [`SELECT count(*) = ${values.length + 1} AND count(v) = ${values.length} FROM binary_${i}.t`],
    }),
  ),
  typeCase({
    item: 'binary rows of many chunks, with values that are larger than one',
    schema: 'binary_chunks',
    setup: [
      `CREATE TABLE t (id bigint PRIMARY KEY, at timestamptz, device uuid, x float8, note text);
       INSERT INTO t SELECT i, timestamptz '2026-01-01Z' + i * interval '7.123456 s', md5(i::text)::uuid, i / 7.0, CASE i % 3 WHEN 0 THEN NULL ELSE 'note ' || i END FROM generate_series(1, 100000) i;
       INSERT INTO t SELECT -i, NULL, NULL, 'NaN', repeat(md5(i::text), 100000) FROM generate_series(1, 3) i; DELETE FROM t WHERE id % 10 = 0`,
      'CREATE TABLE gone AS SELECT * FROM t; DELETE FROM gone',
    ],
    proof: ['SELECT count(*) = 90003 FROM binary_chunks.t', 'SELECT count(*) = 0 FROM binary_chunks.gone'],
  }),
];

export const binaryRowCases: readonly FidelityCase[] = cases.map((entry) => ({
  ...entry,
  group: 'binary rows',
}));

/** Numbers: their extremes, and what is no number. */
import { type FidelityCase, majorOf } from '../../case.ts';
import { literals, typeCase, valuesCase } from './type-case.ts';

const digits = '1234567890'.repeat(100);

export const numberCases: readonly FidelityCase[] = [
  valuesCase({ item: 'boolean', schema: 'bool', type: 'boolean', values: ['true', 'false'] }),
  valuesCase({
    item: 'smallint',
    schema: 'int2',
    type: 'smallint',
    values: literals('-32768', '0', '32767'),
  }),
  valuesCase({
    item: 'integer',
    schema: 'int4',
    type: 'integer',
    values: literals('-2147483648', '0', '2147483647'),
  }),
  valuesCase({
    item: 'bigint',
    schema: 'int8',
    type: 'bigint',
    values: literals('-9223372036854775808', '-1', '9007199254740993', '9223372036854775807'),
  }),
  typeCase({
    item: 'smallserial, serial and bigserial',
    schema: 'serials',
    setup: [
      `CREATE TABLE t (a smallserial, b serial, c bigserial, v int);
       INSERT INTO t (v) VALUES (1), (2); INSERT INTO t VALUES (-5, -6, -7, 3); SELECT setval('t_c_seq', 9223372036854775806)`,
    ],
    proof: [
      'SELECT last_value = 9223372036854775806 FROM serials.t_c_seq',
      'SELECT count(*) = 3 FROM serials.t',
    ],
  }),
  valuesCase({
    item: 'numeric with 1,000 digits',
    schema: 'numeric_digits',
    type: 'numeric',
    values: literals(digits, `-${digits}.${digits}`, `0.${'0'.repeat(999)}1`, `1e130000`, '-1e-16000'),
    proof: ['SELECT length(v::text) = 1000 FROM numeric_digits.t WHERE id = 1'],
  }),
  valuesCase({
    item: 'numeric: trailing zeros and scale',
    schema: 'numeric_scale',
    type: 'numeric',
    values: literals('1.10', '1.1', '1.1000000000000000', '0', '0.000', '-0', '100', '1e2', '.5'),
    proof: [
      `SELECT string_agg(v::text, ' ' ORDER BY id) = '1.10 1.1 1.1000000000000000 0 0.000 0 100 100 0.5' FROM numeric_scale.t`,
    ],
  }),
  typeCase({
    item: 'numeric with precision and scale',
    schema: 'numeric_typmod',
    setup: [
      `CREATE TABLE t (a numeric(1000, 1000), b numeric(1000), c numeric(10, 0), d numeric(5, 2));
       INSERT INTO t VALUES (0.${digits}, ${digits}, 1234567890, -999.99)`,
    ],
    proof: ['SELECT length(b::text) = 1000 AND scale(a) = 1000 FROM numeric_typmod.t'],
  }),
  valuesCase({
    item: 'numeric: NaN',
    schema: 'numeric_nan',
    type: 'numeric(10, 2)',
    values: literals('NaN', '99999999.99'),
  }),
  valuesCase({
    item: 'numeric: infinities',
    schema: 'numeric_infinity',
    type: 'numeric',
    values: literals('Infinity', '-Infinity', 'NaN'),
    exists: (server) => majorOf(server) >= 14,
  }),
  typeCase({
    item: 'numeric with negative scale, and a scale above the precision',
    schema: 'numeric_negative',
    setup: [
      `CREATE TABLE t (a numeric(2, -3), b numeric(3, 5), c numeric(5, -1000));
       INSERT INTO t VALUES (99499, 0.00999, '1e1003'), (-12345, -0.00123, 0)`,
    ],
    proof: ['SELECT sum(a) = 87000 FROM numeric_negative.t'],
    exists: (server) => majorOf(server) >= 15,
  }),
  valuesCase({
    item: 'real: extremes and denormals',
    schema: 'float4',
    type: 'real',
    values: literals(
      '3.4028235e38',
      '-3.4028235e38',
      '1.17549435e-38',
      '1e-45',
      '-1e-45',
      '1.1754942e-38',
      '16777217',
      '16777216',
      '0.1',
      '1.00000012',
      '9.9999999e-5',
      '123456.79',
    ),
    proof: [String.raw`SELECT float4send(v) = '\x00000001' FROM float4.t WHERE id = 4`],
  }),
  valuesCase({
    item: 'real: NaN, infinities, -0',
    schema: 'float4_odd',
    type: 'real',
    values: literals('NaN', 'Infinity', '-Infinity', '-0', '0'),
    proof: [String.raw`SELECT float4send(v) = '\x80000000' FROM float4_odd.t WHERE id = 4`],
  }),
  valuesCase({
    item: 'double precision: extremes and denormals',
    schema: 'float8',
    type: 'double precision',
    values: [
      ...literals(
        '1.7976931348623157e308',
        '-1.7976931348623157e308',
        '2.2250738585072014e-308',
        '5e-324',
        '-5e-324',
        '2.225073858507201e-308',
        '9007199254740993',
        '0.1',
        '0.30000000000000004',
        '1e23',
        '1.0000000000000002',
      ),
      '0.1::float8 + 0.2::float8',
      'pi()',
      'exp(1)',
    ],
    proof: [
      String.raw`SELECT float8send(v) = '\x0000000000000001' FROM float8.t WHERE id = 4`,
      String.raw`SELECT float8send(v) = '\x3fd3333333333334' FROM float8.t WHERE id = 12`,
    ],
  }),
  valuesCase({
    item: 'double precision: NaN, infinities, -0',
    schema: 'float8_odd',
    type: 'double precision',
    values: literals('NaN', 'Infinity', '-Infinity', '-0', '0'),
    proof: [String.raw`SELECT float8send(v) = '\x8000000000000000' FROM float8_odd.t WHERE id = 4`],
  }),
  typeCase({
    item: 'float keys: -0 and NaN in unique indexes',
    schema: 'float_keys',
    setup: [
      `CREATE TABLE t (k float8 PRIMARY KEY, r real UNIQUE); INSERT INTO t VALUES ('-0', '-0'), ('NaN', 'NaN'), (1e-320, 1e-40)`,
    ],
    proof: ['SELECT count(*) = 3 FROM float_keys.t'],
  }),
  valuesCase({
    item: 'money',
    schema: 'money',
    type: 'money',
    values: ['-92233720368547758.08', '92233720368547758.07', '-0.01', '0', '1234567.89'].map(
      (amount) => `'${amount}'::money`,
    ),
    proof: [String.raw`SELECT cash_send(v) = '\x8000000000000000' FROM money.t WHERE id = 1`],
  }),
  valuesCase({
    item: 'oid',
    schema: 'oids',
    type: 'oid',
    values: literals('0', '1', '2147483648', '4294967295'),
  }),
];

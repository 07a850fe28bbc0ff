/** Types made of others: arrays, composites, enums, domains, ranges. */
import type { FidelityCase } from '../../case.ts';
import { literals, typeCase, valuesCase } from './type-case.ts';

/** The ends of a range, by its kind. */
const bounds: Readonly<Record<string, readonly [low: string, high: string]>> = {
  int4: ['-2147483648', '2147483646'],
  int8: ['-9223372036854775808', '9223372036854775806'],
  num: ['-1.10', 'NaN'],
  date: ['4714-11-24 BC', 'infinity'],
  ts: ['-infinity', '294276-12-31 23:59:59.999999'],
  tstz: ['0001-01-01 00:00:00+00 BC', 'infinity'],
};

export const containerCases: readonly FidelityCase[] = [
  valuesCase({
    item: 'arrays: empty, NULLs, quotes, bounds of their own',
    schema: 'arrays',
    type: 'text[]',
    values: [
      `'{}'`,
      `'{NULL}'`,
      `'{"NULL",null,NULL,""}'`,
      String.raw`'{"a,b","{c}","q\"x","back\\\\slash"," ",tab	}'`,
      `'[0:2]={a,NULL,c}'`,
      `'[-5:-4]={x,y}'`,
      `'[2147483640:2147483641]={p,q}'`,
      String.raw`ARRAY[E'\n', E'\\.', '\N', 'ä€𝄞']`,
    ],
    proof: [`SELECT array_dims(v) = '[0:2]' FROM arrays.t WHERE id = 5`],
  }),
  valuesCase({
    item: 'arrays of several dimensions, each with bounds',
    schema: 'arrays_deep',
    type: 'int[][]',
    values: literals(
      '{{1,2},{3,NULL}}',
      '[5:6][-1:0]={{1,2},{3,4}}',
      '{{{{{{1}}}}}}',
      '[1:1][-2:-1][3:5]={{{1,2,3},{4,5,6}}}',
    ),
    proof: [`SELECT array_dims(v) = '[1:1][-2:-1][3:5]' FROM arrays_deep.t WHERE id = 4`],
  }),
  typeCase({
    item: 'arrays of every kind of element',
    schema: 'arrays_kinds',
    setup: [
      `CREATE TYPE e AS ENUM ('a', 'b,"c"'); CREATE TYPE c AS (x int, y text); CREATE DOMAIN d AS int CHECK (VALUE > 0)`,
      String.raw`CREATE TABLE t (a bool[], b float8[], c numeric[], d bytea[], e e[], f c[], g d[], h jsonb[], i point[], j box[],
         k timestamptz[], l int4range[], m int4multirange[], n "char"[], o name[], p inet[], q uuid[], r xml[], s tsvector[],
         u char(3)[], v money[], w bit(2)[], x regclass[], y oidvector, z int2vector);
       INSERT INTO t VALUES ('{t,NULL,f}', '{NaN,-0,5e-324}', '{1.10,NaN,1.1}', ARRAY['\x00'::bytea, '\x5c7b2c22', ''], '{"b,\"c\"",a}',
         ARRAY[ROW(1, 'q"x'), ROW(NULL, NULL), NULL]::c[], '{1,2}', ARRAY['{"a": [1, "x"]}'::jsonb], ARRAY['(1,-0)'::point],
         '{(2,2),(1,1);(4,4),(3,3)}', ARRAY['infinity'::timestamptz], '{"[1,3)",empty}', ARRAY['{[1,2),[5,6)}'::int4multirange], '{a," "}', '{n}',
         '{::1,10.0.0.0/8}', ARRAY['a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11'::uuid], ARRAY['<a b="c">,{}</a>'::xml], ARRAY['''it''''s'':1'::tsvector],
         '{a,"b  "}', ARRAY['-1.05'::money], '{10,01}', '{arrays_kinds.t,pg_catalog.pg_class}', '1 2 3', '4 5')`,
    ],
    proof: ['SELECT array_length(j, 1) = 2 AND array_length(x, 1) = 2 FROM arrays_kinds.t'],
  }),
  typeCase({
    item: 'composites: NULL and a row of NULLs, quotes, nesting',
    schema: 'composites',
    setup: [
      'CREATE TYPE inner_part AS (a int, b text); CREATE TYPE outer_part AS (i inner_part, l inner_part[], "odd "" name" float8); CREATE TYPE of_none AS ()',
      String.raw`CREATE TABLE t (id int, v outer_part, n of_none);
       INSERT INTO t VALUES (1, ROW(ROW(1, 'a,b"c\d()'), ARRAY[ROW(NULL, NULL), ROW(2, '')]::inner_part[], '-0'), ROW()),
         (2, ROW(NULL, NULL, NULL), NULL), (3, NULL, NULL), (4, ROW(ROW(NULL, NULL), '{}', 'NaN'), NULL), (5, ROW(ROW(7, E'\n'), NULL, 1e-320), NULL)`,
    ],
    proof: ['SELECT count(*) = 1 FROM composites.t WHERE v IS NOT DISTINCT FROM NULL'],
  }),
  typeCase({
    item: 'columns of the row type of a table, also after columns were dropped from it',
    schema: 'row_types',
    setup: [
      'CREATE TABLE shape (a int, gone text, b text)',
      `CREATE TABLE t (id int, v shape, w shape[]); INSERT INTO t VALUES (1, ROW(1, 'lost', 'kept'), ARRAY[ROW(2, 'lost', 'x')::shape])`,
      'ALTER TABLE shape DROP COLUMN gone',
      `INSERT INTO t VALUES (2, ROW(3, 'y'), NULL)`,
    ],
    proof: [`SELECT v::text = '(1,kept)' FROM row_types.t WHERE id = 1`],
  }),
  typeCase({
    item: 'enums: odd labels, labels added before and between, 63 bytes',
    schema: 'enums',
    setup: [
      `CREATE TYPE e AS ENUM ('b', 'it''s, "fine"', '', ' ', '${'l'.repeat(63)}', 'ÄÖ', '\\N', '\\.')`,
      `ALTER TYPE e ADD VALUE 'a' BEFORE 'b'`,
      `ALTER TYPE e ADD VALUE 'a2' AFTER 'a'`,
      `ALTER TYPE e ADD VALUE 'last'`,
      `ALTER TYPE e RENAME VALUE 'b' TO 'B renamed'`,
      `CREATE TABLE t (v e PRIMARY KEY); INSERT INTO t SELECT unnest(enum_range(NULL::e)); CREATE TYPE none AS ENUM ()`,
    ],
    proof: [
      `SELECT array_agg(v ORDER BY v) = enum_range(NULL::enums.e) AND count(*) = 11 FROM enums.t`,
      `SELECT (enum_range(NULL::enums.e))[1:3]::text[] = ARRAY['a', 'a2', 'B renamed']`,
    ],
  }),
  typeCase({
    item: 'domains: checks, defaults, NOT NULL, over arrays, composites and domains',
    schema: 'domains',
    setup: [
      `CREATE DOMAIN positive AS int DEFAULT 7 CHECK (VALUE > 0); CREATE DOMAIN small AS positive CHECK (VALUE < 100);
       CREATE DOMAIN words AS text[] CHECK (array_ndims(VALUE) = 1); CREATE TYPE pair AS (a int, b int);
       CREATE DOMAIN rising AS pair CHECK ((VALUE).a < (VALUE).b); CREATE DOMAIN fixed AS char(4); CREATE DOMAIN needed AS text NOT NULL`,
      `CREATE TABLE t (a positive, b small, c words, d rising, e fixed, f needed, g small[], h positive DEFAULT 8);
       INSERT INTO t VALUES (1, 99, '[3:4]={a,NULL}', '(1,2)', 'x', '', '{1,NULL}', DEFAULT), (DEFAULT, NULL, NULL, NULL, NULL, 'y', NULL, NULL);
       ALTER DOMAIN positive ADD CONSTRAINT later CHECK (VALUE <> 13) NOT VALID`,
    ],
    proof: [
      'SELECT count(*) = 1 FROM domains.t WHERE a = 7 AND h IS NULL',
      'SELECT h = 8 FROM domains.t WHERE a = 1',
    ],
  }),
  typeCase({
    item: 'a domain whose check was tightened under values that break it',
    schema: 'domain_unproven',
    setup: [
      'CREATE DOMAIN d AS int; CREATE TABLE t (v d); INSERT INTO t VALUES (-1), (1)',
      'ALTER DOMAIN d ADD CONSTRAINT above CHECK (VALUE > 0) NOT VALID',
    ],
    proof: ['SELECT min(v) = -1 FROM domain_unproven.t'],
  }),
  ...['int4', 'int8', 'num', 'date', 'ts', 'tstz'].map((kind) => rangeCase(kind)),
  typeCase({
    item: "a range type of one's own, and its multirange",
    schema: 'own_range',
    setup: [
      `CREATE TYPE floats AS RANGE (subtype = float8, subtype_diff = float8mi, multirange_type_name = "many floats");
       CREATE TYPE texts AS RANGE (subtype = text, collation = "C")`,
      String.raw`CREATE TABLE t (a floats, b "many floats", c texts);
       INSERT INTO t VALUES ('[-0,5e-324)', '{[1,2],(3,NaN]}', '["a,b","c\"d\\")'), ('(-Infinity,Infinity)', '{}', '("",]'), ('empty', NULL, '["[","]"]')`,
    ],
    proof: ['SELECT count(*) = 3 FROM own_range.t'],
  }),
];

function rangeCase(kind: string): FidelityCase {
  const [low = '', high = ''] = bounds[kind] ?? [];
  const range = `${kind}range`;
  const ends = ['[,)', '(,]', '[]', '()', '[)', '(]'].map((ends) =>
    ends.includes(',') ? ends : `${ends[0]}"${low}","${high}"${ends[1]}`,
  );
  const multi = ['{}', `{["${low}","${high}")}`, '{(,)}'];
  return typeCase({
    item: `${range} and ${kind}multirange: empty, unbounded, every kind of end`,
    schema: range,
    setup: [
      `CREATE TABLE t (v ${range}, m ${kind}multirange);
       INSERT INTO t (v) SELECT unnest(ARRAY['empty', '(,)', ${ends.map((text) => `'${text}'`).join(', ')}]::${range}[]);
       INSERT INTO t (m) SELECT unnest(ARRAY[${multi.map((text) => `'${text}'`).join(', ')}]::${kind}multirange[])`,
    ],
    proof: [
      `SELECT count(v) = 8 AND count(m) = 3 AND count(*) FILTER (WHERE isempty(v)) = 1 FROM ${range}.t`,
    ],
  });
}

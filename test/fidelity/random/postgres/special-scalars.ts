/** PostgreSQL's built-in types beyond numbers, text and time: documents, geometry, networks, search, identifiers, ranges. */
import { type IndexMethod, ordered, type Scalar } from './scalar.ts';

function type(
  sql: string,
  texts: readonly string[],
  indexes: readonly IndexMethod[] = [],
  more: Partial<Scalar> = {},
): Scalar {
  return { sql, texts, indexes, ...more };
}

export function documentTypes(): Scalar[] {
  return [
    type(
      'json',
      [
        '{}',
        'null',
        ' { "a" : 1, "a":1.50 ,\n"b":[ ] } ',
        String.raw`"\u0000 \ud83d\ude00 \" \\ \n"`,
        '-0.0e-400',
        '[[[[[[]]]]]]',
      ],
      [],
      {
        large: [`["${'väl\\n'.repeat(20_000)}"]`],
        random: (dice) => JSON.stringify({ [dice.text(3)]: [dice.text(8), dice.below(99), null] }),
      },
    ),
    type(
      'jsonb',
      [
        '{}',
        'null',
        '{"b": 1.50, "a": [true, "\\ud83d\\ude00"]}',
        '-0',
        '1e400',
        String.raw`"\" \\ \n \t \u0001"`,
      ],
      ['btree', 'hash', 'gin'],
      {
        random: (dice) => JSON.stringify({ [dice.text(3)]: [dice.text(8), dice.below(99), null] }),
        distinct: (n) => `{"n": ${n}}`,
      },
    ),
    type('jsonpath', ['$', 'strict $."a b".c[*] ? (@ > 1.5 && @.x == "\\"")', '$.type()']),
    type('xml', [
      '<a/>',
      '',
      'text &amp; <b c="d">\n</b>',
      '<?xml version="1.0"?><!DOCTYPE a><a>é 😀</a>',
      '<![CDATA[ ]]>',
      ' \t<a/>\n',
    ]),
    type(
      'tsvector',
      ['a', '', String.raw`'it''s':1A,2B,16383 'sp ace' '\\':3`, "'😀':1 'é':2C 'e':5", "'tab\there'"],
      ['btree', 'gin', 'gist'],
    ),
    type('tsquery', ['a', '', "!a & ('b c':*AB | d <-> e)", String.raw`'it''s' <5> '\\'`], ['btree', 'gist']),
  ];
}

export function geometricTypes(): Scalar[] {
  return [
    type(
      'point',
      [
        '(0,0)',
        '(1.5,-2)',
        '(-0,NaN)',
        '(Infinity,-Infinity)',
        '(1e308,5e-324)',
        '(0.1,0.30000000000000004)',
      ],
      [],
    ),
    type('line', ['{1,2,3}', '{0,-1,0.1}', '{1e300,1e-300,-0}']),
    type('lseg', ['[(0,0),(1,1)]', '[(NaN,0),(Infinity,1e-320)]']),
    type('box', ['(1,1),(0,0)', '(1e30,1),(0.1,-1e30)', '(0,0),(0,0)'], ['gist', 'spgist', 'brin'], {
      delimiter: ';',
    }),
    type('path', ['[(0,0),(1,1)]', '((0,0),(1,0),(0.1,1e-10))', '[(1,1)]']),
    type('polygon', ['((0,0),(1,0),(1,1))', '((0.1,0.2))'], ['gist', 'spgist'], {
      random: (dice) =>
        `(${Array.from({ length: dice.between(1, 9) }, () => `(${dice.below(1e6) / 7},${dice.below(1e6) / 3})`).join(',')})`,
    }),
    type('circle', ['<(0,0),1>', '<(0.1,-0),0>', '<(1e100,1e-100),Infinity>']),
  ];
}

export function otherTypes(): Scalar[] {
  return [
    type(
      'inet',
      ['127.0.0.1', '0.0.0.0/0', '::', '::ffff:1.2.3.4/96', 'fe80::1/64', '255.255.255.255/1'],
      [...ordered, 'spgist'],
      {
        distinct: (n) => `10.${n >> 8}.${n & 255}.1/${8 + (n % 25)}`,
      },
    ),
    type('cidr', ['10.0.0.0/8', '0.0.0.0/0', '::/0', '2001:db8::/32', '1.2.3.4/32'], [...ordered, 'spgist']),
    type('macaddr', ['00:00:00:00:00:00', 'ff:ff:ff:ff:ff:ff', '08:00:2b:01:02:03'], ordered),
    type('macaddr8', ['00:00:00:00:00:00:00:00', 'ff:ff:ff:ff:ff:ff:ff:ff'], ordered),
    type('xid', ['0', '4294967295'], ['hash']),
    type('xid8', ['0', '18446744073709551615'], ['btree', 'hash']),
    type('cid', ['0', '4294967295'], ['hash']),
    type('tid', ['(0,0)', '(0,1)', '(4294967295,65535)'], ['btree', 'hash']),
    type('pg_snapshot', ['10:20:10,14,15', '1:1:']),
    type('txid_snapshot', ['10:20:10,14,15']),
    type('int2vector', ['1 2', '', '-32768 32767']),
    type('oidvector', ['1 2', '', '4294967295'], ['btree', 'hash']),
    type('refcursor', ['c', '', 'a "b"']),
    type('aclitem', ['postgres=r/postgres', '=arwd*/postgres']),
    type('regclass', ['pg_class', '-', '4294967295', 'information_schema.tables']),
    type('regtype', ['integer', 'character varying', '-', 'text[]', 'timestamp with time zone']),
    type('regproc', ['now', '-']),
    type('regprocedure', ['abs(integer)', '-']),
    type('regoper', ['||/', '0']),
    type('regoperator', ['+(integer,integer)', '0']),
    type('regrole', ['postgres', '-']),
    type('regnamespace', ['pg_catalog', '-']),
    type('regconfig', ['simple', 'english']),
    type('regdictionary', ['simple']),
    type('regcollation', ['"C"', '-']),
  ];
}

/** Bounds that overflow when the type writes them in its one form are left out. */
export function rangeTypes(): Scalar[] {
  const methods: readonly IndexMethod[] = ['btree', 'hash', 'gist', 'spgist', 'brin'];
  const several: readonly IndexMethod[] = ['btree', 'hash', 'gist'];
  const numbers = ['empty', '[1,5)', '(,)', '(,0)', '[5,)'];
  const plain = (bounds: readonly string[]): string[] => [
    '{}',
    ...bounds.filter((one) => one !== 'empty').map((one) => `{${one}}`),
  ];
  const both = (name: string, ranges: readonly string[]): Scalar[] => [
    type(`${name}range`, ranges, methods),
    type(`${name}multirange`, plain(ranges), several),
  ];
  return [
    ...both('int4', [...numbers, '[-2147483648,2147483647)']),
    ...both('int8', [...numbers, '[-9223372036854775808,9223372036854775807)']),
    ...both('num', [...numbers, '(NaN,NaN]', '[-Infinity,0.10]', '(0,1e-30]']),
    ...both('date', [
      'empty',
      '[2000-01-01,2001-01-01)',
      '[-infinity,infinity]',
      '[4714-11-24 BC,0001-01-01 BC)',
      '(,)',
    ]),
    ...both('ts', [
      'empty',
      '["2000-01-01 00:00:00","2000-01-01 00:00:00.000001"]',
      '[-infinity,infinity)',
      '(,"0044-03-15 00:00:00 BC")',
    ]),
    ...both('tstz', [
      'empty',
      '("2026-10-25 02:30:00+02","2026-10-25 02:30:00+01"]',
      '[infinity,infinity]',
      '(,)',
    ]),
  ];
}

/** Column types of MySQL and MariaDB, each with its values from plain to extreme, as expressions. */
import type { Dice } from '../dice.ts';
import { type Collation, distinctText, randomText, textLiteral, texts, ascii } from './charset.ts';

export interface ColumnType {
  readonly sql: string;
  /** Plainest first; of a text type in this collation's character set. */
  readonly values: (of: Collation) => readonly string[];
  /** So large that not every row may have one. */
  readonly large?: (of: Collation) => readonly string[];
  readonly random?: (dice: Dice, of: Collation) => string;
  /** The n-th of many values that are all different, also to the collation. */
  readonly distinct?: (n: number, of: Collation) => string;
  /** It takes CHARACTER SET and COLLATE. */
  readonly text: boolean;
  readonly index: 'whole' | 'prefix' | 'spatial' | 'none';
  readonly fallback: 'literal' | 'expression' | 'none';
  /** Partitions by RANGE and HASH take it. */
  readonly whole?: boolean;
  /** Takes CURRENT_TIMESTAMP, with this precision. */
  readonly clock?: string;
}

export interface Server {
  readonly family: 'mysql' | 'mariadb';
  readonly major: number;
  readonly minor: number;
  readonly collations: readonly Collation[];
}

type More = Partial<ColumnType>;

function type(sql: string, values: readonly string[], more: More = {}): ColumnType {
  return { sql, values: () => values, text: false, index: 'whole', fallback: 'literal', ...more };
}

function integers(): ColumnType[] {
  const sizes = [
    ['int', 32],
    ['tinyint', 8],
    ['smallint', 16],
    ['mediumint', 24],
    ['bigint', 64],
  ] as const;
  return sizes.flatMap(([name, bits]) => {
    const half = 1n << BigInt(bits - 1);
    const signed = ['0', '1', '-1', String(-half), String(half - 1n)];
    const unsigned = ['0', '1', String(2n * half - 1n), String(half)];
    const many = (extremes: readonly string[]): More =>
      bits === 8 ? {} : { distinct: (n) => extremes[n] ?? String(n * 37 + 2), whole: true };
    return [
      type(name, signed, { ...many(signed), random: (dice) => String(BigInt.asIntN(bits, dice.bits(bits))) }),
      type(`${name} unsigned`, unsigned, { ...many(unsigned), random: (dice) => String(dice.bits(bits)) }),
      type(`${name}(3) zerofill`, unsigned, { random: (dice) => String(dice.bits(bits)) }),
    ];
  });
}

function numbers(): ColumnType[] {
  const nines = '9'.repeat(35);
  return [
    type(
      'decimal(65,30)',
      ['0', '1', `-${nines}.${'9'.repeat(30)}`, `${nines}.${'9'.repeat(30)}`, `0.${'0'.repeat(29)}1`],
      {
        random: (dice) => `${dice.one(['', '-'])}${dice.digits(35)}.${dice.digits(30)}`,
        distinct: (n) => [`-${nines}.5`, '0', `${nines}`][n] ?? `${n}.${'0'.repeat(20)}${n}`,
      },
    ),
    type('decimal(5,5)', ['0', '0.99999', '-0.00001']),
    type('decimal(7,2) unsigned zerofill', ['0', '99999.99', '1.50']),
    type(
      'float',
      [
        '0',
        '1.5',
        '-0e0',
        '1.17549435e-38',
        '3.40282346e38',
        '-3.40282346e38',
        '16777216',
        '16777217',
        '0.1',
        '1.4e-45',
      ],
      {
        random: (dice) => dice.float(),
        index: 'whole',
      },
    ),
    type('float unsigned', ['0', '1.5', '3.40282346e38']),
    type(
      'double',
      [
        '0',
        '1.5',
        '-0e0',
        '2.2250738585072014e-308',
        '1.7976931348623157e308',
        '0.30000000000000004',
        '5e-324',
        '123456789.12345679',
      ],
      {
        random: (dice) => dice.double(),
        distinct: (n) => `${n * 3 + 0.0625}`,
      },
    ),
    type('double(12,3)', ['0', '1.5', '-999999999.999']),
    type('bit(1)', ["b'0'", "b'1'"]),
    type('bit(64)', ['0', '1', '18446744073709551615', '9223372036854775808'], {
      random: (dice) => String(dice.bits(64)),
    }),
    type('bit(20)', ['0', '1048575', '92', '9'], { distinct: (n) => String(n * 11) }),
  ];
}

const day = (dice: Dice): string =>
  `${String(dice.between(1000, 9998))}-${String(dice.between(1, 12)).padStart(2, '0')}-${String(dice.between(1, 28)).padStart(2, '0')}`;
const clock = (dice: Dice, digits: number): string =>
  `${[24, 60, 60].map((limit) => String(dice.below(limit)).padStart(2, '0')).join(':')}${digits === 0 ? '' : `.${dice.digits(digits)}`}`;
const distinctDay = (n: number): string => new Date(86_400_000 * (n * 11 + 400)).toISOString().slice(0, 10);

function times(): ColumnType[] {
  const at = (name: string, precision: number): string => (precision === 0 ? name : `${name}(${precision})`);
  const fraction = (precision: number): string => (precision === 0 ? '' : `.${'9'.repeat(precision)}`);
  return [
    type(
      'date',
      ["'2000-01-01'", "'0000-00-00'", "'2024-00-00'", "'2023-02-31'", "'9999-12-31'", "'0001-01-01'"],
      {
        random: (dice) => `'${day(dice)}'`,
        distinct: (n) =>
          ["'0000-00-00'", "'9999-12-31'", "'2024-00-00'", "'2023-02-31'"][n] ?? `'${distinctDay(n)}'`,
      },
    ),
    type('year', ['2000', '0', '1901', '2155']),
    ...[0, 3, 6].map((p) =>
      type(
        at('time', p),
        ["'00:00:00'", "'-838:59:59'", "'838:59:59'", `'-00:00:00${fraction(p)}'`, "'24:00:00'"],
        {
          random: (dice) => `'${dice.one(['', '-'])}${clock(dice, p)}'`,
        },
      ),
    ),
    ...[0, 1, 6].map((p) =>
      type(
        at('datetime', p),
        [
          "'2000-01-01 00:00:00'",
          "'0000-00-00 00:00:00'",
          `'9999-12-31 23:59:59${fraction(p)}'`,
          `'2024-00-00 01:02:03${fraction(p)}'`,
          "'0001-01-01 00:00:00'",
        ],
        {
          random: (dice) => `'${day(dice)} ${clock(dice, p)}'`,
          distinct: (n) =>
            ["'0000-00-00 00:00:00'", `'9999-12-31 23:59:59${fraction(p)}'`][n] ??
            `'${distinctDay(n)} 12:34:56'`,
          clock: p === 0 ? '' : `(${p})`,
        },
      ),
    ),
    ...[0, 6].map((p) =>
      type(
        at('timestamp', p),
        [
          "'2000-01-01 00:00:00'",
          "'0000-00-00 00:00:00'",
          `'2038-01-19 03:14:07${fraction(p)}'`,
          "'1970-01-01 00:00:01'",
          "'2026-10-25 01:30:00'",
          "'2026-10-25 00:30:00'",
        ],
        {
          distinct: (n) =>
            ["'0000-00-00 00:00:00'", "'1970-01-01 00:00:01'"][n] ?? `'${distinctDay(n)} 12:34:56'`,
          clock: p === 0 ? '' : `(${p})`,
        },
      ),
    ),
  ];
}

function texty(sql: string, most: number, more: More = {}): ColumnType {
  return {
    sql,
    values: (of) => texts(of, most),
    random: (dice, of) => randomText(dice, of, most),
    text: true,
    index: 'whole',
    fallback: 'expression',
    ...(most >= 20 ? { distinct: distinctText } : {}),
    ...more,
  };
}

const longTexts: More = {
  index: 'prefix',
  large: (of) => [`REPEAT(${textLiteral(ascii('long \\ \t\n', of.charset), of)}, 1500)`],
};

function strings(): ColumnType[] {
  const members = ['a', 'b c', "it''s", '"', '\\\\', 'é漢', '`', '%', 'X'];
  const list = (values: readonly string[]): string => values.map((value) => `'${value}'`).join(', ');
  const sixtyFour = Array.from({ length: 64 }, (_, n) => `m${n}`);
  const long = (sql: string): ColumnType => {
    const { distinct: _, ...rest } = texty(sql, 60, longTexts);
    return rest;
  };
  const plain = type('', []);
  return [
    texty('varchar(40)', 40),
    texty('varchar(1)', 1),
    texty('varchar(0)', 0, { index: 'none' }),
    texty('char(30)', 30),
    texty('char(1)', 1),
    long('text'),
    texty('tinytext', 15, { index: 'prefix' }),
    long('mediumtext'),
    long('longtext'),
    {
      ...plain,
      sql: `enum(${list(members)})`,
      values: () => members.map((_, n) => String(n + 1)),
      fallback: 'none',
    },
    { ...plain, sql: `set(${list(members)})`, values: () => ['1', '0', '511', '3', '256'], fallback: 'none' },
    {
      ...plain,
      sql: `set(${list(sixtyFour)})`,
      values: () => ['1', '18446744073709551615', '9223372036854775808'],
      fallback: 'none',
    },
  ];
}

const allBytes = Buffer.from(Array.from({ length: 256 }, (_, byte) => byte)).toString('hex');

function binaries(): ColumnType[] {
  const bytes = ["x'00'", "''", "x'5c'", "x'0a09'", "x'ff'", "x'000102'", "x'20'"];
  const random =
    (most: number) =>
    (dice: Dice): string =>
      `x'${dice.bytes(dice.between(1, most)).toString('hex')}'`;
  const numbered = (n: number): string => `x'01${n.toString(16).padStart(6, '0')}'`;
  const blob = (name: string): ColumnType =>
    type(name, [...bytes, ...(name === 'tinyblob' ? [] : [`x'${allBytes}'`])], {
      index: 'prefix',
      fallback: 'expression',
      random: random(40),
      ...(name === 'tinyblob' ? {} : { large: () => [`REPEAT(x'${allBytes}', 200)`] }),
    });
  return [
    type('varbinary(20)', bytes, {
      random: random(20),
      distinct: (n) => ["''", "x'00'", "x'0000'", "x'5c'", "x'ff'", "x'20'"][n] ?? numbered(n),
      fallback: 'expression',
    }),
    type('binary(8)', bytes, { random: random(8), distinct: numbered, fallback: 'expression' }),
    type('binary(1)', ["x'00'", "x'20'", "x'ff'"], { fallback: 'expression' }),
    ...['tinyblob', 'blob', 'mediumblob', 'longblob'].map(blob),
  ];
}

function geometries({ family }: Server): ColumnType[] {
  const shape = (sql: string, values: readonly string[], srid = 0): ColumnType =>
    type(
      sql,
      values.map((text) => `ST_GeomFromText('${text}'${srid === 0 ? '' : `, ${srid}`})`),
      { index: 'spatial', fallback: 'none' },
    );
  return [
    shape('point', ['POINT(0 0)', 'POINT(1e300 -1e-300)', 'POINT(0.1 0.30000000000000004)']),
    shape('linestring', ['LINESTRING(0 0,1 1)', 'LINESTRING(0.1 0,-0 1,2 2)']),
    shape('polygon', ['POLYGON((0 0,0 1,1 1,0 0))']),
    shape('geometry', [
      'POINT(0 0)',
      'MULTIPOINT(0 0,1 1)',
      'GEOMETRYCOLLECTION(POINT(1 1),LINESTRING(0 0,1 1))',
    ]),
    ...(family === 'mysql'
      ? [shape('point SRID 4326', ['POINT(0 0)', 'POINT(89.9 179.9)', 'POINT(-45.5 0.1)'], 4326)]
      : []),
  ];
}

function others({ family, major, minor }: Server): ColumnType[] {
  const json = [
    '{}',
    'null',
    '[1, 2.50, "é😀\\\\n\\\\\\\\"]',
    '{"b": 1, "a": {"c": null}}',
    '"\\\\u0000"',
    '1e100',
    '18446744073709551615',
  ];
  const document = type(
    'json',
    json.map((text) => `_utf8mb4 '${text.replaceAll("'", "''")}'`),
    { index: 'none', fallback: 'expression' },
  );
  if (family === 'mysql') {
    const vectors = ["TO_VECTOR('[1,2.5,-0]')", "TO_VECTOR('[3.4e38,1.2e-38,0.1]')", "TO_VECTOR('[1]')"];
    return [
      document,
      ...(major >= 9 ? [type('vector(3)', vectors, { index: 'none', fallback: 'none' })] : []),
    ];
  }
  const uuid = (n: number): string =>
    `'${n.toString(16).padStart(8, '0')}-1234-4678-9abc-${(n * 7919).toString(16).padStart(12, '0')}'`;
  return [
    document,
    type(
      'uuid',
      [
        "'00000000-0000-0000-0000-000000000000'",
        "'ffffffff-ffff-ffff-ffff-ffffffffffff'",
        "'5c00090a-270d-11ec-8000-5c5c5c5c5c5c'",
      ],
      { distinct: uuid },
    ),
    type('inet6', ["'::'", "'ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff'", "'::ffff:1.2.3.4'", "'5c5c::5c0a'"], {
      distinct: (n) => `'fe80::${n.toString(16)}'`,
    }),
    type('inet4', ["'0.0.0.0'", "'255.255.255.255'", "'92.92.10.9'"], {
      distinct: (n) => `'10.92.${n >> 8}.${n & 255}'`,
    }),
    ...(major > 11 || (major === 11 && minor >= 7)
      ? [
          type('vector(3)', ["VEC_FromText('[1,2.5,-0]')", "VEC_FromText('[3.4e38,1.2e-38,0.1]')"], {
            index: 'none',
            fallback: 'none',
          }),
        ]
      : []),
  ];
}

export function typesOf(server: Server): ColumnType[] {
  return [
    ...integers(),
    ...strings(),
    ...numbers(),
    ...times(),
    ...binaries(),
    ...geometries(server),
    ...others(server),
  ];
}

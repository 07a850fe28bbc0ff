/** PostgreSQL's numbers, texts, bytes and what is like them. */
import type { Dice } from '../dice.ts';
import { distinctly, ordered, type Scalar } from './scalar.ts';

function integer(sql: string, bits: number): Scalar {
  const least = -(1n << BigInt(bits - 1));
  const greatest = -least - 1n;
  const extremes = ['0', '1', '-1', String(least), String(greatest)];
  return {
    sql,
    texts: extremes,
    random: (dice) => String(BigInt.asIntN(bits, dice.bits(bits))),
    distinct: distinctly(extremes, (n) => String(((n * 37) % 32749) + 2)),
    indexes: ordered,
  };
}

const strings = [
  'a',
  '',
  ' ',
  '\\N',
  '\\.',
  'NULL',
  'tab\tline\nfeed\rend',
  '\\ \\t \\x41 \\101',
  `it's "quoted"`,
  '\u0001\u0008\u000b\u001f\u007f',
  '\u{10ffff}\ufeff\u2028',
  '😀 漢字 é e\u0301',
  ' two  spaces ',
  '{},()[]<>',
] as const;

const longText = 'läng 😀\n\t\\'.repeat(9_000);

/** Hex of a plain generator: does not compress, so it is stored out of line. */
function noise(bytes: number): string {
  let state = 1;
  return Array.from({ length: bytes }, () => {
    state = (Math.imul(state, 1_103_515_245) + 12_345) >>> 0;
    return ((state >>> 16) & 0xff).toString(16).padStart(2, '0');
  }).join('');
}

/** Ends in its number, and nothing before that is a digit: different to every collation. */
function distinctText(n: number): string {
  const odd = ['', 'A', 'é', ' ', '\\N', '\t', '漢', '😀', "'", '"', 'Zz', '%_', '\n'];
  return `${odd[n % odd.length]}-${n}`;
}

function text(sql: string, limit = Number.POSITIVE_INFINITY): Scalar {
  const fits = (value: string): boolean => Array.from(value).length <= limit;
  const bounded = Number.isFinite(limit);
  const full = bounded ? ['😀'.repeat(Math.min(limit, 500))] : [];
  return {
    sql,
    texts: [...strings.filter(fits), ...full],
    ...(bounded ? {} : { large: [longText, noise(30_000)] }),
    random: (dice) => dice.text(dice.below(Math.min(limit, 40) + 1)),
    ...(limit >= 8 ? { distinct: distinctText } : {}),
    indexes: ['btree', 'hash', 'brin', 'spgist'],
    collatable: true,
  };
}

/** Padded with spaces, which its comparisons leave out. */
function character(limit: number): Scalar {
  return { ...text(`char(${limit})`, limit), indexes: ordered };
}

const floats = ['0', '1.5', '-0', 'NaN', 'Infinity', '-Infinity', '0.1'];

function float(sql: string, extremes: readonly string[], random: (dice: Dice) => string): Scalar {
  return {
    sql,
    texts: [...floats, ...extremes],
    random,
    distinct: distinctly(
      ['0', '1.5', 'NaN', 'Infinity', '-Infinity', ...extremes],
      (n) => `${n * 3 + 100}.0625`,
    ),
    indexes: ordered,
  };
}

const greatNumber = `${'1234567890'.repeat(100)}.${'0987654321'.repeat(100)}`;

function numeric(): Scalar {
  return {
    sql: 'numeric',
    texts: ['0', '1', '-0.0', '1.500', 'NaN', 'Infinity', '-Infinity', '1e-200', `-${greatNumber}`, '1e+600'],
    large: ['9e60000', '-1e-16000'],
    random: (dice) =>
      `${dice.one(['', '-'])}${dice.digits(dice.between(1, 60))}.${dice.digits(dice.below(60))}`,
    distinct: distinctly(['0', 'NaN', '-Infinity', 'Infinity', '-1e-30', '1e50'], (n) => `${n}.${n}00`),
    indexes: ordered,
  };
}

/** Scale below zero or above precision: from PostgreSQL 15 on. */
function numericOf(precision: number, scale: number): Scalar {
  const power = precision - scale;
  const unit = `1e${-scale}`;
  const greatest = `${'9'.repeat(precision)}e${-scale}`;
  return {
    sql: `numeric(${precision},${scale})`,
    texts: ['0', unit, `-${unit}`, greatest, `-${greatest}`, 'NaN', `1e${power - 1}`],
    random: (dice) => `${dice.one(['', '-'])}${dice.digits(precision)}e${-scale}`,
    indexes: ordered,
  };
}

export function plainTypes(): Scalar[] {
  return [
    integer('integer', 32),
    text('text'),
    integer('smallint', 16),
    integer('bigint', 64),
    numeric(),
    ...(
      [
        [1, 0],
        [1000, 500],
        [38, 10],
        [5, 5],
        [3, -2],
        [2, 6],
      ] as const
    ).map(([p, s]) => numericOf(p, s)),
    float('real', ['1e-45', '1.1754942e-38', '3.4028235e38', '16777216', '1.0000001'], (dice) =>
      dice.float(),
    ),
    float(
      'double precision',
      ['5e-324', '2.2250738585072011e-308', '1.7976931348623157e308', '0.30000000000000004'],
      (dice) => dice.double(),
    ),
    { sql: 'boolean', texts: ['true', 'false'], indexes: ['btree', 'hash'] },
    text('varchar'),
    text('varchar(1)', 1),
    text('varchar(60)', 60),
    character(1),
    character(12),
    { sql: '"char"', texts: ['a', '', '\\', '\n', '\\377', '\\200'], indexes: ['btree', 'hash', 'brin'] },
    {
      sql: 'name',
      texts: strings.filter((value) => value.length < 20),
      distinct: distinctText,
      indexes: ordered,
    },
    {
      sql: 'bytea',
      texts: [
        '\\x00',
        '\\x',
        '\\x5c',
        '\\x0a09',
        `\\x${Buffer.from(Array.from({ length: 256 }, (_, b) => b)).toString('hex')}`,
      ],
      large: [`\\x${noise(60_000)}`, `\\x${'00'.repeat(100_000)}`],
      random: (dice) => `\\x${dice.bytes(dice.below(40)).toString('hex')}`,
      distinct: distinctly(
        ['\\x', '\\x00', '\\x0000', '\\xff', '\\x5c'],
        (n) => `\\x00${(n + 0x10000).toString(16).padStart(6, '0')}`,
      ),
      indexes: ['btree', 'hash', 'brin'],
    },
    {
      sql: 'uuid',
      texts: ['00000000-0000-0000-0000-000000000000', 'ffffffff-ffff-ffff-ffff-ffffffffffff'],
      random: (dice) => dice.bytes(16).toString('hex'),
      distinct: distinctly(
        ['00000000-0000-0000-0000-000000000000', 'ffffffff-ffff-ffff-ffff-ffffffffffff'],
        (n) => (n * 7919 + 1).toString(16).padStart(32, 'a'),
      ),
      indexes: ordered,
    },
    {
      sql: 'money',
      texts: ['0', '1.50', '-92233720368547758.08', '92233720368547757.00'],
      distinct: (n) => `${n}.25`,
      indexes: ['btree'],
    },
    {
      sql: 'oid',
      texts: ['0', '1', '4294967295'],
      distinct: distinctly(['0', '4294967295'], String),
      indexes: ordered,
    },
    {
      sql: 'pg_lsn',
      texts: ['0/0', 'FFFFFFFF/FFFFFFFF'],
      distinct: (n) => `${n.toString(16)}/0`,
      indexes: ordered,
    },
    { sql: 'bit(1)', texts: ['0', '1'], indexes: ['btree', 'brin'] },
    {
      sql: 'bit(17)',
      texts: ['0'.repeat(17), '1'.repeat(17)],
      distinct: (n) => n.toString(2).padStart(17, '0'),
      indexes: ['btree', 'brin'],
    },
    {
      sql: 'bit varying',
      texts: ['', '0', '1010', '1'.repeat(200)],
      large: ['01'.repeat(40_000)],
      indexes: ['btree', 'brin'],
    },
    { sql: 'bit varying(5)', texts: ['', '10101', '0'], indexes: ['btree', 'brin'] },
  ];
}

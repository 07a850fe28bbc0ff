/** Numbers, dates and times, each with its values from plain to extreme. */
import type { Dice } from '../dice.ts';
import { type ColumnType, type More, type } from './column-type.ts';

export function integers(): ColumnType[] {
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

export function numbers(): ColumnType[] {
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

export function times(): ColumnType[] {
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

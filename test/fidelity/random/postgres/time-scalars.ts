/** PostgreSQL's dates, times and intervals. */
import type { Dice } from '../dice.ts';
import { distinctly, ordered, type Scalar } from './scalar.ts';

function times(sql: string, texts: readonly string[], more: Partial<Scalar> = {}): Scalar {
  return { sql, texts, indexes: ordered, ...more };
}

const clock = (dice: Dice): string =>
  `${String(dice.below(24)).padStart(2, '0')}:${String(dice.below(60)).padStart(2, '0')}:${String(dice.below(60)).padStart(2, '0')}.${dice.digits(6)}`;
const day = (dice: Dice): string => {
  const bc = dice.below(4) === 0;
  const parts = [
    [dice.between(1, bc ? 4700 : 9998), 4],
    [dice.between(1, 12), 2],
    [dice.between(1, 28), 2],
  ] as const;
  return parts.map(([part, size]) => String(part).padStart(size, '0')).join('-') + (bc ? ' BC' : '');
};
const dayAndClock = (dice: Dice, zone = ''): string => {
  const [date, bc] = day(dice).split(' ');
  return `${date} ${clock(dice)}${zone}${bc === undefined ? '' : ' BC'}`;
};
const distinctDay = (n: number): string => new Date(86_400_000 * (n * 11 - 300)).toISOString().slice(0, 10);

const zones = ['+00', '-12', '+14', '+05:45', '-03:30', '+00:00:01', '-15:59'];

function timestamps(name: string, precision: number | undefined, zoned: boolean): Scalar {
  const p = precision === undefined ? '' : `(${precision})`;
  const zone = zoned ? '+00' : '';
  const fraction = precision === undefined || precision === 6 ? '.999999' : '';
  const extremes = ['2000-01-01 00:00:00', 'infinity', '-infinity'];
  return times(
    `${name}${p}${zoned ? ' with time zone' : ''}`,
    [
      ...extremes,
      `4714-11-24 00:00:00${zone} BC`,
      `294276-12-31 23:59:59${fraction}${zone}`,
      `0001-12-31 23:59:59.123456${zone} BC`,
      `1883-11-18 12:03:58.5${zone}`,
      `2026-10-25 02:30:00${zoned ? ' Europe/Berlin' : ''}`,
      '1969-12-31 23:59:59.999999',
    ],
    {
      random: (dice) => dayAndClock(dice, zoned ? dice.one(zones) : ''),
      distinct: distinctly(extremes, (n) => `${distinctDay(n)} 12:34:56${zone}`),
    },
  );
}

const intervals = [
  '1 day',
  '0',
  '-1 mon +1 day -00:00:00.000001',
  '178000000 years',
  '-178000000 years',
  '00:59:59.5',
  '1 year -13 mons',
];

export function dateTypes(major: number): Scalar[] {
  const endless = major >= 17 ? ['infinity', '-infinity'] : [];
  return [
    times(
      'date',
      [
        '2000-01-01',
        'infinity',
        '-infinity',
        '4714-11-24 BC',
        '5874897-12-31',
        '0001-01-01 BC',
        '2024-02-29',
      ],
      {
        random: day,
        distinct: distinctly(
          ['2000-01-01', 'infinity', '-infinity', '4714-11-24 BC', '5874897-12-31'],
          distinctDay,
        ),
      },
    ),
    times('time', ['00:00:00', '24:00:00', '23:59:59.999999', '12:00:00.000001'], { random: clock }),
    times('time(0)', ['00:00:00', '24:00:00', '23:59:59', '12:00:00.4'], {
      random: (dice) => clock(dice).slice(0, 8),
    }),
    times(
      'time with time zone',
      ['00:00:00+00', '24:00:00-15:59', '23:59:59.999999+15:59', '12:00:00+05:45:30'],
      {
        random: (dice) => clock(dice) + dice.one(zones),
      },
    ),
    times('time(3) with time zone', ['00:00:00+00', '00:00:00.123-01'], {}),
    timestamps('timestamp', undefined, false),
    timestamps('timestamp', 0, false),
    timestamps('timestamp', 3, false),
    timestamps('timestamp', undefined, true),
    timestamps('timestamp', 1, true),
    times('interval', [...intervals, ...endless], {
      random: (dice) =>
        `${dice.between(-1000, 1000)} mons ${dice.between(-9999, 9999)} days ${dice.one(['', '-'])}${clock(dice)}`,
      distinct: (n) => `${n} days`,
    }),
    times('interval year to month', ['1 year', '-1 mon', '178000000 years'], {}),
    times('interval day to second(2)', ['1 day', '-1 day 00:00:00.01', '3 days 04:05:06.789'], {}),
    times('interval(0)', intervals, {}),
  ];
}

/** Dates, times and intervals, from the first of the calendar to the last. */
import { type FidelityCase, majorOf } from '../../case.ts';
import { literals, typeCase, valuesCase } from './type-case.ts';

const moments = [
  '4714-11-24 00:00:00 BC',
  '0001-12-31 23:59:59.999999 BC',
  '0001-01-01 00:00:00',
  '0099-02-28 12:00:00',
  '1582-10-10 00:00:00',
  '1900-02-28 23:59:60',
  '1969-12-31 23:59:59.999999',
  '2000-01-01 00:00:00.000001',
  '2026-11-20 08:30:12.345678',
  '9999-12-31 23:59:59.999999',
  '294276-12-31 23:59:59.999999',
];

export const timeCases: readonly FidelityCase[] = [
  valuesCase({
    item: 'date: BC, extremes, infinities',
    schema: 'dates',
    type: 'date',
    values: literals(
      '4714-11-24 BC',
      '0044-03-15 BC',
      '0001-12-31 BC',
      '0001-01-01',
      '1582-10-10',
      '2024-02-29',
      '5874897-12-31',
      'infinity',
      '-infinity',
    ),
    proof: ['SELECT count(*) = 2 FROM dates.t WHERE NOT isfinite(v)'],
  }),
  valuesCase({
    item: 'timestamp: BC, extremes, infinities',
    schema: 'timestamps',
    type: 'timestamp',
    values: literals(...moments, 'infinity', '-infinity'),
    proof: ['SELECT count(*) = 2 FROM timestamps.t WHERE NOT isfinite(v)'],
  }),
  valuesCase({
    item: 'timestamptz: BC, extremes, infinities',
    schema: 'timestamptzs',
    type: 'timestamptz',
    values: literals(...moments.map((moment) => moment.replace(/( BC)?$/, '+00$1')), 'infinity', '-infinity'),
    proof: ['SELECT count(*) = 2 FROM timestamptzs.t WHERE NOT isfinite(v)'],
  }),
  valuesCase({
    item: 'timestamptz in several zones, across changes of summer time',
    schema: 'zones',
    type: 'timestamptz',
    values: literals(
      '2026-03-29 01:59:59.999999+01',
      '2026-03-29 02:30:00 Europe/Berlin',
      '2026-10-25 02:30:00+02',
      '2026-10-25 02:30:00+01',
      '2026-11-01 01:30:00 America/New_York',
      '1890-01-01 00:00:00 Europe/Amsterdam',
      '1900-01-01 00:00:00+00:19:32',
      '2026-01-01 00:00:00 Asia/Kathmandu',
      '2011-12-30 12:00:00 Pacific/Apia',
      '2026-01-01 00:00:00-15:59:59',
      '2026-01-01 00:00:00 America/St_Johns',
    ),
  }),
  typeCase({
    item: 'fractions of a second: timestamp(0) to time(6)',
    schema: 'fractions',
    setup: [
      `CREATE TABLE t (a timestamp(0), b timestamp(3), c timestamptz(1), d time(2), e timetz(4), f interval(0), g time(6));
       INSERT INTO t SELECT m, m, m, m::time, m::timetz, '1 day 00:00:01.987654', m::time
       FROM (VALUES (timestamptz '2026-11-20 23:59:59.987654+00'), ('2000-01-01 00:00:00.5+00')) v(m)`,
    ],
    proof: [`SELECT count(DISTINCT c) = 2 FROM fractions.t`],
  }),
  valuesCase({
    item: 'time',
    schema: 'times',
    type: 'time',
    values: literals('00:00', '24:00', '23:59:59.999999', '00:00:00.000001', '12:34:56.7'),
  }),
  valuesCase({
    item: 'time with time zone',
    schema: 'timetzs',
    type: 'timetz',
    values: literals(
      '00:00+15:59:59',
      '24:00-15:59:59',
      '12:00+00',
      '23:59:59.999999+05:45',
      '01:00-03:30:30',
    ),
    proof: [`SELECT count(DISTINCT extract(timezone FROM v)) = 5 FROM timetzs.t`],
  }),
  valuesCase({
    item: 'interval: signs, parts that do not add up, extremes',
    schema: 'intervals',
    type: 'interval',
    values: literals(
      '0',
      '1 month',
      '30 days',
      '720 hours',
      '-1 month +1 day -00:00:00.000001',
      '1 year -1 day',
      '-1 day -04:05:06',
      '-3 days -00:00:00.5',
      '-1 day +23:59:59',
      '178000000 years',
      '-178000000 years',
      '2147483647 months -2147483648 days',
      '2562047788 hours 54.775807 seconds',
      '@ 1 minute ago',
      'P1Y2M3DT4H5M6.789S',
    ),
    proof: [
      `SELECT count(DISTINCT interval_send(v)) = 3 FROM intervals.t WHERE id BETWEEN 2 AND 4`,
      `SELECT count(DISTINCT v) = 1 FROM intervals.t WHERE id BETWEEN 2 AND 4`,
    ],
  }),
  valuesCase({
    item: 'interval: infinities',
    schema: 'interval_infinity',
    type: 'interval',
    values: literals('infinity', '-infinity'),
    exists: (server) => majorOf(server) >= 17,
  }),
  typeCase({
    item: 'interval with fields',
    schema: 'interval_fields',
    setup: [
      `CREATE TABLE t (a interval year to month, b interval day to second(2), c interval hour, d interval minute to second);
       INSERT INTO t VALUES ('-3 years 2 mons', '5 days 04:03:02.999', '-9 hours', '00:59:59.5')`,
    ],
    proof: ['SELECT count(*) = 1 FROM interval_fields.t'],
  }),
];

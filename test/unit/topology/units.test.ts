import fc from 'fast-check';
import { expect, test } from 'vitest';
import { formatBytes, formatDuration, parseBytes, parseDuration } from '../../../topology/units.ts';

test.each([
  ['32MiB', 33_554_432],
  ['32 MiB', 33_554_432],
  ['1.5GiB', 1_610_612_736],
  ['100kB', 100_000],
  ['0B', 0],
  ['1TiB', 2 ** 40],
])('%s is %d bytes', (text, bytes) => {
  expect(parseBytes(text)).toBe(bytes);
});

test.each([
  '',
  '32',
  'MiB',
  '32 mib',
  '32MIB',
  '-1MiB',
  '1e3B',
  '0.3B',
  '32MiB ',
  ' 32MiB',
  '1,5MiB',
  '9007199254740993B',
  '32  MiB',
  '1toString',
  '١MiB',
])('`%s` is no size', (text) => {
  expect(parseBytes(text)).toBeUndefined();
});

test.each([
  ['100ms', 100],
  ['1.001s', 1001],
  ['30s', 30_000],
  ['30m', 1_800_000],
  ['1.5h', 5_400_000],
  ['1d', 86_400_000],
])('%s is %d ms', (text, ms) => {
  expect(parseDuration(text)).toBe(ms);
});

test.each(['100', '100 msec', '0.5ms', '1h30m', 'ms', '-5s', '1constructor'])(
  '`%s` is no duration',
  (text) => {
    expect(parseDuration(text)).toBeUndefined();
  },
);

test('three decimals of a second are exact for every millisecond', () => {
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 9_999_999 }), (ms) => {
      expect(parseDuration(`${(ms / 1000).toFixed(3)}s`)).toBe(ms);
    }),
  );
});

test.each([
  [0, '0 B'],
  [512, '512 B'],
  [1023, '1023 B'],
  [1024, '1 KiB'],
  [1536, '1.5 KiB'],
  [1_048_575, '1 MiB'],
  [33_554_432, '32 MiB'],
  [123_456_789, '118 MiB'],
  [5 * 2 ** 30, '5 GiB'],
])('%d bytes read %s', (bytes, text) => {
  expect(formatBytes(bytes)).toBe(text);
});

test.each([
  [0, '0 ms'],
  [8.25, '8.25 ms'],
  [100, '100 ms'],
  [999.9, '1 s'],
  [1500, '1.5 s'],
  [59_960, '1 m'],
  [125_000, '2 m 5 s'],
  [3_599_900, '1 h'],
  [12_000_000, '3 h 20 m'],
  [187_200_000, '2 d 4 h'],
])('%d ms read %s', (ms, text) => {
  expect(formatDuration(ms)).toBe(text);
});

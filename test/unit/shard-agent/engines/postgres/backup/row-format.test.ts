import { expect, test } from 'vitest';
import { rowFormat } from '../../../../../../shard-agent/engines/postgres/backup/row-format.ts';

const type = { int8: 20, text: 25, numeric: 1700, timestamptz: 1184, uuid: 2950, bytea: 17 };
const interval = 1186;
const regclass = 2205;
const timestamps = 1185;

function formatOf(types: readonly number[], { bytes = 0, rows = -1, encoding = 'UTF8' } = {}): string {
  return rowFormat({ types, bytes, rows }, encoding);
}

test('binary where it pays: times, uuids, bytea', () => {
  expect(formatOf([type.int8, type.timestamptz])).toBe('copy-binary');
  expect(formatOf([type.uuid, type.numeric])).toBe('copy-binary');
  expect(formatOf([type.bytea])).toBe('copy-binary');
  expect(formatOf([type.int8, type.numeric, type.numeric])).toBe('copy');
  expect(formatOf([])).toBe('copy');
});

test('texts pay when they are long, as far as the server knows', () => {
  expect(formatOf([type.int8, type.text], { bytes: 128_000, rows: 1_000 })).toBe('copy-binary');
  expect(formatOf([type.int8, type.text], { bytes: 40_000, rows: 1_000 })).toBe('copy');
  expect(formatOf([type.int8, type.text], { bytes: 128_000, rows: -1 })).toBe('copy');
  expect(formatOf([type.text], { bytes: 0, rows: 0 })).toBe('copy');
});

test('one column of a type that is not the same everywhere keeps the table in text', () => {
  for (const other of [interval, regclass, timestamps, 16_384])
    expect(formatOf([type.timestamptz, type.uuid, other])).toBe('copy');
});

test('texts of a database in another encoding stay what they are', () => {
  for (const encoding of ['SQL_ASCII', 'LATIN1'])
    expect(formatOf([type.timestamptz], { encoding })).toBe('copy');
});

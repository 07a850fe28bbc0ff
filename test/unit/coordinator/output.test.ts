import { stripVTControlCharacters } from 'node:util';
import { expect, test } from 'vitest';
import { formatCount, pairs, table } from '../../../coordinator/output.ts';

test('columns stand under each other, coloured cells too, and no line ends in a space', () => {
  const columns = [{ title: 'shard' }, { title: 'rows', align: 'right' }, { title: 'state' }] as const;
  const lines = table(columns, [
    ['shop-00', '1 234', '\x1b[32mgood\x1b[39m'],
    ['s', '7', ''],
  ]).split('\n');
  expect(lines.slice(1)).toEqual(['shop-00  1 234  \x1b[32mgood\x1b[39m', 's            7']);
});

test('the values of pairs stand under each other', () => {
  const text = pairs([
    ['set', 'x'],
    ['longest hold', 'y'],
  ]);
  expect(stripVTControlCharacters(text)).toBe('set           x\nlongest hold  y');
});

test.each([
  [0, '0'],
  [999, '999'],
  [1000, '1 000'],
  [1234567, '1 234 567'],
])('%d is %s', (value, text) => {
  expect(formatCount(value)).toBe(text);
});

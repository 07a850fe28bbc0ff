import { stripVTControlCharacters } from 'node:util';
import { expect, test } from 'vitest';
import { findingText, formatCount, pairs, table } from '../../../coordinator/output.ts';
import { displayWidth } from '../../../topology/display-text.ts';

test('columns stand under each other, coloured cells too, and no line ends in a space', () => {
  const columns = [{ title: 'shard' }, { title: 'rows', align: 'right' }, { title: 'state' }] as const;
  const lines = table(columns, [
    ['shop-00', '1 234', { text: 'good', style: (text) => `\x1b[32m${text}\x1b[39m` }],
    ['s', '7', ''],
  ]).split('\n');
  expect(lines.slice(1)).toEqual(['shop-00  1 234  \x1b[32mgood\x1b[39m', 's            7']);
});

const columns = [
  { title: 'set' },
  { title: 'databases' },
  { title: 'position' },
  { title: 'rows', align: 'right' },
] as const;
const rows = [
  ['20261120T083012Z-full', 'shop, bank, stock, ledger, archive', 'binlog.000123:4567890', '1 234 567'],
  ['20261121T083012Z-full', 'shop', 'binlog.1:4', '7'],
];

test('text from elsewhere neither tears a table nor sets colours', () => {
  const lines = table(columns, [['a\nb\x1b[31m', '长长\tx', '\u202eevil', '1']]).split('\n');
  expect(lines).toHaveLength(2);
  expect(lines[1]).toBe('a b\\u{1b}[31m  长长 x     \\u{202e}evil     1');
  expect(displayWidth(lines[0] ?? '')).toBe(displayWidth(lines[1] ?? ''));
});

test('on a terminal that is too narrow text is cut, with a mark, but neither numbers nor the first column', () => {
  const whole = table(columns, rows, undefined);
  expect(whole).toContain('shop, bank, stock, ledger, archive');
  expect(table(columns, rows, 200)).toBe(whole);
  for (const width of [61, 70, 80]) {
    const lines = table(columns, rows, width).split('\n');
    expect(Math.max(...lines.map(displayWidth))).toBe(width);
    expect(lines[1]).toContain('20261120T083012Z-full');
    expect(lines[1]).toContain('1 234 567');
    expect(lines[1]).toContain('…');
  }
});

test('what cannot be cut any further is left to the terminal to wrap', () => {
  const lines = table(columns, rows, 20).split('\n');
  expect(lines[1]).toBe('20261120T083012Z-full  shop, ban…  binlog.00…  1 234 567');
});

test('a table of very many rows is no deeper than one of a few', () => {
  const many = Array.from({ length: 200_000 }, (_, n) => [String(n), '', '', '']);
  expect(table(columns, many, 80).split('\n')).toHaveLength(200_001);
});

test('a finding is a line, and the lines of its remedy stand under it', () => {
  expect(findingText('missing', 'shop-00: accounts', 'no\nprivilege', 'GRANT a;\nGRANT b;')).toBe(
    'missing  shop-00: accounts: no privilege\n         GRANT a;\n         GRANT b;',
  );
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

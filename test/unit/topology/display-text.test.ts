import fc from 'fast-check';
import { expect, test } from 'vitest';
import {
  cutToWidth,
  displayLines,
  displayText,
  displayWidth,
  jsonText,
  padToWidth,
  screenText,
} from '../../../topology/display-text.ts';

/** Whatever a terminal or a reader's eye would obey. */
const obeyed = /[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/u;

test.each([
  ['SELECT 1', 'SELECT 1'],
  ['UPDATE a\n\tSET b = 1\r\n  WHERE c', 'UPDATE a SET b = 1 WHERE c'],
  ['\n', ' '],
  ['a  b', 'a  b'],
  ['\x1b[31mred\x1b[0m', '\\u{1b}[31mred\\u{1b}[0m'],
  ['\u009b31m', '\\u{9b}31m'],
  ['\x1b]0;title\x07', '\\u{1b}]0;title\\u{7}'],
  ['user\u202egnp.exe', 'user\\u{202e}gnp.exe'],
  ['a\u2066b\u2069', 'a\\u{2066}b\\u{2069}'],
  ['zero\u200bwidth\ufeff', 'zero\\u{200b}width\\u{feff}'],
  ['line\u2028end', 'line end'],
  ['back\bspace\0\x7f', 'back\\u{8}space\\u{0}\\u{7f}'],
  ['half \ud83c', 'half \\u{d83c}'],
  ['tag \u{e0041}', 'tag \\u{e0041}'],
  ['Größe 长 🌊 é', 'Größe 长 🌊 é'],
])('%j is shown as %j', (text, shown) => {
  expect(displayText(text)).toBe(shown);
});

test('any text becomes one line in which a terminal finds nothing to obey', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), (text) => {
      expect(displayText(text)).not.toMatch(obeyed);
      for (const line of displayLines(text).split('\n')) expect(line).not.toMatch(obeyed);
      for (const line of screenText(text).split('\n')) expect(line).not.toMatch(obeyed);
    }),
  );
});

test('lines stay lines, and none can pass for one of ours', () => {
  expect(displayLines('ERROR\r\nerror: done\n\n    hint\n\tx')).toBe('ERROR\n  error: done\n\n    hint\n  x');
});

test('of whole lines only line ends and our own colours are left', () => {
  const ours = '\x1b[31mbad\x1b[39m  x\n\x1b[2mset\x1b[22m';
  expect(screenText(ours)).toBe(ours);
  expect(screenText('a\x1b[2Jb\x1b[1;31mc\rd\x1b[8m')).toBe('a\\u{1b}[2Jb\\u{1b}[1;31mc\\u{d}d\\u{1b}[8m');
});

test('JSON carries the text as it was, with nothing in it that a terminal obeys', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), (text) => {
      const json = jsonText({ text }, 2);
      expect(json.replaceAll('\n', '')).not.toMatch(obeyed);
      expect(JSON.parse(json)).toEqual({ text });
    }),
  );
});

test.each([
  ['abc', 3],
  ['长城', 4],
  ['カ', 2],
  ['ｶ', 1],
  ['한', 2],
  ['🌊', 2],
  ['e\u0301', 1],
  ['\x1b[32mgood\x1b[39m', 4],
  ['', 0],
])('%j takes %i columns', (text, columns) => {
  expect(displayWidth(text)).toBe(columns);
});

test('a cut text fits, ends with a mark, and never within a character', () => {
  const text = 'a长🌊e\u0301'.repeat(9);
  for (let columns = 1; columns < displayWidth(text); columns++) {
    const cut = cutToWidth(text, columns);
    expect(displayWidth(cut)).toBeLessThanOrEqual(columns);
    expect(cut.endsWith('…')).toBe(true);
    expect(text.startsWith(cut.slice(0, -1))).toBe(true);
  }
  expect(cutToWidth(text, displayWidth(text))).toBe(text);
  expect(padToWidth('长', 4)).toBe('长  ');
  expect(padToWidth('长', 4, 'right')).toBe('  长');
});

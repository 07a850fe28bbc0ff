/**
 * Text from elsewhere (statements, names, messages of servers, findings) on its way to a screen. It may hold line ends that tear a table,
 * escape sequences that a terminal obeys, and characters that turn the direction of what follows. Here these become visible, and nowhere
 * else. `--json` carries the text as it is.
 */

/** Characters that take no place of their own or that a terminal acts on: controls, formats (bidi, zero width), odd separators, halves of pairs. */
const invisible = /[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/gu;
/** A break of the line or a tab, with the indentation around it. */
const breaks = /[ ]*(?:[\t\n\r\v\f\u0085\u2028\u2029]+[ ]*)+/gu;
const lineEnds = /\r\n|[\n\r\v\f\u0085\u2028\u2029]/u;
/** The colours that we set ourselves, and nothing else that a terminal obeys. */
const ownStyles = new RegExp(`(${'\u001b'}\\[(?:2|22|31|32|33|39)m)`, 'u');

/** On one line: line ends and tabs become one space, every other character that is not to be seen its escape, `\u{1b}`. */
export function displayText(text: string): string {
  return text.replace(breaks, ' ').replace(invisible, escaped);
}

/**
 * The same, but its lines stay lines; all but the first begin with `indent`, so that none of them can pass for a line of ours. Tabs become two spaces.
 */
export function displayLines(text: string, indent = '  '): string {
  return text
    .split(lineEnds)
    .map((line) => line.replaceAll('\t', '  ').replace(invisible, escaped))
    .map((line, at) => (at === 0 || line.startsWith(indent) ? line : (indent + line).trimEnd()))
    .join('\n');
}

/** A last look at whole lines of ours before they are written: nothing but line ends and our own colours is left for a terminal to obey. */
export function screenText(text: string): string {
  return text
    .split(ownStyles)
    .map((part, at) => (at % 2 === 1 ? part : part.split('\n').map(visible).join('\n')))
    .join('');
}

/** JSON of the same value in which a terminal finds nothing to obey: what JSON.stringify leaves as it is is escaped too. */
export function jsonText(value: unknown, indent?: number): string {
  return escapeJson(JSON.stringify(value, null, indent));
}

/** The same JSON text, with every character that is not to be seen as `\uXXXX`. */
export function escapeJson(json: string): string {
  return json.replace(invisible, (character) =>
    character === '\n'
      ? character
      : character.replace(/[^]/g, (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`),
  );
}

/** How many columns of a terminal the text takes: two for a wide character, none for a mark on another, none for our own colours. */
export function displayWidth(text: string): number {
  let width = 0;
  for (const character of withoutStyles(text)) width += characterWidth(character);
  return width;
}

/** The text, or as much of its beginning as fits into so many columns, with `…` as the last of them. For text without colours. */
export function cutToWidth(text: string, columns: number): string {
  if (displayWidth(text) <= columns) return text;
  let width = 0;
  let kept = '';
  for (const character of text) {
    width += characterWidth(character);
    if (width > columns - 1) break;
    kept += character;
  }
  return `${kept}…`;
}

/** The text with spaces behind it, or before it, until it takes so many columns. */
export function padToWidth(text: string, columns: number, align: 'left' | 'right' = 'left'): string {
  const missing = ' '.repeat(Math.max(0, columns - displayWidth(text)));
  return align === 'left' ? text + missing : missing + text;
}

function visible(line: string): string {
  return line.replace(invisible, escaped);
}

function escaped(character: string): string {
  return `\\u{${(character.codePointAt(0) ?? 0).toString(16)}}`;
}

function withoutStyles(text: string): string {
  return text
    .split(ownStyles)
    .filter((_, at) => at % 2 === 0)
    .join('');
}

const marks = /^[\p{Mn}\p{Me}\p{Cc}\p{Cf}]$/u;
const emoji = /^\p{Emoji_Presentation}$/u;
/** First and last of the ranges that Unicode's EastAsianWidth.txt gives as wide or full-width, without emoji. */
const wide: readonly (readonly [number, number])[] = [
  [0x1100, 0x115f],
  [0x2e80, 0x303e],
  [0x3041, 0x33ff],
  [0x3400, 0x4dbf],
  [0x4e00, 0xa4cf],
  [0xa960, 0xa97f],
  [0xac00, 0xd7a3],
  [0xf900, 0xfaff],
  [0xfe10, 0xfe19],
  [0xfe30, 0xfe6f],
  [0xff00, 0xff60],
  [0xffe0, 0xffe6],
  [0x16fe0, 0x18cff],
  [0x1aff0, 0x1b2ff],
  [0x1f200, 0x1f2ff],
  [0x20000, 0x3fffd],
];

function characterWidth(character: string): number {
  const code = character.codePointAt(0) ?? 0;
  if (code >= 0x20 && code < 0x7f) return 1;
  if (marks.test(character)) return 0;
  return emoji.test(character) || wide.some(([first, last]) => code >= first && code <= last) ? 2 : 1;
}

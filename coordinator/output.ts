/** Text for a person: tables, headings, colours. `util.styleText` leaves colours out for NO_COLOR and for pipes. */
import { stripVTControlCharacters, styleText } from 'node:util';

export interface Column {
  readonly title: string;
  /** Numbers stand right. Default left. */
  readonly align?: 'left' | 'right';
}

/** A table with a line of titles, two spaces between columns and no trailing spaces. Cells may carry styles. */
export function table(columns: readonly Column[], rows: readonly (readonly string[])[]): string {
  const widths = columns.map((column, index) =>
    Math.max(width(column.title), ...rows.map((row) => width(row[index] ?? ''))),
  );
  const line = (cells: readonly string[]): string =>
    columns
      .map((column, index) => pad(cells[index] ?? '', widths[index] ?? 0, column.align ?? 'left'))
      .join('  ')
      .trimEnd();
  return [line(columns.map((column) => faint(column.title))), ...rows.map(line)].join('\n');
}

/** Pairs of name and value, the values standing under each other. */
export function pairs(entries: readonly (readonly [string, string])[]): string {
  const widest = Math.max(0, ...entries.map(([name]) => name.length));
  return entries.map(([name, value]) => `${faint(name.padEnd(widest))}  ${value}`).join('\n');
}

function faint(text: string): string {
  return styleText('dim', text, { stream: process.stdout });
}

export function good(text: string): string {
  return styleText('green', text, { stream: process.stdout });
}

export function bad(text: string): string {
  return styleText('red', text, { stream: process.stdout });
}

export function warn(text: string): string {
  return styleText('yellow', text, { stream: process.stdout });
}

/** `1 234 567`: digits in groups of three, a plain space between. */
export function formatCount(value: number): string {
  return String(value).replace(/\B(?=(\d{3})+$)/g, ' ');
}

function width(text: string): number {
  return stripVTControlCharacters(text).length;
}

function pad(text: string, to: number, align: 'left' | 'right'): string {
  const missing = ' '.repeat(Math.max(0, to - width(text)));
  return align === 'left' ? text + missing : missing + text;
}

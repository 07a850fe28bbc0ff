/** Text for a person: tables, headings, colours. `util.styleText` leaves colours out for NO_COLOR and for pipes. */
import { styleText } from 'node:util';
import { cutToWidth, displayLines, displayText, displayWidth, padToWidth } from '../topology/display-text.ts';

export interface Column {
  readonly title: string;
  /** Numbers stand right. Default left. */
  readonly align?: 'left' | 'right';
}

/** Any text: it is cleaned before it is shown. Its colour is told separately, because text from elsewhere may not set one. */
export type Cell = string | { readonly text: string; readonly style: (text: string) => string };

/** No column of text becomes narrower than this on a narrow terminal. */
const narrowestColumn = 10;
const gap = '  ';

/**
 * A table with a line of titles, two spaces between columns and no trailing spaces. On a terminal of `terminalColumns` (undefined: not
 * a terminal) the widest columns of text, but not the first, are cut until the table fits, and each cell that is cut ends with `…`. What does not fit
 * even so is left to the terminal to wrap.
 */
export function table(
  columns: readonly Column[],
  rows: readonly (readonly Cell[])[],
  terminalColumns: number | undefined = stdoutColumns(),
): string {
  const cleaned = rows.map((row) =>
    row.map((cell) => displayText(typeof cell === 'string' ? cell : cell.text)),
  );
  const full = columns.map(({ title }, at) =>
    cleaned.reduce((widest, row) => Math.max(widest, displayWidth(row[at] ?? '')), displayWidth(title)),
  );
  const widths = terminalColumns === undefined ? full : fitted(columns, full, terminalColumns);
  const line = (cells: readonly string[], styleOf: (at: number) => ((text: string) => string) | undefined) =>
    columns
      .map(({ align }, at) => {
        const columnWidth = widths[at] ?? 0;
        const text = cutToWidth(cells[at] ?? '', columnWidth);
        return padToWidth(styleOf(at)?.(text) ?? text, columnWidth, align ?? 'left');
      })
      .join(gap)
      .trimEnd();
  const titles = columns.map(({ title }) => title);
  return [
    line(titles, () => faint),
    ...cleaned.map((cells, row) =>
      line(cells, (at) => {
        const cell = rows[row]?.[at];
        return typeof cell === 'object' ? cell.style : undefined;
      }),
    ),
  ].join('\n');
}

/** The widths, the widest columns of text made narrower by one until all fit or none may give more. */
function fitted(columns: readonly Column[], full: readonly number[], terminalColumns: number): number[] {
  const widths = [...full];
  const least = columns.map(({ title }) => Math.max(narrowestColumn, displayWidth(title)));
  const room = terminalColumns - gap.length * (columns.length - 1);
  for (let over = widths.reduce((sum, each) => sum + each, 0) - room; over > 0; over--) {
    let widest = -1;
    for (const [at, each] of widths.entries()) {
      const fixed = at === 0 || columns[at]?.align === 'right' || each <= (least[at] ?? 0);
      if (!fixed && each > (widths[widest] ?? 0)) widest = at;
    }
    if (widest === -1) break;
    widths[widest] = (widths[widest] ?? 0) - 1;
  }
  return widths;
}

/** Undefined when nothing may be cut, because stdout is not a terminal, or is one that was never told its size. */
function stdoutColumns(): number | undefined {
  return process.stdout.isTTY ? process.stdout.columns || undefined : undefined;
}

/** Pairs of name and value, the values standing under each other. */
export function pairs(entries: readonly (readonly [string, Cell])[]): string {
  const widest = Math.max(0, ...entries.map(([name]) => name.length));
  return entries.map(([name, value]) => `${faint(name.padEnd(widest))}  ${cellText(value)}`).join('\n');
}

function cellText(cell: Cell): string {
  return typeof cell === 'string' ? displayText(cell) : cell.style(displayText(cell.text));
}

/** What was found, and under it what to do; `mark` says how bad it is. The other texts are from elsewhere. */
export function findingText(mark: string, subject: string, cause: string, remedy: string): string {
  const indent = ' '.repeat(displayWidth(mark) + gap.length);
  const found = `${mark}${gap}${displayText(subject)}: ${displayText(cause)}`;
  return remedy === '' ? found : `${found}\n${indent}${displayLines(remedy, indent)}`;
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

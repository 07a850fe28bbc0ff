/**
 * Columns that a trigger names as NEW.x or OLD.x. Servers look them up when a trigger is made and never again: a column can be
 * dropped from under a trigger, which then stays, and which no server makes a second time.
 */
import { unquotedToken } from './head-tokens.ts';
import { decoded, searchable } from './multibyte-text.ts';
import { readTriggerHead } from './trigger-head.ts';

/** How the text of a trigger is read. */
export interface TriggerSettings {
  /** Of the client that made it. */
  readonly charset: string;
  readonly sqlMode: string;
}

/** What such a table has although its catalogue does not list it: the bounds of a row's time. */
const unlisted = ['row_start', 'row_end'];

/** The first column that the trigger needs and the table does not have, as the trigger names it. Text is bytes as latin1. */
export function missingColumn(
  sql: string,
  settings: TriggerSettings,
  columns: readonly string[],
): string | undefined {
  const head = readTriggerHead(sql, settings.charset);
  if (head === undefined) return undefined;
  const known = new Set([...columns, ...unlisted].map(folded));
  const body = sql.slice(head.end);
  return rowColumns(body, settings).find((name) => !known.has(folded(name)));
}

/** Names that differ in case or accents are one column to the server, or at most not worth an alarm. */
function folded(name: string): string {
  return name.normalize('NFD').replaceAll(/\p{M}/gu, '').toLowerCase();
}

function rowColumns(body: string, { charset, sqlMode }: TriggerSettings): string[] {
  const tokens = bodyTokens(body, charset, sqlMode.split(','));
  const isRow = (at: number): boolean => {
    const word = unquotedToken(tokens[at] ?? '').toLowerCase();
    return (word === 'new' || word === 'old') && tokens[at - 1] !== '.';
  };
  // A variable, cursor or table of that name takes its place in what follows.
  if (tokens.some((_, at) => isRow(at) && tokens[at + 1] !== '.')) return [];
  return tokens.flatMap((_, at) => {
    const name = isRow(at) ? tokens[at + 2] : undefined;
    const text = name === undefined ? undefined : decoded(unquotedToken(name), charset);
    return text === undefined ? [] : [text];
  });
}

/** Words, names and signs, without strings and comments. */
function bodyTokens(body: string, charset: string, modes: readonly string[]): string[] {
  const ansi = modes.some((mode) =>
    ['ANSI_QUOTES', 'ANSI', 'ORACLE', 'DB2', 'MSSQL', 'POSTGRESQL'].includes(mode),
  );
  const escapes = !modes.includes('NO_BACKSLASH_ESCAPES');
  const text = (quote: string): string =>
    escapes
      ? `${quote}(?:[^${quote}\\\\]|\\\\[^]|${quote}${quote})*${quote}`
      : `${quote}(?:[^${quote}]|${quote}${quote})*${quote}`;
  const name = ['`(?:[^`]|``)*`', ...(ansi ? ['"(?:[^"]|"")*"'] : []), '[\\w$\\x80-\\xff]+'];
  const skipped = [
    '\\s+',
    '/\\*[^]*?\\*/',
    '#[^\\n]*',
    '--(?=\\s)[^\\n]*',
    text("'"),
    ...(ansi ? [] : [text('"')]),
  ];
  const pattern = new RegExp(`${skipped.join('|')}|(${name.join('|')}|[^])`, 'gy');
  return [...searchable(body, charset).matchAll(pattern)].flatMap(({ index, 1: token }) =>
    token === undefined ? [] : [body.slice(index, index + token.length)],
  );
}

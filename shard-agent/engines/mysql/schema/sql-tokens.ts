/**
 * SQL as the servers read it: names, texts and signs, without white space and comments. All text is bytes as latin1. What is
 * in a comment that servers execute, one that begins with an exclamation mark and a version, is read like the rest.
 */
import { searchable } from './multibyte-text.ts';

export interface SqlToken {
  /** `name`: in quotes. `word`: a keyword, a name without quotes or a number. */
  readonly kind: 'name' | 'word' | 'text' | 'sign';
  /** As it is written. */
  readonly text: string;
  readonly start: number;
  readonly end: number;
}

/** How the session reads that the text is for. */
export interface Reading {
  /** Names in double quotes: sql_mode ANSI_QUOTES, and ANSI, ORACLE and their kin, which include it. */
  readonly ansiQuotes: boolean;
  /** Backslashes are nothing special: sql_mode NO_BACKSLASH_ESCAPES. */
  readonly plainBackslashes: boolean;
  /** Character set of the text. */
  readonly charset: string;
}

export const plainReading: Reading = { ansiQuotes: false, plainBackslashes: false, charset: 'utf8mb4' };

/** As the session reads after these statements: a `SET SESSION` has the character set and the mode that an object was made under. */
export function readingAfter(statements: readonly string[]): Reading {
  const settings = statements.filter((sql) => sql.startsWith('SET ')).join(' ');
  const last = (pattern: RegExp): string => [...settings.matchAll(pattern)].at(-1)?.[1] ?? '';
  const modes = last(/\bsql_mode = '([^']*)'/g).split(',');
  return {
    ansiQuotes: modes.includes('ANSI_QUOTES'),
    plainBackslashes: modes.includes('NO_BACKSLASH_ESCAPES'),
    charset: last(/\bcharacter_set_client = (\w+)/g) || 'utf8mb4',
  };
}

export function sqlTokens(sql: string, reading: Reading = plainReading): SqlToken[] {
  const plain = searchable(sql, reading.charset);
  const tokens: SqlToken[] = [];
  let executed = 0;
  for (let at = 0; at < plain.length; ) {
    const passed = afterSpace(plain, at);
    if (passed !== undefined) {
      if (passed.opens) executed += 1;
      at = passed.end;
      continue;
    }
    if (executed > 0 && plain.startsWith('*/', at)) {
      executed -= 1;
      at += 2;
      continue;
    }
    const { kind, end } = tokenAt(plain, at, reading);
    tokens.push({ kind, text: sql.slice(at, end), start: at, end });
    at = end;
  }
  return tokens;
}

/** What no token is made of; `opens`: the beginning of a comment that is executed. */
function afterSpace(sql: string, at: number): { readonly end: number; readonly opens: boolean } | undefined {
  space.lastIndex = at;
  const found = space.exec(sql);
  if (found === null) return undefined;
  return { end: at + found[0].length, opens: found[1] !== undefined };
}

// An executed comment first: only its beginning is passed over. An end of a comment that is missing is the end of the text.
const space = /\s+|(\/\*M?!(?:\d{5,6})?)|\/\*[^]*?(?:\*\/|$)|#[^\n]*|--(?=\s|$)[^\n]*/y;
const word = /[0-9A-Za-z_$\x80-\xff]+/y;

function tokenAt(sql: string, at: number, reading: Reading): Pick<SqlToken, 'kind' | 'end'> {
  const first = sql[at] ?? '';
  if (first === '`' || (first === '"' && reading.ansiQuotes))
    return { kind: 'name', end: afterQuoted(sql, at, true) };
  if (first === "'" || first === '"')
    return { kind: 'text', end: afterQuoted(sql, at, reading.plainBackslashes) };
  word.lastIndex = at;
  const found = word.exec(sql)?.[0];
  return found === undefined ? { kind: 'sign', end: at + 1 } : { kind: 'word', end: at + found.length };
}

/** The index after the quoted text that begins at `at`. */
function afterQuoted(sql: string, at: number, plainBackslashes: boolean): number {
  const quote = sql[at];
  let next = at + 1;
  while (next < sql.length) {
    const character = sql[next] ?? '';
    if (character === '\\' && !plainBackslashes) next += 2;
    else if (character !== quote) next += 1;
    else if (sql[next + 1] === quote) next += 2;
    else return next + 1;
  }
  return sql.length;
}

/** The name that a token writes: without quotes. */
export function nameOf({ kind, text }: SqlToken): string {
  if (kind !== 'name') return text;
  const [quote = ''] = text;
  return text.slice(1, -1).replaceAll(quote + quote, quote);
}

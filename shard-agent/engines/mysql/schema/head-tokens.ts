/** The words, names and signs at the beginning of a CREATE statement, without what is between them. */
import { searchable } from './multibyte-text.ts';

export interface HeadToken {
  readonly text: string;
  readonly start: number;
  readonly end: number;
}

const token = new RegExp(
  [
    '\\s+|/\\*[^]*?\\*/|#[^\\n]*|--(?=\\s)[^\\n]*',
    '(`(?:[^`]|``)*`|"(?:[^"]|"")*"|\'(?:[^\'\\\\]|\\\\[^]|\'\')*\'|[^\\s`"\'.,;@=()/#]+|[^])',
  ].join('|'),
  'y',
);

/**
 * Reads until `ends` says so or the text ends. `ends` is asked after each token; it may ask for the tokens read so far,
 * in small letters, the last being -1. `charset`: of the text, where it is not UTF-8.
 */
export function headTokens(
  sql: string,
  ends: (read: (index: number) => string | undefined) => boolean,
  charset?: string,
): HeadToken[] {
  const plain = searchable(sql, charset);
  const tokens: HeadToken[] = [];
  const read = (index: number): string | undefined => tokens.at(index)?.text.toLowerCase();
  token.lastIndex = 0;
  for (let found = token.exec(plain); found !== null; found = token.exec(plain)) {
    const end = token.lastIndex;
    const [whole, text] = found;
    if (text === undefined) continue;
    const start = end - whole.length;
    tokens.push({ text: sql.slice(start, end), start, end });
    if (ends(read)) break;
    token.lastIndex = end;
  }
  return tokens;
}

/** A name without its quotes, if it has any. */
export function unquotedToken(text: string): string {
  const [quote = ''] = text;
  if (!['`', '"'].includes(quote)) return text;
  return text.slice(1, -1).replaceAll(quote + quote, quote);
}

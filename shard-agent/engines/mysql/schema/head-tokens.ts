/** The words, names and signs at the beginning of a CREATE statement, without what is between them. */

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
 * in small letters, the last being -1.
 */
export function headTokens(
  sql: string,
  ends: (read: (index: number) => string | undefined) => boolean,
): HeadToken[] {
  const tokens: HeadToken[] = [];
  const read = (index: number): string | undefined => tokens.at(index)?.text.toLowerCase();
  token.lastIndex = 0;
  for (let found = token.exec(sql); found !== null; found = token.exec(sql)) {
    const end = token.lastIndex;
    const [whole, text] = found;
    if (text === undefined) continue;
    tokens.push({ text, start: end - whole.length, end });
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

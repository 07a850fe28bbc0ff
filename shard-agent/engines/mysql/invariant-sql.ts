/**
 * The SQL of an invariant, as its agent's file has it: which names it has, and the same with its databases renamed. Pure. It
 * reads honest SQL, whose author is trusted: it finds mistakes that would ask the wrong database, not attacks.
 */

/** A name with another name behind it and a dot between: `shop`.`accounts`, or a table's alias and its column. */
export interface DottedName {
  readonly first: string;
  readonly second: string;
  /** Where the first one is in the text. */
  readonly start: number;
  readonly end: number;
}

export interface InvariantNames {
  /** Only those that begin a chain: of `shop.accounts.id` the first two names. */
  readonly dotted: readonly DottedName[];
  /** Named alone behind FROM or JOIN. */
  readonly tables: readonly string[];
  /** Named alone before a bracket. */
  readonly functions: readonly string[];
}

interface Token {
  readonly kind: 'name' | 'word' | 'text' | 'symbol';
  readonly value: string;
  readonly start: number;
  readonly end: number;
}

const tokenPattern =
  /(?<blank>\s+|#[^\n]*|--(?=[\s\0]|$)[^\n]*|\/\*(?!M?!)[^]*?\*\/)|(?<code>\/\*M?!)|(?<name>`(?:[^`]|``)*`)|(?<text>'(?:[^'\\]|\\[^]|'')*'|"(?:[^"\\]|\\[^]|"")*")|(?<word>[\w$\u0080-\uffff]+)|(?<symbol>[^])/gy;

/** Words that make a SELECT write a file or take locks. They are reserved, so no name without quotes is one of them. */
const forbidden: readonly (readonly string[])[] = [
  ['INTO'],
  ['FOR', 'UPDATE'],
  ['FOR', 'SHARE'],
  ['LOCK', 'IN'],
];

/** The names, or the reason why this cannot be an invariant. */
export function readInvariant(sql: string): InvariantNames | string {
  const tokens = tokensOf(sql);
  if (typeof tokens === 'string') return tokens;
  const opening = tokens.find(({ value }) => value !== '(');
  if (opening === undefined || !isWord(opening, 'SELECT', 'WITH')) return 'it is not a SELECT';
  const end = tokens.findIndex(({ value, kind }) => kind === 'symbol' && value === ';');
  if (end !== -1 && end < tokens.length - 1) return 'it is more than one statement';
  for (const words of forbidden) {
    const at = tokens.findIndex(
      (_, index) => !isPart(tokens, index) && words.every((word, n) => isWord(tokens[index + n], word)),
    );
    if (at !== -1) return `it has ${words.join(' ')}: an invariant only reads`;
  }
  const alone = (index: number): boolean => !isPart(tokens, index) && tokens[index + 1]?.value !== '.';
  return {
    dotted: dottedNames(tokens),
    tables: tokens.flatMap((token, index) =>
      isName(token) && alone(index) && isWord(tokens[index - 1], 'FROM', 'JOIN', 'STRAIGHT_JOIN')
        ? [token.value]
        : [],
    ),
    functions: tokens.flatMap((token, index) =>
      isName(token) && alone(index) && tokens[index + 1]?.value === '(' ? [token.value] : [],
    ),
  };
}

/** The SQL with other texts for the first of some dotted names. */
export function withRenamed(
  sql: string,
  renamed: readonly { readonly at: DottedName; readonly to: string }[],
): string {
  let out = '';
  let from = 0;
  for (const { at, to } of renamed.toSorted((a, b) => a.at.start - b.at.start)) {
    out += sql.slice(from, at.start) + to;
    from = at.end;
  }
  return out + sql.slice(from);
}

function tokensOf(sql: string): Token[] | string {
  const tokens: Token[] = [];
  for (const match of sql.matchAll(tokenPattern)) {
    const { code, name, text, word, symbol } = match.groups ?? {};
    const place = { start: match.index, end: match.index + match[0].length };
    if (code !== undefined) return 'it has SQL within a comment (/*! … */)';
    if (name !== undefined)
      tokens.push({ kind: 'name', value: name.slice(1, -1).replaceAll('``', '`'), ...place });
    else if (text !== undefined) tokens.push({ kind: 'text', value: text, ...place });
    else if (word !== undefined) tokens.push({ kind: 'word', value: word, ...place });
    else if (symbol !== undefined) tokens.push({ kind: 'symbol', value: symbol, ...place });
  }
  return tokens;
}

function dottedNames(tokens: readonly Token[]): DottedName[] {
  return tokens.flatMap((token, index) => {
    const [dot, second] = tokens.slice(index + 1, index + 3);
    if (!isName(token) || isPart(tokens, index) || dot?.value !== '.' || !isName(second)) return [];
    return [{ first: token.value, second: second.value, start: token.start, end: token.end }];
  });
}

/** Numbers are none: of 1.5 neither part is a name. */
function isName(token: Token | undefined): token is Token {
  return token?.kind === 'name' || (token?.kind === 'word' && !/^\d+$/.test(token.value));
}

/** Behind a dot, or a variable's name: never a database's or a table's own. */
function isPart(tokens: readonly Token[], index: number): boolean {
  const before = tokens[index - 1];
  return before?.kind === 'symbol' && (before.value === '.' || before.value === '@');
}

function isWord(token: Token | undefined, ...words: readonly string[]): boolean {
  return token?.kind === 'word' && words.includes(token.value.toUpperCase());
}

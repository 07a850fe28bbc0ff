/**
 * What the servers say of an account (SHOW CREATE USER, SHOW GRANTS), cut into tokens and changed where it must be. Pure.
 * The text is of a session without ANSI_QUOTES and with backslash escapes: names in backticks, strings in quotes.
 */
import { quoteName } from '../connection/quoting.ts';

export interface AccountToken {
  /** `word`: a keyword, a number or a hex literal. `name`: a name in backticks. `text`: a string. */
  readonly kind: 'word' | 'name' | 'text' | 'symbol';
  /** A name without its quotes; a word in capitals; anything else as it stands there. */
  readonly value: string;
  readonly start: number;
  readonly end: number;
}

const tokenPattern =
  /(?<blank>\s+)|(?<name>`(?:[^`]|``)*`)|(?<text>'(?:[^'\\]|\\[^]|'')*'|"(?:[^"\\]|\\[^]|"")*")|(?<word>[\w$.\u0080-\uffff]+)|(?<symbol>[^])/gy;

export function accountTokens(sql: string): AccountToken[] {
  const tokens: AccountToken[] = [];
  for (const match of sql.matchAll(tokenPattern)) {
    const { name, text, word, symbol } = match.groups ?? {};
    const start = match.index;
    const end = start + match[0].length;
    if (name !== undefined)
      tokens.push({ kind: 'name', value: name.slice(1, -1).replaceAll('``', '`'), start, end });
    else if (text !== undefined) tokens.push({ kind: 'text', value: text, start, end });
    else if (word !== undefined) tokens.push({ kind: 'word', value: word.toUpperCase(), start, end });
    else if (symbol !== undefined) tokens.push({ kind: 'symbol', value: symbol, start, end });
  }
  return tokens;
}

/** Position of these words in a row, or -1. */
export function indexOfWords(tokens: readonly AccountToken[], words: readonly string[], from = 0): number {
  for (let at = from; at + words.length <= tokens.length; at += 1) {
    const here = words.every((word, n) => tokens[at + n]?.kind === 'word' && tokens[at + n]?.value === word);
    if (here) return at;
  }
  return -1;
}

export interface NamedAccount {
  /** As SQL takes it: `` `user`@`host` ``, a MariaDB role without host, or PUBLIC. */
  readonly account: string;
  /** The token after it. */
  readonly next: number;
}

/** The account that is named from the token at `at` on, if one is. */
export function accountAt(tokens: readonly AccountToken[], at: number): NamedAccount | undefined {
  const [first, sign, host] = tokens.slice(at, at + 3);
  if (first?.kind === 'word' && first.value === 'PUBLIC') return { account: 'PUBLIC', next: at + 1 };
  const name = nameIn(first);
  if (name === undefined) return undefined;
  const hostName = sign?.value === '@' ? nameIn(host) : undefined;
  if (hostName !== undefined) return { account: `${quoteName(name)}@${quoteName(hostName)}`, next: at + 3 };
  return { account: quoteName(name), next: at + 1 };
}

/** MariaDB writes the accounts of a PROXY as strings. */
function nameIn(token: AccountToken | undefined): string | undefined {
  if (token?.kind === 'name') return token.value;
  if (token?.kind !== 'text') return undefined;
  return token.value
    .slice(1, -1)
    .replaceAll(/\\([^])|''/g, (_, escaped: string | undefined) => escaped ?? "'");
}

/** `sql` with the text between two tokens' places replaced. */
export function splice(sql: string, start: number, end: number, text: string): string {
  return (
    sql.slice(0, start).trimEnd() +
    (text === '' ? '' : ` ${text}`) +
    ' ' +
    sql.slice(end).trimStart()
  ).trimEnd();
}

/** A grant as it can be run: on MariaDB the line also says how the account logs in. */
export function plainGrant(sql: string): string {
  const tokens = accountTokens(sql);
  const to = tokens.findIndex(({ kind, value }) => kind === 'word' && (value === 'TO' || value === 'FROM'));
  const grantee = to === -1 ? undefined : accountAt(tokens, to + 1);
  const last = grantee === undefined ? undefined : tokens[grantee.next - 1];
  if (grantee === undefined || last === undefined) return sql;
  const rest = tokens.slice(grantee.next);
  const options = ['GRANT', 'ADMIN'].filter((word) => indexOfWords(rest, [word, 'OPTION']) !== -1);
  const head = sql.slice(0, last.end);
  return options.length === 0 ? head : `${head} WITH ${options[0]} OPTION`;
}

/** The clauses that end the options of TLS and resources: what belongs to neither comes after. */
const laterClauses: readonly (readonly string[])[] = [
  ['PASSWORD', 'EXPIRE'],
  ['PASSWORD', 'HISTORY'],
  ['PASSWORD', 'REUSE'],
  ['PASSWORD', 'REQUIRE'],
  ['ACCOUNT', 'LOCK'],
  ['ACCOUNT', 'UNLOCK'],
  ['FAILED_LOGIN_ATTEMPTS'],
  ['COMMENT'],
  ['ATTRIBUTE'],
];

export interface LockedAccount {
  /** The CREATE USER: locked, and with the token as its limit of connections for each hour. */
  readonly create: string;
  /** What the limit and the lock really are. */
  readonly connectionsPerHour: string;
  readonly locked: boolean;
}

/**
 * A CREATE USER as a restore runs it before it is decided: nobody can log in, and the account tells by its limit of
 * connections whose work it is.
 */
export function lockedAccount(sql: string, token: number): LockedAccount {
  let text = sql;
  let tokens = accountTokens(text);
  const locked = indexOfWords(tokens, ['ACCOUNT', 'LOCK']) !== -1;
  for (const word of ['LOCK', 'UNLOCK']) {
    const at = indexOfWords(tokens, ['ACCOUNT', word]);
    if (at !== -1) text = cut(text, tokens, at, 2);
    tokens = accountTokens(text);
  }
  let connectionsPerHour = '0';
  const limit = indexOfWords(tokens, ['MAX_CONNECTIONS_PER_HOUR']);
  if (limit !== -1) {
    connectionsPerHour = tokens[limit + 1]?.value ?? '0';
    text = cut(text, tokens, limit, 2);
    tokens = accountTokens(text);
  }
  const own = tokens.findIndex(
    ({ kind, value }, at) =>
      kind === 'word' && value === 'WITH' && tokens[at + 1]?.value.startsWith('MAX_') === true,
  );
  const emptied = tokens.findIndex(({ kind, value }, at) => {
    const next = tokens[at + 1];
    return (
      kind === 'word' && value === 'WITH' && next?.kind !== 'text' && next?.value.startsWith('MAX_') !== true
    );
  });
  if (own === -1 && emptied !== -1) {
    text = cut(text, tokens, emptied, 1);
    tokens = accountTokens(text);
  }
  const places = laterClauses.map((words) => indexOfWords(tokens, words)).filter((at) => at !== -1);
  const later = places.length === 0 ? text.length : (tokens[Math.min(...places)]?.start ?? text.length);
  const limits = `${own === -1 ? 'WITH ' : ''}MAX_CONNECTIONS_PER_HOUR ${token}`;
  return { create: splice(text, later, later, `${limits} ACCOUNT LOCK`), connectionsPerHour, locked };
}

function cut(sql: string, tokens: readonly AccountToken[], at: number, count: number): string {
  const [first, last] = [tokens[at], tokens[at + count - 1]];
  return first === undefined || last === undefined ? sql : splice(sql, first.start, last.end, '');
}

/** Takes MySQL's DEFAULT ROLE out of a CREATE USER: the roles are to be granted first. */
export function withoutDefaultRoles(sql: string): { sql: string; roles: readonly string[] } {
  const tokens = accountTokens(sql);
  const at = indexOfWords(tokens, ['DEFAULT', 'ROLE']);
  const first = tokens[at];
  if (at === -1 || first === undefined) return { sql, roles: [] };
  const roles: string[] = [];
  let next = at + 2;
  for (;;) {
    const role = accountAt(tokens, next);
    if (role === undefined) break;
    roles.push(role.account);
    next = role.next;
    if (tokens[next]?.value !== ',') break;
    next += 1;
  }
  return { sql: splice(sql, first.start, tokens[next - 1]?.end ?? first.end, ''), roles };
}

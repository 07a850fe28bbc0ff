/** What of a server's stored accounts another server gets: only those that it has not, with all that is theirs. Pure. */
import { TidemarkError } from '../../../../proto/errors.ts';
import { accountAt, type AccountToken, accountTokens, indexOfWords } from './account-sql.ts';

export interface GrantedObject {
  /** TABLE, FUNCTION, PROCEDURE, PACKAGE, … */
  readonly kind: string;
  readonly database: string;
  readonly name: string;
  /** Columns that the grant names. */
  readonly columns: readonly string[];
}

/** One statement of the script, by what it is about; `account` is whose it is. */
export type AccountStatement = { readonly sql: string; readonly account: string } & (
  | { readonly kind: 'create-user' }
  | { readonly kind: 'create-role' }
  | { readonly kind: 'alter-user' }
  /** On everything, or on a database by its name or a pattern; a REVOKE of a part of it too. */
  | { readonly kind: 'grant'; readonly revokes: boolean }
  | { readonly kind: 'proxy' }
  | { readonly kind: 'object'; readonly on: GrantedObject }
  | { readonly kind: 'role'; readonly role: string }
  | { readonly kind: 'default-role' }
);

export interface AccountPlan {
  /** In an order in which they may be run. */
  readonly statements: readonly AccountStatement[];
  /** Users to be made, as SQL takes them. */
  readonly users: readonly string[];
  /** MariaDB's roles to be made. */
  readonly roles: readonly string[];
  /** Accounts of the set that the server has. */
  readonly standing: readonly string[];
  /** Statements that would give something to an account that stands, and privileges that the server does not know. */
  readonly withheld: readonly string[];
}

export interface StandingAccounts {
  /** As SQL takes them; PUBLIC when it has been given anything. */
  readonly accounts: ReadonlySet<string>;
  /** Names of the privileges that a server has or has not, those with an underscore; undefined: all are known. */
  readonly privileges: ReadonlySet<string> | undefined;
}

/** Throws `not-supported` for a statement that no backup has written. */
export function readStatement(sql: string): AccountStatement {
  const tokens = accountTokens(sql);
  const verbs = tokens.slice(0, 2).map(({ value }) => value);
  const third = accountAt(tokens, 2)?.account;
  if (third !== undefined && verbs[0] === 'CREATE')
    return { kind: verbs[1] === 'ROLE' ? 'create-role' : 'create-user', account: third, sql };
  if (third !== undefined && verbs[0] === 'ALTER') return { kind: 'alter-user', account: third, sql };
  const grantee = granteeOf(tokens);
  if (grantee !== undefined) {
    if (verbs[0] === 'SET') return { kind: 'default-role', account: grantee, sql };
    if (verbs[0] === 'GRANT' || verbs[0] === 'REVOKE') return readGrant(sql, tokens, grantee);
  }
  throw new TidemarkError({
    code: 'not-supported',
    operation: 'read the stored accounts',
    subject: `statement ${verbs.join(' ')}`,
    cause: 'it is none that is known for accounts',
    remedy: 'Restore without --globals, and make the accounts by hand (docs/restore-by-hand.md).',
  });
}

/** Names are quoted, so that these words are the statement's own. */
function granteeOf(tokens: readonly AccountToken[]): string | undefined {
  const at = tokens.findIndex(({ kind, value }) => kind === 'word' && ['TO', 'FROM', 'FOR'].includes(value));
  return at === -1 ? undefined : accountAt(tokens, at + 1)?.account;
}

function readGrant(sql: string, tokens: readonly AccountToken[], account: string): AccountStatement {
  const on = indexOfWords(tokens, ['ON']);
  const role = on === -1 ? accountAt(tokens, 1) : undefined;
  if (role !== undefined) return { kind: 'role', role: role.account, account, sql };
  if (tokens[1]?.value === 'PROXY') return { kind: 'proxy', account, sql };
  const object = grantsOf(tokens);
  if (object.name !== '*') return { kind: 'object', on: object, account, sql };
  return { kind: 'grant', revokes: tokens[0]?.value === 'REVOKE', account, sql };
}

/** What stands between ON and the grantee. */
function grantsOf(tokens: readonly AccountToken[]): GrantedObject {
  const on = indexOfWords(tokens, ['ON']);
  const kinds: string[] = [];
  let at = on + 1;
  for (; tokens[at]?.kind === 'word' && tokens[at]?.value !== '.'; at += 1)
    kinds.push(tokens[at]?.value ?? '');
  const columns = tokens.slice(0, on).filter(({ kind }) => kind === 'name');
  return {
    kind: kinds.length === 0 ? 'TABLE' : kinds.join(' '),
    database: tokens[at]?.value ?? '',
    name: tokens[at + 2]?.value ?? '*',
    columns: [...new Set(columns.map(({ value }) => value))],
  };
}

/** What to run on a server of which `standing` is known. */
export function planAccounts(
  stored: readonly AccountStatement[],
  { accounts, privileges }: StandingAccounts,
): AccountPlan {
  const known = stored.filter(({ kind }) => kind === 'create-user' || kind === 'create-role');
  const make = new Set(known.map(({ account }) => account).filter((account) => !accounts.has(account)));
  const gets = (account: string): boolean =>
    make.has(account) || (account === 'PUBLIC' && !accounts.has('PUBLIC'));
  const statements: AccountStatement[] = [];
  const withheld: string[] = [];
  for (const one of stored) {
    if (!gets(one.account)) {
      const tied = one.account === 'PUBLIC' || (one.kind === 'role' && make.has(one.role));
      if (tied) withheld.push(one.sql);
      continue;
    }
    const { sql, unknown } = knownPrivileges(one, privileges);
    if (unknown.length > 0) withheld.push(`${unknown.join(', ')} for ${one.account}`);
    if (sql !== undefined) statements.push({ ...one, sql });
  }
  const ofKind = (kind: string): string[] =>
    known.filter((one) => one.kind === kind && make.has(one.account)).map(({ account }) => account);
  return {
    statements,
    users: ofKind('create-user'),
    roles: ofKind('create-role'),
    standing: known.map(({ account }) => account).filter((account) => accounts.has(account)),
    withheld,
  };
}

/** Dynamic privileges come and go with versions; one that is unknown would refuse the whole statement. */
function knownPrivileges(
  one: AccountStatement,
  privileges: ReadonlySet<string> | undefined,
): { sql: string | undefined; unknown: readonly string[] } {
  if (one.kind !== 'grant' || privileges === undefined) return { sql: one.sql, unknown: [] };
  const tokens = accountTokens(one.sql);
  const on = tokens[indexOfWords(tokens, ['ON'])];
  const [verb] = tokens;
  if (on === undefined || verb === undefined) return { sql: one.sql, unknown: [] };
  const list = one.sql
    .slice(verb.end, on.start)
    .split(',')
    .map((name) => name.trim());
  const unknown = list.filter((name) => name.includes('_') && !privileges.has(name.toUpperCase()));
  if (unknown.length === 0) return { sql: one.sql, unknown };
  const kept = list.filter((name) => !unknown.includes(name));
  if (kept.length === 0) return { sql: undefined, unknown };
  return { sql: `${one.sql.slice(0, verb.end)} ${kept.join(', ')} ${one.sql.slice(on.start)}`, unknown };
}

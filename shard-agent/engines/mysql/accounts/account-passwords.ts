/** Accounts without what the server keeps of their passwords: nobody can log in to them, whatever is then unlocked. */
import { randomBytes } from 'node:crypto';
import { accountTokens, indexOfWords, splice } from './account-sql.ts';

/** How one family words it. */
export interface PasswordRules {
  /** Plugins that ask somebody else: what stands with them is no secret. */
  readonly secretless: readonly string[];
  /** What stands in place of a method that needs a password. */
  unusable(plugin: string): string;
  /** Where the statement says nothing of a method. */
  unstated(): string;
}

/** The alphabet of the hashes that crypt makes. */
const cryptLetters = './0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz';

function randomLetters(count: number): string {
  return [...randomBytes(count)].map((byte) => cryptLetters[byte % 64]).join('');
}

const hex = (text: string): string => `0x${Buffer.from(text, 'latin1').toString('hex').toUpperCase()}`;

/** Looks like a stored password, and is nobody's: it is drawn, not made of a password. */
const drawnHashes: Readonly<Record<string, () => string>> = {
  caching_sha2_password: () => hex(`$A$005$${randomLetters(20)}${randomLetters(43)}`),
  sha256_password: () => hex(`$5$${randomLetters(20)}$${randomLetters(43)}`),
  mysql_native_password: () => hex(`*${randomBytes(20).toString('hex').toUpperCase()}`),
};

export const mysqlPasswords: PasswordRules = {
  secretless: [
    'auth_socket',
    'authentication_kerberos',
    'authentication_ldap_sasl',
    'authentication_ldap_simple',
    'authentication_pam',
    'authentication_windows',
    'mysql_no_login',
  ],
  unusable(plugin) {
    const drawn = drawnHashes[plugin]?.();
    return drawn === undefined ? `WITH '${plugin}'` : `WITH '${plugin}' AS ${drawn}`;
  },
  unstated: () => `IDENTIFIED ${mysqlPasswords.unusable('caching_sha2_password')}`,
};

export const mariadbPasswords: PasswordRules = {
  secretless: ['auth_gssapi_client', 'gssapi', 'named_pipe', 'pam', 'unix_socket'],
  // The server's own word for a password that no one has.
  unusable: () => `mysql_native_password USING 'invalid'`,
  unstated: () => `IDENTIFIED VIA mysql_native_password USING 'invalid'`,
};

/** The same account, locked, with no password's hash in it. */
export function withoutPassword(sql: string, rules: PasswordRules): string {
  return locked(withoutSecrets(sql, rules));
}

function withoutSecrets(sql: string, rules: PasswordRules): string {
  let text = sql;
  let stated = false;
  for (let at = -1; ; ) {
    const tokens = accountTokens(text);
    at = tokens.findIndex(
      ({ kind, value }, index) =>
        index > at && kind === 'word' && (value === 'IDENTIFIED' || (stated && value === 'OR')),
    );
    const verb = tokens[at];
    if (verb === undefined) break;
    stated = true;
    const by = indexOfWords(tokens, ['BY', 'PASSWORD'], at + 1) === at + 1;
    const via = verb.value === 'IDENTIFIED' ? at + 2 : at + 1;
    const plugin = by
      ? 'mysql_native_password'
      : (tokens[via]?.value ?? '').replaceAll("'", '').toLowerCase();
    const hasSecret = ['AS', 'USING'].includes(tokens[via + 1]?.value ?? '');
    const last = by ? tokens[at + 3] : tokens[hasSecret ? via + 2 : via];
    if (last === undefined || rules.secretless.includes(plugin)) continue;
    const method = rules.unusable(plugin);
    const lead = verb.value === 'OR' ? 'OR' : method.startsWith('WITH') ? 'IDENTIFIED' : 'IDENTIFIED VIA';
    text = splice(text, verb.start, last.end, `${lead} ${method}`);
  }
  if (stated) return text;
  const [, , , , host] = accountTokens(text);
  return host === undefined ? text : splice(text, host.end, host.end, rules.unstated());
}

function locked(sql: string): string {
  const tokens = accountTokens(sql);
  if (indexOfWords(tokens, ['ACCOUNT', 'LOCK']) !== -1) return sql;
  const unlock = indexOfWords(tokens, ['ACCOUNT', 'UNLOCK']);
  const [first, last] = [tokens[unlock], tokens[unlock + 1]];
  if (unlock !== -1 && first !== undefined && last !== undefined)
    return splice(sql, first.start, last.end, 'ACCOUNT LOCK');
  const expire = tokens[indexOfWords(tokens, ['PASSWORD', 'EXPIRE'])];
  return expire === undefined
    ? `${sql} ACCOUNT LOCK`
    : splice(sql, expire.start, expire.start, 'ACCOUNT LOCK');
}

/**
 * Accounts that a restore makes. Until it is over they are locked, and each bears the restore's token as its limit of
 * connections for each hour: so whoever comes after us knows which are the restore's. MariaDB's roles bear nothing; theirs
 * is the restoring account as administrator.
 */
import { openGlobals } from '../../../stored-globals.ts';
import { TidemarkError } from '../../../../proto/errors.ts';
import type { StoredShard } from '../../../engine.ts';
import { type AccountPlan, type AccountStatement, planAccounts, readStatement } from './account-plan.ts';
import { accountTokens, indexOfWords, lockedAccount } from './account-sql.ts';
import { accountName } from './accounts.ts';
import { quoteName, quoteText } from '../connection/quoting.ts';
import type { Dialect } from '../dialect.ts';
import { isServerError } from '../connection/failure.ts';
import { latin1, readScript } from '../schema/sql-script.ts';
import type { Step } from '../restore/staged-steps.ts';
import type { MadeAccounts, StagingMark } from '../restore/staging-mark.ts';
import type { Wire } from '../connection/wire.ts';

/** Steps that wait: for the objects to stand, and for the restore to be over. */
const accountPieces = { objects: 'globals-objects', finish: 'globals-finish' } as const;

/** What a grant names is not there: a grant outlives its object, and the source had it no more. */
const noObject: readonly number[] = [1049, 1054, 1146, 1147, 1305];

const tokenRange = { least: 1_000_000_000, most: 2_000_000_000 };

/** Drawn for each restore: no account has it as its limit by chance. */
function newToken(): number {
  return tokenRange.least + Math.floor(Math.random() * (tokenRange.most - tokenRange.least));
}

/** What the set stored, against the accounts that this server has. */
export async function readPlan(wire: Wire, dialect: Dialect, stored: StoredShard): Promise<AccountPlan> {
  const statements: AccountStatement[] = [];
  for await (const bytes of readScript(openGlobals(stored))) {
    const sql = Buffer.from(bytes, 'latin1').toString('utf8');
    if (!/^SET (?!DEFAULT )/.test(sql)) statements.push(readStatement(sql));
  }
  const rows = await wire.query(dialect.accounts);
  const accounts = rows.map((row) =>
    accountName({ user: row['u'] ?? '', host: row['h'] ?? '', isRole: row['r'] === 'Y' }),
  );
  const privileges = dialect.dynamicPrivileges
    ? new Set((await wire.query('SHOW PRIVILEGES')).map((row) => (row['Privilege'] ?? '').toUpperCase()))
    : undefined;
  return planAccounts(statements, { accounts: new Set(accounts), privileges });
}

/** What the mark says of them, before the first is made. */
export function madeAccounts({ users, roles, statements }: AccountPlan): MadeAccounts {
  const administered = new Set(
    statements.flatMap((one) =>
      one.kind === 'role' && indexOfWords(accountTokens(one.sql), ['ADMIN', 'OPTION']) !== -1
        ? [one.role]
        : [],
    ),
  );
  return {
    token: newToken(),
    users: [...users],
    roles: roles.map((name) => ({ name, keepAdmin: !administered.has(name) })),
  };
}

/** Makes them, locked, with the grants that need no object; what must wait is handed to `later`. */
export async function makeAccounts(
  wire: Wire,
  dialect: Dialect,
  plan: AccountPlan,
  token: number,
  later: (piece: string, sql: string) => Promise<void>,
): Promise<void> {
  for (const { kind, sql, account } of plan.statements) {
    if (kind === 'create-user') {
      const { create, connectionsPerHour, locked } = lockedAccount(sql, token);
      await runUnshown(wire, create, account);
      const lock = locked ? 'LOCK' : 'UNLOCK';
      const alter = `ALTER USER ${account} WITH MAX_CONNECTIONS_PER_HOUR ${connectionsPerHour} ACCOUNT ${lock}`;
      await later(accountPieces.finish, latin1(alter));
    } else if (account === 'PUBLIC') await later(accountPieces.finish, latin1(sql));
    else if (kind === 'object') await later(accountPieces.objects, latin1(sql));
    else await wire.run(sql);
  }
  if (dialect.forgetLimits !== undefined) await later(accountPieces.finish, dialect.forgetLimits);
}

/** A server quotes what it cannot read, and what it keeps of a password is in it: of that error only the number is told. */
async function runUnshown(wire: Wire, sql: string, account: string): Promise<void> {
  try {
    await wire.run(sql);
  } catch (error) {
    // A syntax error, a text that is none of its character set.
    if (!isServerError(error, 1064, 1300)) throw error;
    throw new TidemarkError({
      code: 'database-failed',
      operation: 'make an account of the set',
      subject: `account ${account}`,
      cause: `the server cannot read the statement that makes it (error ${error.errno})`,
      remedy: 'Restore without --globals, and make the accounts by hand (docs/restore-by-hand.md).',
    });
  }
}

/** After the objects stand. May be done again. */
export async function grantObjects(
  wire: Wire,
  { accounts }: StagingMark,
  steps: readonly Step[],
): Promise<void> {
  if (accounts === undefined) return;
  await runSteps(wire, steps, accountPieces.objects, await stillOurs(wire, accounts));
}

/** Gives everybody what they have, and lets them in. May be done again. */
export async function finishAccounts(
  wire: Wire,
  { accounts }: StagingMark,
  steps: readonly Step[],
): Promise<void> {
  if (accounts === undefined) return;
  const ours = await stillOurs(wire, accounts);
  for (const { name, keepAdmin } of accounts.roles) {
    if (!keepAdmin && ours.has(name)) await wire.run(`REVOKE ${name} FROM CURRENT_USER`);
  }
  await runSteps(wire, steps, accountPieces.finish, ours);
}

async function runSteps(
  wire: Wire,
  steps: readonly Step[],
  piece: string,
  ours: ReadonlySet<string>,
): Promise<void> {
  for (const step of steps.filter((one) => one.piece === piece)) {
    const flushes = step.sql.startsWith('FLUSH ');
    const { account } = flushes
      ? { account: 'PUBLIC' }
      : readStatement(Buffer.from(step.sql, 'latin1').toString('utf8'));
    // A GRANT to nobody may make somebody, whom no password keeps out.
    if (account !== 'PUBLIC' && !ours.has(account)) continue;
    try {
      await wire.run(Buffer.from(step.sql, 'latin1'));
    } catch (error) {
      // Who may not flush leaves a limit of 0 to be shown until the server starts again: it means none.
      if (!isServerError(error, ...(flushes ? [1227] : noObject))) throw error;
    }
  }
}

/** Drops those that bear the restore's signs, and no others. */
export async function dropAccounts(wire: Wire, { accounts }: StagingMark): Promise<void> {
  if (accounts === undefined) return;
  const ours = await stillOurs(wire, accounts);
  for (const { name } of accounts.roles) if (ours.has(name)) await wire.run(`DROP ROLE ${name}`);
  for (const account of accounts.users) if (ours.has(account)) await wire.run(`DROP USER ${account}`);
}

/** Accounts that bear the restore's signs: one that it has made and that does not was dropped, or made anew by somebody. */
async function stillOurs(wire: Wire, accounts: MadeAccounts): Promise<ReadonlySet<string>> {
  const roles = await administeredRoles(wire, accounts);
  if (accounts.users.length === 0) return roles;
  const rows = await wire.query(
    `SELECT User AS u, Host AS h FROM mysql.user WHERE max_connections = ${accounts.token}`,
  );
  const users = rows.map((row) => accountName({ user: row['u'] ?? '', host: row['h'] ?? '', isRole: false }));
  return new Set([...roles, ...users]);
}

/** Which of the roles the account of this session administers: those that it has made. */
async function administeredRoles(wire: Wire, { roles }: MadeAccounts): Promise<ReadonlySet<string>> {
  if (roles.length === 0) return new Set();
  const current = (await wire.value('SELECT CURRENT_USER()')) ?? '';
  const at = current.lastIndexOf('@');
  const [user, host] = [current.slice(0, at), current.slice(at + 1)];
  const rows = await wire.query(
    `SELECT Role AS r FROM mysql.roles_mapping WHERE User = ${quoteText(user)} AND Host = ${quoteText(host)} AND Admin_option = 'Y'`,
  );
  return new Set(rows.map((row) => quoteName(row['r'] ?? '')));
}

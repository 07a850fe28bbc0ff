/**
 * The server's accounts and their grants as a script: users and roles, then what concerns no single object, then who has
 * which role, then the grants on objects, which the server takes only when the object is there.
 */
import { TidemarkError } from '../../../../proto/errors.ts';
import { globalsPiece, type StoredGlobals } from '../../../../repository/manifest-entries.ts';
import type { Finding, SchemaPiece } from '../../../engine.ts';
import { finding } from '../../../findings.ts';
import { withoutPassword } from './account-passwords.ts';
import { type GrantedObject, readStatement } from './account-plan.ts';
import { plainGrant, withoutDefaultRoles } from './account-sql.ts';
import { quoteName, quoteText, quoteAccount } from '../connection/quoting.ts';
import type { Dialect } from '../dialect.ts';
import { failure, isServerError } from '../connection/failure.ts';
import { isThere } from './granted-object.ts';
import { latin1, scriptComment, scriptStatement } from '../schema/sql-script.ts';
import type { Wire } from '../connection/wire.ts';

/** One row of `Dialect.accounts`. */
interface Account {
  readonly user: string;
  readonly host: string;
  readonly isRole: boolean;
  /** As SQL takes it. */
  readonly account: string;
}

export interface AccountScript {
  /** In the order in which they are to be run. */
  readonly statements: readonly string[];
  /** For the eyes of whoever misses something: what is not carried. */
  readonly leftOut: readonly LeftOut[];
}

interface LeftOut {
  readonly what: string;
  readonly remedy: string;
}

/** Needs SELECT on the database `mysql`: throws `privilege-missing` with the statement when it is not there. */
export async function readAccounts(
  wire: Wire,
  dialect: Dialect,
  globals: StoredGlobals,
): Promise<AccountScript> {
  const operation = 'read the accounts of the server';
  const reader = new AccountReader(wire, dialect, globals);
  try {
    return await reader.read();
  } catch (error) {
    // Access denied: to a table, to what others may do, for want of a privilege.
    if (!isServerError(error, 1044, 1142, 1227, 1370)) throw failure(error, operation, 'the accounts');
    throw new TidemarkError(
      {
        code: 'privilege-missing',
        operation,
        subject: 'the accounts',
        cause: error.message,
        remedy: `GRANT SELECT ON \`mysql\`.* TO ${quoteAccount((await wire.value('SELECT CURRENT_USER()')) ?? '')};`,
      },
      { cause: error },
    );
  }
}

/** What a backup with globals would lack, or leave out. */
export async function accountFindings(
  wire: Wire,
  dialect: Dialect,
  globals: StoredGlobals,
): Promise<Finding[]> {
  const { leftOut } = await readAccounts(wire, dialect, globals);
  return leftOut.map(({ what, remedy }) =>
    finding('not-supported', 'accounts', `it is not stored: ${what}`, remedy, true),
  );
}

/** The script as a piece of the set. */
export function accountsPiece({ statements, leftOut }: AccountScript): SchemaPiece {
  const head = [
    scriptComment('Users and roles of the server, and their grants. Apply after the databases.'),
    scriptComment('mysql --comments --binary-mode < this file'),
    scriptStatement('SET NAMES utf8mb4'),
    scriptStatement("SET SESSION sql_mode = ''"),
    ...leftOut.map(({ what }) => scriptComment(latin1(`Left out: ${what}`))),
  ].join('');
  return {
    database: '',
    name: globalsPiece,
    fileName: `${globalsPiece}.sql`,
    packed: false,
    body: script(head, statements),
  };
}

async function* script(head: string, statements: readonly string[]): AsyncIterable<Uint8Array> {
  yield Buffer.from(head, 'latin1');
  for (const sql of statements) yield Buffer.from(scriptStatement(latin1(sql)), 'latin1');
}

/** Columns of mysql.user, and the words behind which they are shown. */
const certificateColumns = [
  { column: 'x509_issuer', clause: 'ISSUER' },
  { column: 'x509_subject', clause: 'SUBJECT' },
  { column: 'ssl_cipher', clause: 'CIPHER' },
] as const;

class AccountReader {
  readonly #wire: Wire;
  readonly #dialect: Dialect;
  readonly #globals: StoredGlobals;
  readonly #made: string[] = [];
  readonly #grants: string[] = [];
  readonly #roles: string[] = [];
  readonly #defaults: string[] = [];
  readonly #objects: string[] = [];
  readonly #leftOut: LeftOut[] = [];

  constructor(wire: Wire, dialect: Dialect, globals: StoredGlobals) {
    this.#wire = wire;
    this.#dialect = dialect;
    this.#globals = globals;
  }

  async read(): Promise<AccountScript> {
    for (const setting of this.#dialect.accountSettings) await this.#wire.run(`SET SESSION ${setting}`);
    for (const account of await this.#accounts()) {
      // The others' text tells what a grantee has through its roles, too.
      if (!(await this.#account(account))) continue;
      await this.#readGrants(account);
    }
    return {
      statements: [this.#made, this.#grants, this.#roles, this.#defaults, this.#objects].flat(),
      leftOut: this.#leftOut,
    };
  }

  async #accounts(): Promise<Account[]> {
    const rows = await this.#wire.query(this.#dialect.accounts);
    return rows
      .map((row) => ({ user: row['u'] ?? '', host: row['h'] ?? '', isRole: row['r'] === 'Y' }))
      .filter(({ user, host }) => !this.#dialect.ownAccounts.includes(`${user}@${host}`))
      .map((one) => ({ ...one, account: accountName(one) }));
  }

  /** False when the server does not know the account, though its tables do. */
  async #account({ user, host, isRole, account }: Account): Promise<boolean> {
    if (account === 'PUBLIC') return true;
    if (isRole) {
      this.#made.push(`CREATE ROLE ${account}`);
      return true;
    }
    try {
      const shown = (await this.#wire.results(`SHOW CREATE USER ${account}`)).at(-1)?.rows ?? [];
      const [create = '', ...more] = shown.map((row) => row[0]?.toString('utf8') ?? '');
      const sound = await this.#soundRequire(create, user, host);
      const { sql, roles } = withoutDefaultRoles(sound);
      const kept = this.#globals === 'with-passwords';
      this.#made.push(kept ? sql : withoutPassword(sql, this.#dialect.passwords), ...more);
      if (roles.length > 0) this.#defaults.push(`SET DEFAULT ROLE ${roles.join(', ')} TO ${account}`);
      return true;
    } catch (error) {
      // No such account, as long as names of hosts are not looked up.
      if (!isServerError(error, 1133, 1141, 1396)) throw error;
      this.#leftOut.push({
        what: `account ${account}, which the server does not use (skip_name_resolve)`,
        remedy: 'DROP the account, or let the server look up names of hosts.',
      });
      return false;
    }
  }

  /** MySQL, and MariaDB from 11 on, show the text of a certificate as it is, quotes and all. */
  async #soundRequire(create: string, user: string, host: string): Promise<string> {
    const list = certificateColumns
      .map(({ column }) => `CONVERT(${column} USING utf8mb4) AS ${column}`)
      .join(', ');
    const [row] = await this.#wire.query(
      `SELECT ${list} FROM mysql.user WHERE User = ${quoteText(user)} AND Host = ${quoteText(host)}`,
    );
    let sound = create;
    for (const { column, clause } of certificateColumns) {
      const value = row?.[column];
      if (value) sound = sound.replace(`${clause} '${value}'`, () => `${clause} ${quoteText(value)}`);
    }
    return sound;
  }

  async #readGrants({ account }: Account): Promise<void> {
    const shown = (await this.#wire.results(`SHOW GRANTS FOR ${account}`)).at(-1)?.rows ?? [];
    for (const row of shown) {
      const sql = row[0]?.toString('utf8') ?? '';
      const line = sql.startsWith('SET DEFAULT ROLE ') ? sql : plainGrant(sql);
      const statement = readStatement(line);
      // A role's own lines are shown with those of whoever has it.
      if (statement.account !== account) continue;
      switch (statement.kind) {
        case 'role':
          this.#roles.push(line);
          break;
        case 'default-role':
          this.#defaults.push(line);
          break;
        case 'object':
          if (await isThere(this.#wire, statement.on)) this.#objects.push(line);
          else this.#leftOut.push(unseenObject(line, statement.on));
          break;
        default:
          if (!/^GRANT USAGE ON \*\.\* TO (?!.* WITH GRANT OPTION$)/s.test(line)) this.#grants.push(line);
      }
    }
  }
}

function unseenObject(grant: string, { database }: GrantedObject): LeftOut {
  return {
    what: `${grant}, as there is no such object (any more), or none that this account may see`,
    remedy: `REVOKE it where the object is gone; else GRANT SELECT ON ${quoteName(database)}.* TO the account of the backup.`,
  };
}

/** As SQL takes it. */
export function accountName({ user, host, isRole }: Pick<Account, 'user' | 'host' | 'isRole'>): string {
  if (isRole) return user === 'PUBLIC' ? 'PUBLIC' : quoteName(user);
  return `${quoteName(user)}@${quoteName(host)}`;
}

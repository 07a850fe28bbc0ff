/** What this account may do, as SHOW GRANTS words it, roles included. */
import type { Dialect } from '../dialect.ts';
import { quoteAccount } from '../connection/quoting.ts';
import type { Wire } from '../connection/wire.ts';

interface Grant {
  /** Upper case, without column lists. */
  readonly privileges: readonly string[];
  /** `*` for all databases, else the name with its wildcards. */
  readonly database: string;
  readonly table: string;
  readonly revoked: boolean;
}

export class Grants {
  readonly #grants: readonly Grant[];
  /** As GRANT … TO takes it. */
  readonly account: string;

  static async read(wire: Wire, dialect: Dialect): Promise<Grants> {
    const account = quoteAccount((await wire.value('SELECT CURRENT_USER()')) ?? '');
    const lines = (await wire.results('SHOW GRANTS')).at(-1)?.rows ?? [];
    const role = await wire.value('SELECT CURRENT_ROLE()');
    const extra: (readonly (Buffer | null)[])[] = [];
    if (role !== null && role !== undefined && role !== '' && role !== 'NONE') {
      // MySQL names several, quoted; MariaDB one, whose grants SHOW GRANTS lists by itself.
      const sql = dialect.family === 'mysql' ? `SHOW GRANTS FOR CURRENT_USER() USING ${role}` : 'SHOW GRANTS';
      extra.push(...((await wire.results(sql)).at(-1)?.rows ?? []));
    }
    const texts = [...lines, ...extra].map((row) => row[0]?.toString('utf8') ?? '');
    return new Grants(account, texts);
  }

  /** What it may do on everything, it may give to others. */
  readonly mayGrant: boolean;

  constructor(account: string, lines: readonly string[]) {
    this.account = account;
    this.mayGrant = lines.some((line) => /^GRANT .* ON \*\.\* TO .* WITH GRANT OPTION$/s.test(line));
    this.#grants = lines.flatMap(parseGrant);
  }

  /** One of these privileges on everything. */
  onServer(names: readonly string[]): boolean {
    return this.#grants.some(
      (grant) => !grant.revoked && grant.database === '*' && grant.table === '*' && includes(grant, names),
    );
  }

  /** Otherwise the server hides from this account the databases on which it has no privilege, and who writes them. */
  get seesAllDatabases(): boolean {
    return this.onServer(['SHOW DATABASES', 'SELECT']);
  }

  /** One of these privileges on all of this database, directly or by a wider grant. */
  onDatabase(names: readonly string[], database: string): boolean {
    const revoked = this.#grants.some(
      (grant) => grant.revoked && grant.database === database && includes(grant, names),
    );
    if (!revoked && this.onServer(names)) return true;
    return this.#grants.some(
      (grant) =>
        !grant.revoked &&
        grant.table === '*' &&
        grant.database !== '*' &&
        matches(grant.database, database) &&
        includes(grant, names),
    );
  }

  onTable(names: readonly string[], database: string, table: string): boolean {
    if (this.onDatabase(names, database)) return true;
    return this.#grants.some(
      (grant) =>
        !grant.revoked &&
        grant.table === table &&
        matches(grant.database, database) &&
        includes(grant, names),
    );
  }
}

function includes(grant: Grant, names: readonly string[]): boolean {
  if (grant.privileges.some((privilege) => names.includes(privilege))) return true;
  return grant.privileges.includes('ALL PRIVILEGES');
}

/** `_` and `%` are wildcards in a grant's database unless a backslash stands before. */
function matches(pattern: string, name: string): boolean {
  const source = pattern.replace(/\\?[^]/g, (part) => {
    if (part === '%') return '.*';
    if (part === '_') return '.';
    return part.slice(-1).replace(/[.*+?^${}()|[\]\\]/g, '\\$&');
  });
  return new RegExp(`^${source}$`, 's').test(name);
}

function parseGrant(line: string): Grant[] {
  const found =
    /^(GRANT|REVOKE) (.+?) ON (?:TABLE )?(\*|`(?:[^`]|``)*`)\.(\*|`(?:[^`]|``)*`) (?:TO|FROM) /s.exec(line);
  if (found === null) return [];
  const [, verb, list, database, table] = found;
  const privileges = (list ?? '')
    .replace(/\([^)]*\)/g, '()')
    .split(',')
    .map((name) => name.trim().toUpperCase());
  const unquote = (name: string | undefined): string =>
    name === '*' || name === undefined ? '*' : name.slice(1, -1).replaceAll('``', '`');
  return [{ privileges, database: unquote(database), table: unquote(table), revoked: verb === 'REVOKE' }];
}

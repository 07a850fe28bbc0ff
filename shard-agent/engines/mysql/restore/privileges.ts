/** What the account of a restore must be allowed: all of it is named before anything is made. */
import type { Finding, StoredShard } from '../../../engine.ts';
import { finding } from '../../../findings.ts';
import { Grants } from '../check/grants.ts';
import { isServerError } from '../connection/failure.ts';
import type { Wire } from '../connection/wire.ts';
import { compareVersions, type Dialect, type ServerPrivilege } from '../dialect.ts';
import { variable } from '../server.ts';
import type { SourceFacts } from '../source-facts.ts';

/** What a restore calls its staging, for asking about privileges. */
const someStaging = 'tidemark_restore_0';

/** For a restore of any set. */
export function generalPrivileges(wire: Wire, dialect: Dialect): Promise<Finding[]> {
  return missingPrivileges(wire, dialect, [someStaging], dialect.restorePrivileges);
}

/** For this set. */
export async function privileges(wire: Wire, dialect: Dialect, stored: StoredShard): Promise<Finding[]> {
  const databases = [someStaging, ...stored.databases.map(({ name }) => name)];
  // Who makes a library may also use it, as a rule.
  const usesLibraries = stored.schema.some(({ name }) => name === 'libraries');
  const mayUse = !usesLibraries || (await variable(wire, 'automatic_sp_privileges')) === 'ON';
  const use = { name: 'EXECUTE', satisfiedBy: [], need: 'make routines that use libraries' };
  const needed = [...dialect.restorePrivileges, ...(mayUse ? [] : [use])];
  return missingPrivileges(wire, dialect, databases, needed);
}

/** MySQL guards accounts that administer the server, and names of accounts that do not exist, by privileges of their own. */
export async function definerPrivileges(
  wire: Wire,
  dialect: Dialect,
  { definers }: SourceFacts,
): Promise<Finding[]> {
  if (dialect.family !== 'mysql' || definers.length === 0) return [];
  const rows = await wire
    .query(
      `SELECT CONCAT(u.User, '@', u.Host) AS a, EXISTS (SELECT 1 FROM mysql.global_grants g
         WHERE g.USER = u.User AND g.HOST = u.Host AND g.PRIV = 'SYSTEM_USER') AS guarded FROM mysql.user u`,
    )
    .catch((error: unknown) => {
      if (isServerError(error)) return undefined;
      throw error;
    });
  // That they cannot be seen is told with the accounts.
  if (rows === undefined) return [];
  const known = new Map(rows.map((row) => [(row['a'] ?? '').toLowerCase(), row['guarded'] === '1']));
  const guarded = definers.filter((name) => known.get(name.toLowerCase()) === true);
  const gone = definers.filter((name) => !known.has(name.toLowerCase()));
  const needed: ServerPrivilege[] = [];
  if (guarded.length > 0)
    needed.push({ name: 'SYSTEM_USER', satisfiedBy: [], need: `make what runs as ${guarded.join(', ')}` });
  if (gone.length > 0 && compareVersions(dialect.version, '8.2.0') >= 0)
    needed.push({
      name: 'ALLOW_NONEXISTENT_DEFINER',
      satisfiedBy: ['SUPER', 'SET_USER_ID'],
      need: `make what runs as ${gone.join(', ')}, which does not exist here`,
    });
  return missingPrivileges(wire, dialect, [], needed);
}

async function missingPrivileges(
  wire: Wire,
  dialect: Dialect,
  databases: readonly string[],
  needed: readonly ServerPrivilege[],
): Promise<Finding[]> {
  const grants = await Grants.read(wire, dialect);
  return needed
    .filter(({ name, satisfiedBy }) => {
      const names = [name, ...satisfiedBy];
      if (grants.onServer(names)) return false;
      return databases.length === 0 || !databases.every((database) => grants.onDatabase(names, database));
    })
    .map(({ name, need }) => {
      const remedy = `GRANT ${name} ON *.* TO ${grants.account};`;
      return finding('privilege-missing', name, `without ${name} a restore cannot ${need}`, remedy);
    });
}

/** Would a shard's part of a set fit on this server? All that stands against it, at once. Changes nothing. */
import type { Finding, StoredShard } from '../../../engine.ts';
import { TidemarkError } from '../../../../proto/errors.ts';
import { finding } from '../../../findings.ts';
import { spaceFindings } from '../../../target-space.ts';
import { isNamed } from '../connection/exact-names.ts';
import { quoteAccount, quoteName } from '../connection/quoting.ts';
import { compareVersions, type Dialect } from '../dialect.ts';
import { isServerError } from '../connection/failure.ts';
import { fitAccounts, noAccounts } from '../accounts/fit-accounts.ts';
import { Grants } from '../check/grants.ts';
import { definerFindings } from './fit-definers.ts';
import { definerPrivileges, generalPrivileges, privileges } from './privileges.ts';
import { eventNames } from '../schema/event-names.ts';
import { limitFindings } from './fit-limits.ts';
import { readLibraries } from '../schema/libraries.ts';
import { refusal, variable } from '../server.ts';
import { readFacts, type SourceFacts } from '../source-facts.ts';
import { placeFindings } from '../schema/table-place.ts';
import { settingFindings } from './fit-settings.ts';
import { requireShapes } from './stored-manifest.ts';
import { restoreConnectionFindings } from '../check/connections.ts';
import type { Wire } from '../connection/wire.ts';

/** `globals`: with the accounts of the set. `host`: where the server is, as the agent's file names it. */
export async function fitShard(
  wire: Wire,
  dialect: Dialect,
  stored: StoredShard,
  { globals, host, lanes }: { readonly globals: boolean; readonly host: string; readonly lanes: number },
): Promise<Finding[]> {
  const { shard } = stored;
  if (shard.family !== dialect.family) {
    const cause = `the set is of ${shard.family}, this server is ${dialect.family}`;
    return [finding('does-not-fit', 'the server', cause, `Restore onto a server of ${shard.family}.`)];
  }
  requireShapes(stored);
  const findings: Finding[] = [
    ...olderVersion(dialect.version, shard.version),
    ...(await roleFindings(wire, dialect)),
  ];
  const facts = readFacts(stored);
  const accounts = globals ? await fitAccounts(wire, dialect, stored, facts) : noAccounts;
  findings.push(
    ...(await occupiedFindings(
      wire,
      stored.databases.map(({ name }) => name),
    )),
    ...(await privileges(wire, dialect, stored)),
    ...(await definerPrivileges(wire, dialect, withoutDefiners(facts, accounts.coming))),
    ...(await settings(wire, dialect, stored, facts)),
    ...(await limitFindings(wire, dialect, stored)),
    ...(await pieces(wire, withoutDefiners(facts, accounts.coming))),
    ...placeFindings(facts.places ?? []),
    ...(lanes > 0 ? await restoreConnectionFindings(wire, dialect, lanes) : []),
    ...(await spaceFindings({
      host,
      folder: await variable(wire, 'datadir'),
      neededBytes: stored.databases.reduce((bytes, database) => bytes + database.sourceBytes, 0),
    })),
    ...accounts.findings,
  );
  return findings;
}

/** What a restore of any set needs of server and account. */
export async function checkRestorer(wire: Wire, dialect: Dialect): Promise<Finding[]> {
  return [
    ...(await roleFindings(wire, dialect)),
    ...(await generalPrivileges(wire, dialect)),
    ...(await loadFindings(wire)),
  ];
}

async function roleFindings(wire: Wire, dialect: Dialect): Promise<Finding[]> {
  try {
    const refused = await refusal(wire, dialect);
    if (refused === undefined) return [];
    const remedy = 'Name the sole writable primary over a direct connection.';
    return [finding('does-not-fit', 'the server', refused, remedy)];
  } catch (error) {
    if (!isServerError(error)) throw error;
    // What a restore needs does not include what asking takes.
    const cause = `whether it is the sole writable primary cannot be seen: ${error.message}`;
    const remedy = roleRemedy(dialect, (await Grants.read(wire, dialect)).account);
    return [finding('privilege-missing', 'the role of the server', cause, remedy, true)];
  }
}

async function loadFindings(wire: Wire): Promise<Finding[]> {
  if ((await variable(wire, 'local_infile')) === 'ON') return [];
  const cause = 'rows are loaded by LOAD DATA LOCAL, which is off';
  return [finding('does-not-fit', 'local_infile', cause, 'SET GLOBAL local_infile = ON;')];
}

/**
 * A server of an older series (10.6 for 10.11, 9.6 for 9.7) may lack what the set uses. Within a series both families
 * add nothing that a dump shows as a rule, and on the worst day the spare server may be a patch behind: a warning.
 */
function olderVersion(here: string, source: string): Finding[] {
  if (compareVersions(here, source) >= 0) return [];
  const series = (version: string): string => version.split('.').slice(0, 2).join('.');
  const cause = `the set is of version ${source}, this server is ${here}`;
  const sameSeries = series(here) === series(source);
  const remedy = sameSeries
    ? `What ${here} does not know stops the restore, and all of it is undone; ${source} or newer is sure to do.`
    : `Restore onto version ${series(source)} or newer.`;
  return [finding('does-not-fit', 'the server', cause, remedy, sameSeries)];
}

/** Without those that the restore makes. */
function withoutDefiners(facts: SourceFacts, coming: readonly string[]): SourceFacts {
  const definers = facts.definers.filter((definer) => !coming.includes(quoteAccount(definer)));
  return { ...facts, definers };
}

function roleRemedy(dialect: Dialect, account: string): string {
  const names = dialect.backupPrivileges.map(({ name }) => name).join(', ');
  return `GRANT ${names} ON *.* TO ${account}; or make sure that it is the primary.`;
}

/** How many objects of any kind stand in a database; undefined when there is no such database. */
export async function countObjects(wire: Wire, database: string): Promise<number | undefined> {
  const inDatabase = (column: string): string => isNamed(column, [database]);
  const exists = await wire.value(
    `SELECT 1 FROM information_schema.SCHEMATA WHERE ${inDatabase('SCHEMA_NAME')}`,
  );
  if (exists === undefined) return undefined;
  const count = await wire.value(
    `SELECT (SELECT COUNT(*) FROM information_schema.TABLES WHERE ${inDatabase('TABLE_SCHEMA')}) + ` +
      `(SELECT COUNT(*) FROM information_schema.ROUTINES WHERE ${inDatabase('ROUTINE_SCHEMA')})`,
  );
  const [events, libraries] = [await eventNames(wire, database), await readLibraries(wire, database)];
  return Number(count ?? 0) + events.length + libraries.length;
}

/** Some of those objects, by kind and name, for a message. */
export async function someObjects(wire: Wire, database: string): Promise<string[]> {
  const inDatabase = (column: string): string => isNamed(column, [database]);
  const rows = await wire.query(
    `(SELECT TABLE_TYPE AS k, TABLE_NAME AS n FROM information_schema.TABLES WHERE ${inDatabase('TABLE_SCHEMA')} ORDER BY 2 LIMIT 5) ` +
      `UNION ALL (SELECT ROUTINE_TYPE, ROUTINE_NAME FROM information_schema.ROUTINES WHERE ${inDatabase('ROUTINE_SCHEMA')} ORDER BY 2 LIMIT 5)`,
  );
  const events = (await eventNames(wire, database)).map((n) => ({ k: 'EVENT', n }));
  const libraries = (await readLibraries(wire, database)).map(({ n = null }) => ({ k: 'LIBRARY', n }));
  return [...rows, ...events, ...libraries]
    .slice(0, 5)
    .map((row) => `${(row['k'] ?? '').replace('BASE TABLE', 'TABLE').toLowerCase()} ${row['n'] ?? ''}`);
}

/**
 * Which of these databases are there and hold anything: what a restore must not take the place of. Changes nothing; may be
 * asked again at any time before the switch.
 */
async function occupiedFindings(wire: Wire, names: readonly string[]): Promise<Finding[]> {
  const findings: Finding[] = [];
  for (const name of names) {
    const count = await countObjects(wire, name);
    if (count === undefined || count === 0) continue;
    const remedy = `DROP DATABASE ${quoteName(name)}; once nothing in it is needed.`;
    findings.push(finding('target-not-empty', name, `the database holds ${count} objects`, remedy));
  }
  return findings;
}

/** Throws the first of `occupiedFindings` as `target-not-empty`. */
export async function requireEmpty(wire: Wire, names: readonly string[], operation: string): Promise<void> {
  const [found] = await occupiedFindings(wire, names);
  if (found === undefined) return;
  const { code, subject, cause, remedy } = found;
  throw new TidemarkError({ code, operation, subject, cause, remedy });
}

async function settings(
  wire: Wire,
  dialect: Dialect,
  stored: StoredShard,
  facts: SourceFacts,
): Promise<Finding[]> {
  const findings: Finding[] = [];
  const fit = (subject: string, cause: string, remedy: string): void => {
    findings.push(finding('does-not-fit', subject, cause, remedy));
  };
  findings.push(...(await loadFindings(wire)));
  const lower = Number((await variable(wire, 'lower_case_table_names')) ?? 0);
  const names = [...stored.databases, ...stored.tables].map(({ name }) => name);
  const capitals = facts.hasCapitals || names.some((name) => name !== name.toLowerCase());
  if (lower !== facts.lowerCaseTableNames && capitals) {
    const cause = `it is ${lower} here and was ${facts.lowerCaseTableNames} on the source, where names have capitals`;
    fit(
      'lower_case_table_names',
      cause,
      `Set up the server with lower_case_table_names = ${facts.lowerCaseTableNames}.`,
    );
  }
  if (lower === 0 && facts.lowerCaseTableNames !== 0 && facts.hasCode) {
    const cause =
      'names that differ in capitals are different here, and its triggers, routines and events may not know';
    const remedy = 'Write the names of tables in them as they are, or set up the server as the source was.';
    findings.push(finding('does-not-fit', 'lower_case_table_names', cause, remedy, true));
  }
  findings.push(...(await settingFindings(wire, dialect, stored, facts)));
  const logs = (await variable(wire, 'log_bin')) === 'ON';
  if (
    facts.hasTriggersOrFunctions &&
    logs &&
    (await variable(wire, 'log_bin_trust_function_creators')) !== 'ON'
  ) {
    const grants = await Grants.read(wire, dialect);
    if (!grants.onServer(['SUPER'])) {
      const cause = 'with the binary log on, an account without SUPER may not make functions and triggers';
      fit('log_bin_trust_function_creators', cause, 'SET GLOBAL log_bin_trust_function_creators = ON;');
    }
  }
  return findings;
}

/** Engines, collations and accounts the set's objects refer to. */
async function pieces(wire: Wire, facts: SourceFacts): Promise<Finding[]> {
  const findings: Finding[] = [];
  const column = async (sql: string): Promise<Set<string>> =>
    new Set(
      ((await wire.results(sql)).at(-1)?.rows ?? []).map(
        (row) => row[0]?.toString('utf8').toLowerCase() ?? '',
      ),
    );
  const engines = await column(
    "SELECT ENGINE FROM information_schema.ENGINES WHERE SUPPORT IN ('YES', 'DEFAULT')",
  );
  for (const engine of facts.engines.filter((name) => !engines.has(name.toLowerCase()))) {
    findings.push(
      finding(
        'does-not-fit',
        engine,
        'the server has no such storage engine',
        `INSTALL SONAME 'ha_${engine.toLowerCase()}';`,
      ),
    );
  }
  // MariaDB lists some collations without the character set they are joined to.
  const collations = await column(
    'SELECT COLLATION_NAME FROM information_schema.COLLATION_CHARACTER_SET_APPLICABILITY',
  );
  const joined = await column(
    "SELECT CONCAT(CHARACTER_SET_NAME, '_', COLLATION_NAME) FROM information_schema.COLLATION_CHARACTER_SET_APPLICABILITY",
  );
  for (const collation of facts.collations) {
    const name = collation.toLowerCase();
    if (collations.has(name) || joined.has(name)) continue;
    findings.push(
      finding(
        'does-not-fit',
        collation,
        'the server has no such collation',
        'Restore onto a server that has it.',
      ),
    );
  }
  return [...findings, ...(await definerFindings(wire, facts.definers))];
}

/** Everything a backup needs, tried without changing anything; all that is missing is reported at once. */
import { errorTable, TidemarkError } from '../../../../proto/errors.ts';
import type { CheckOrder, Finding } from '../../../engine.ts';
import { accountFindings } from '../accounts/accounts.ts';
import { MetadataLocks } from '../barrier/metadata-locks.ts';
import { type Catalogue, listDatabases, readCatalogue } from '../catalogue.ts';
import { quoteName } from '../connection/quoting.ts';
import type { Dialect } from '../dialect.ts';
import { failure, isServerError } from '../connection/failure.ts';
import { connectionFindings } from './connections.ts';
import { Grants } from './grants.ts';
import { inDoubtFindings, preparedTransactions } from './in-doubt.ts';
import { leftOutFindings } from './left-out.ts';
import { readSourceObjects } from '../schema/source-objects.ts';
import { refusal, variable } from '../server.ts';
import type { Wire } from '../connection/wire.ts';

/** Needed on each database; what `includes` it stands beside. */
const databasePrivileges = ['SELECT', 'LOCK TABLES', 'SHOW VIEW', 'TRIGGER', 'EVENT'];
const writersBeforeUs = 16;
/** For looking through rows. */
const lookMs = 5000;

export async function checkBackup(
  wire: Wire,
  dialect: Dialect,
  wanted: readonly string[] | undefined,
  order: CheckOrder,
): Promise<Finding[]> {
  const grants = await Grants.read(wire, dialect);
  const findings = await privilegeFindings(wire, dialect, grants, wanted);
  /** What fails for want of a privilege has been named already, with the statement that mends it. */
  const failed = (error: unknown, subject: string): void => {
    const finding = asFinding(error, subject);
    if (finding.code === 'privilege-missing' && findings.length > 0) return;
    findings.push(finding);
  };
  try {
    const refused = await refusal(wire, dialect);
    if (refused !== undefined) {
      const remedy = errorTable['shard-refused'].remedy;
      findings.push({ code: 'shard-refused', subject: 'the server', cause: refused, remedy, warning: false });
    }
  } catch (error) {
    failed(error, 'the role of the server');
  }
  const prepared = await preparedTransactions(wire).catch((error: unknown) => {
    failed(error, 'the prepared transactions');
    return [];
  });
  try {
    const databases = await listDatabases(wire, wanted);
    findings.push(
      ...missingDatabases(
        databases.map(({ name }) => name),
        wanted,
      ),
    );
    const catalogue = await readCatalogue(wire, dialect, databases);
    const looking = { wires: [wire], limitMs: lookMs };
    findings.push(...catalogue.findings, ...(await readSourceObjects(wire, catalogue)).findings);
    findings.push(...(await leftOutFindings(wire, dialect, databases, wanted, looking)));
    findings.push(...(await capacityFindings(wire, dialect, catalogue, order)));
    const others = (await listDatabases(wire, undefined)).length > databases.length;
    if (others || !grants.seesAllDatabases) findings.push(...(await strangerFindings(wire, dialect, grants)));
  } catch (error) {
    failed(error, 'the catalogue');
  }
  if (prepared.length > 0) findings.push(...(await inDoubtFindings(wire, order, prepared)));
  if (order.globals !== 'none') {
    const found = await accountFindings(wire, dialect, order.globals).catch((error: unknown) => [
      asFinding(error, 'the accounts'),
    ]);
    findings.push(...found);
  }
  return findings;
}

/** Throws `privilege-missing` with every statement that is to be run. */
export async function requirePrivileges(
  wire: Wire,
  dialect: Dialect,
  wanted: readonly string[] | undefined,
): Promise<void> {
  const findings = await privilegeFindings(wire, dialect, await Grants.read(wire, dialect), wanted);
  if (findings.length === 0) return;
  throw new TidemarkError({
    code: 'privilege-missing',
    operation: 'prepare the backup',
    subject: findings.map((finding) => finding.subject).join(', '),
    cause: findings.map((finding) => finding.cause).join('; '),
    remedy: findings.map((finding) => finding.remedy).join('\n'),
  });
}

function asFinding(error: unknown, subject: string): Finding {
  const { code, reason, remedy } = failure(error, 'check', subject);
  return { code, subject, cause: reason, remedy, warning: false };
}

async function privilegeFindings(
  wire: Wire,
  dialect: Dialect,
  grants: Grants,
  wanted: readonly string[] | undefined,
): Promise<Finding[]> {
  const findings: Finding[] = [];
  const missing = (subject: string, cause: string, grant: string): void => {
    const remedy = `GRANT ${grant} TO ${grants.account};`;
    findings.push({ code: 'privilege-missing', subject, cause, remedy, warning: false });
  };
  for (const { name, satisfiedBy, need } of dialect.backupPrivileges) {
    if (grants.onServer([name, ...satisfiedBy])) continue;
    missing(name, `without ${name} a backup cannot ${need}`, `${name} ON *.*`);
  }
  const visible = (await listDatabases(wire, wanted)).map(({ name }) => name);
  // A database that is named may be invisible for want of privileges.
  for (const database of new Set([...visible, ...(wanted ?? [])])) {
    const lacking = databasePrivileges.filter((name) => !grants.onDatabase([name], database));
    if (lacking.length === 0) continue;
    const cause = `without ${lacking.join(', ')} the database cannot be locked and read`;
    missing(database, cause, `${lacking.join(', ')} ON ${quoteName(database.replaceAll(/[_%]/g, '\\$&'))}.*`);
  }
  const { satisfiedBy, grant } = dialect.routinePrivilege;
  if (!grants.onServer(satisfiedBy) && !grants.onTable(['SELECT'], 'mysql', 'proc')) {
    missing('routines', 'without it the bodies of routines cannot be read', grant);
  }
  if (dialect.family === 'mysql' && !grants.onDatabase(['SELECT'], 'performance_schema')) {
    const cause = 'without it a backup cannot see the group the server is in, nor who holds locks';
    missing('performance_schema', cause, 'SELECT ON performance_schema.*');
  }
  return findings;
}

function missingDatabases(found: readonly string[], wanted: readonly string[] | undefined): Finding[] {
  return (wanted ?? [])
    .filter((name) => !found.includes(name))
    .map((name) => ({
      code: 'not-ready',
      subject: name,
      cause: `there is no database ${name}, or this account sees nothing of it`,
      remedy: `CREATE DATABASE ${quoteName(name)}; or correct \`databases\` in the agent's file.`,
      warning: false,
    }));
}

/** Room for our connections and tables, and what a later restore would want. */
async function capacityFindings(
  wire: Wire,
  dialect: Dialect,
  catalogue: Catalogue,
  order: CheckOrder,
): Promise<Finding[]> {
  const findings: Finding[] = [];
  const number = async (name: string): Promise<number> => Number((await variable(wire, name)) ?? 0);
  const tables = catalogue.tables.length;
  findings.push(
    ...(await connectionFindings(wire, dialect, { tables, lanes: order.lanes, locks: order.locks, open: 1 })),
  );
  const cache = await number('table_open_cache');
  const wanted = tables * 2;
  if (cache < wanted) {
    findings.push({
      code: 'not-ready',
      subject: 'table_open_cache',
      cause: `${tables} tables do not stay open in a cache of ${cache}: each attempt would open them under the locks`,
      remedy: `SET GLOBAL table_open_cache = ${wanted + 400};`,
      warning: true,
    });
  }
  findings.push(...(await drainFindings(wire, dialect)));
  if ((await variable(wire, 'local_infile')) !== 'ON') {
    findings.push({
      code: 'not-ready',
      subject: 'local_infile',
      cause: 'a restore onto this server would load its rows by LOAD DATA LOCAL',
      remedy: 'SET GLOBAL local_infile = ON;',
      warning: true,
    });
  }
  return findings;
}

/** Where the server does not tell whose tables a transaction has written, one of a database that is not backed up keeps the barrier waiting. */
async function strangerFindings(wire: Wire, dialect: Dialect, grants: Grants): Promise<Finding[]> {
  if ((await new MetadataLocks(wire, undefined).source()) !== 'none') return [];
  const cause =
    'the server does not show metadata locks: a long transaction that writes a database outside this backup cannot be told from one in the way, and is waited for';
  const remedy =
    dialect.family === 'mariadb'
      ? `INSTALL SONAME 'metadata_lock_info'; or set performance_schema = ON and performance_schema_instrument = 'wait/lock/metadata/sql/mdl=ON' in the server's configuration, and GRANT SELECT ON performance_schema.* TO ${grants.account};`
      : "UPDATE performance_schema.setup_instruments SET ENABLED = 'YES' WHERE NAME = 'wait/lock/metadata/sql/mdl';";
  return [{ code: 'not-ready', subject: 'metadata locks', cause, remedy, warning: true }];
}

/** What makes drains longer than they need be, or harder to explain. */
async function drainFindings(wire: Wire, dialect: Dialect): Promise<Finding[]> {
  const findings: Finding[] = [];
  const warn = (subject: string, cause: string, remedy: string): void => {
    findings.push({ code: 'not-ready', subject, cause, remedy, warning: true });
  };
  // New writers pass a LOCK TABLES … READ that waits; MySQL stops that after so many of them.
  if (
    dialect.family === 'mysql' &&
    Number((await variable(wire, 'max_write_lock_count')) ?? 0) > writersBeforeUs
  ) {
    const cause =
      'writers that follow each other without a gap on one table keep its lock from being granted';
    warn('max_write_lock_count', cause, `SET PERSIST max_write_lock_count = ${writersBeforeUs};`);
  }
  const consumer = await wire
    .value("SELECT ENABLED FROM performance_schema.setup_consumers WHERE NAME = 'events_statements_current'")
    .catch((error: unknown) => {
      if (isServerError(error)) return undefined;
      throw error;
    });
  if (
    (await variable(wire, 'performance_schema')) !== 'ON' ||
    (consumer !== undefined && consumer !== 'YES')
  ) {
    const cause = 'the last statement of an idle transaction that is in the way cannot be shown';
    const settings = 'performance_schema = ON and performance_schema_consumer_events_statements_current = ON';
    warn('performance_schema', cause, `Set ${settings} in the server's configuration.`);
  }
  return findings;
}

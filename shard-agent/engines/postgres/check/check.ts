/** Everything a backup needs, tried without changing anything; for what is missing, the statement that provides it. */
import { TidemarkError } from '../../../../proto/errors.ts';
import type { StoredGlobals } from '../../../../repository/manifest-entries.ts';
import type { CheckOrder, Finding } from '../../../engine.ts';
import { finding } from '../../../findings.ts';
import { lostFindings, settingsOfAllFindings } from './check-globals.ts';
import { databaseFindings, type LockedObjects } from './check-database.ts';
import { during, quoteName, Session, type PostgresConfig } from '../connection/connection.ts';
import { connectionFindings } from './connections.ts';
import { convertsSharedNames } from '../connection/shared-names.ts';
import { inDoubtFindings } from './in-doubt.ts';
import { leftOutDatabase } from './left-out.ts';
import { unreadableGlobals } from './unreadable-names.ts';
import { closedFindings, listDatabases, openMaintenance, roleFindings, subjectOf } from '../server.ts';
import { findMarked } from '../restore/staging.ts';
import { findTool, type Tool } from '../connection/tools.ts';

/** What was found of the server as a whole. */
export interface ServerCheck {
  readonly findings: readonly Finding[];
  /** Those that a backup takes; undefined when the server was refused before it was asked for them. */
  readonly databases: readonly string[] | undefined;
  /** The pg_dump that fits, if there is one. */
  readonly tool: Tool | undefined;
}

/** All findings of server and databases. Throws only when the server cannot be reached at all. */
export async function checkServer(config: PostgresConfig, order: CheckOrder): Promise<Finding[]> {
  const monitor = await openAny(config);
  try {
    const { findings, databases } = await checkWhole(monitor, config, order);
    if (databases === undefined) return [...findings];
    return [
      ...findings,
      ...(await inDoubtFindings(monitor, config, order, databases)),
      ...(await checkDatabases(monitor, config, order, databases)),
    ];
  } finally {
    await monitor.close();
  }
}

/** The first half: what can be said before any database of the user's is connected to. */
export async function checkWhole(
  monitor: Session,
  config: PostgresConfig,
  order: CheckOrder,
): Promise<ServerCheck> {
  const role = await roleFindings(monitor, config);
  if (role.length > 0) return { findings: role, databases: undefined, tool: undefined };
  const closed = await closedFindings(monitor, config);
  // Those that are configured and closed have been named.
  const databases = (await listDatabases(monitor, config)).filter(
    (name) => !closed.some(({ subject }) => subject === `database ${name}`),
  );
  let tool: Tool | undefined;
  const room = connectionFindings(monitor, config, order, databases);
  const found = await Promise.all([
    serverFindings(monitor, config, order),
    asFindings(async () => {
      tool = await findTool('pg_dump', config.tools.pgDump, monitor.majorVersion);
    }),
    order.globals === 'none'
      ? settingsOfAllFindings(monitor, config)
      : globalsFindings(monitor, config, order.globals),
    room,
    // Its session would be counted.
    room.then(() => leftOutDatabase(config, databases)),
    stagingNameFindings(config, monitor),
  ]);
  return { findings: [...closed, ...found.flat()], databases, tool };
}

/** The second half: database by database, and whether the server has room for all their tables. */
export async function checkDatabases(
  monitor: Session,
  config: PostgresConfig,
  order: CheckOrder,
  databases: readonly string[],
): Promise<Finding[]> {
  const findings: Finding[] = [];
  const locked = { tables: 0, others: 0 };
  for (const database of databases) {
    const found = await databaseFindings(config, database, order);
    findings.push(...found.findings);
    locked.tables += found.locked.tables;
    locked.others += found.locked.others;
  }
  if (databases.length === 0) {
    findings.push(
      finding(
        'not-ready',
        subjectOf(config),
        'there is no database to back up',
        'Create one, or name it under `database.databases`.',
      ),
    );
  }
  return [...findings, ...(await capacityFindings(monitor, config, order, locked))];
}

/** A session somewhere: the account may be allowed into the configured databases only. */
export async function openAny(config: PostgresConfig, purpose = 'monitor'): Promise<Session> {
  const configured = config.database.databases ?? [];
  try {
    return await openMaintenance(config, purpose);
  } catch (error) {
    if (configured.length === 0 || (error instanceof TidemarkError && error.code === 'database-unreachable'))
      throw error;
    return openConfigured(config, configured, purpose);
  }
}

/** The first, unless names that all databases share are read right in another one only. */
async function openConfigured(
  config: PostgresConfig,
  names: readonly string[],
  purpose: string,
): Promise<Session> {
  const [first = '', ...others] = names;
  const session = await Session.open(config, first, purpose);
  for (const name of convertsSharedNames(session) ? others : []) {
    const other = await Session.open(config, name, purpose);
    if (!convertsSharedNames(other)) {
      await session.close();
      return other;
    }
    await other.close();
  }
  return session;
}

async function serverFindings(
  session: Session,
  config: PostgresConfig,
  order: CheckOrder,
): Promise<Finding[]> {
  const subject = subjectOf(config);
  const user = quoteName(config.database.user);
  const major = session.majorVersion;
  const row = await during('read the settings', subject, () =>
    session.row(
      `SELECT rolsuper, pg_catalog.pg_has_role(current_user, 'pg_read_all_stats', 'USAGE') AS stats,
         ${major >= 15 ? "pg_catalog.has_parameter_privilege('deadlock_timeout', 'SET')" : 'rolsuper'} AS deadlock,
         pg_catalog.current_setting('track_activities') AS activities,
         (SELECT pg_catalog.string_agg(subname, ', ') FROM pg_catalog.pg_subscription WHERE subenabled) AS subscriptions
       FROM pg_catalog.pg_roles WHERE rolname = current_user`,
    ),
  );
  const findings: Finding[] = [];
  if (major < 14) {
    findings.push(
      finding(
        'not-supported',
        subject,
        `PostgreSQL ${major} is older than 14`,
        'Upgrade the server to PostgreSQL 14 or later.',
      ),
    );
  }
  if (row['stats'] !== 't') {
    findings.push(
      finding(
        'privilege-missing',
        subject,
        'other sessions cannot be seen, so that nobody in the way of the barrier could be found or named',
        `GRANT pg_read_all_stats TO ${user};`,
      ),
    );
  }
  if (order.locks && row['deadlock'] !== 't') {
    findings.push(
      finding(
        'privilege-missing',
        subject,
        'deadlock_timeout cannot be set: no running autovacuum can be cancelled, whatever barrier.cancelAutovacuum says; the barrier waits until it ends',
        major >= 15 ? `GRANT SET ON PARAMETER deadlock_timeout TO ${user};` : `ALTER ROLE ${user} SUPERUSER;`,
        true,
      ),
    );
  }
  if (row['activities'] !== 'on') {
    findings.push(
      finding(
        'not-ready',
        subject,
        'track_activities is off: the statement of whoever is in the way is not known',
        'ALTER SYSTEM SET track_activities = on; SELECT pg_reload_conf();',
        true,
      ),
    );
  }
  if (row['subscriptions'] !== null && row['subscriptions'] !== undefined) {
    findings.push(
      finding(
        'shard-refused',
        subject,
        `this server subscribes to another by logical replication (${row['subscriptions']}): what arrives that way is not held by the barrier`,
        'Back up the publisher, or disable the subscription while the set is taken: ALTER SUBSCRIPTION … DISABLE;',
        true,
      ),
    );
  }
  return findings;
}

async function asFindings(look: () => Promise<unknown>): Promise<Finding[]> {
  try {
    await look();
    return [];
  } catch (error) {
    if (!(error instanceof TidemarkError)) throw error;
    return [finding(error.code, error.subject, error.reason, error.remedy)];
  }
}

/** What reading the roles needs; only superusers see what the server keeps of passwords, unless they are let. */
async function globalsFindings(
  session: Session,
  config: PostgresConfig,
  globals: StoredGlobals,
): Promise<Finding[]> {
  const findings = await asFindings(() =>
    findTool('pg_dumpall', config.tools.pgDumpall, session.majorVersion),
  );
  findings.push(
    ...(await during('read the names of roles', subjectOf(config), () => unreadableGlobals(session))),
  );
  findings.push(...(await lostFindings(session, config)));
  if (globals !== 'with-passwords') return findings;
  const user = quoteName(config.database.user);
  const row = await during('read the privileges', subjectOf(config), () =>
    session.row(`SELECT pg_catalog.has_table_privilege('pg_catalog.pg_authid', 'SELECT') AS seen`),
  );
  if (row['seen'] !== 't') {
    findings.push(
      finding(
        'privilege-missing',
        `role ${config.database.user}`,
        'it may not read the passwords of roles (pg_authid), which --globals with-passwords stores',
        `In database ${session.database}: GRANT SELECT ON pg_catalog.pg_authid TO ${user}; or store globals without passwords.`,
      ),
    );
  }
  return findings;
}

/** A database that has the name of a restore's staging, and is none, is told apart by nobody but its owner. */
async function stagingNameFindings(config: PostgresConfig, session: Session): Promise<Finding[]> {
  if (config.database.databases !== undefined) return [];
  const all = await during('look for restores', subjectOf(config), () => findMarked(session));
  return all
    .filter(({ mark }) => mark === undefined)
    .map(({ name }) =>
      finding(
        'not-supported',
        `database ${name}`,
        "it is not backed up: its name is that of a restore's staging",
        "Name every database to be backed up under `database.databases` in the agent's file.",
        true,
      ),
    );
}

/**
 * The lock table is shared: the locker, the exporter and pg_dump each hold every table of a database. It has room for
 * max_locks_per_transaction objects for each possible transaction, and twice as many holders.
 */
async function capacityFindings(
  session: Session,
  config: PostgresConfig,
  order: CheckOrder,
  { tables, others }: LockedObjects,
): Promise<Finding[]> {
  const row = await during('read the size of the lock table', subjectOf(config), () =>
    session.row(
      `SELECT pg_catalog.current_setting('max_locks_per_transaction')::int AS locks,
         pg_catalog.current_setting('max_connections')::int + pg_catalog.current_setting('max_prepared_transactions')::int
         + pg_catalog.current_setting('autovacuum_max_workers')::int + 1
         + pg_catalog.current_setting('max_worker_processes')::int + pg_catalog.current_setting('max_wal_senders')::int AS slots`,
    ),
  );
  const slots = Number(row['slots']);
  const room = Number(row['locks']) * slots;
  // Three holders of each table against twice the room, and a fifth left to the applications.
  const holders = (order.locks ? 3 : 2) * tables + others;
  const needed = Math.ceil(Math.max(holders / 2, tables + others) / 0.8);
  if (room >= needed) return [];
  return [
    finding(
      'not-ready',
      subjectOf(config),
      `${tables} tables and ${others} sequences and views need room for ${needed} locks, there is room for ${room}`,
      `ALTER SYSTEM SET max_locks_per_transaction = ${Math.ceil(needed / slots)}; then restart the server.`,
    ),
  ];
}

/** Everything a backup needs, tried without changing anything; for what is missing, the statement that provides it. */
import { TidemarkError } from '../../../proto/errors.ts';
import type { Finding } from '../../engine.ts';
import { fingerprintQuery, foreignNamespaces } from './catalogue.ts';
import { during, quoteName, quoteTable, Session, type PostgresConfig, type Row } from './connection.ts';
import { listDatabases, openMaintenance, roleFindings, subjectOf } from './server.ts';
import { findTool } from './tools.ts';

export interface CheckOrder {
  readonly lanes: number;
  readonly locks: boolean;
}

/** All findings of server and databases. Throws only when the server cannot be reached at all. */
export async function checkServer(config: PostgresConfig, order: CheckOrder): Promise<Finding[]> {
  const monitor = await openAny(config);
  try {
    const role = await roleFindings(monitor, config);
    if (role.length > 0) return role;
    const databases = await listDatabases(monitor, config);
    const findings = [
      ...(await serverFindings(monitor, config, order)),
      ...(await toolFindings(monitor, config)),
      ...(await connectionFindings(monitor, config, order, databases)),
      ...(await leftOutFindings(config, databases)),
    ];
    let tables = 0;
    for (const database of databases) {
      const found = await databaseFindings(config, database, order);
      findings.push(...found.findings);
      tables += found.tables;
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
    return [...findings, ...(await capacityFindings(monitor, config, order, tables))];
  } finally {
    await monitor.close();
  }
}

/** A session somewhere: the account may be allowed into the configured databases only. */
export async function openAny(config: PostgresConfig, purpose = 'monitor'): Promise<Session> {
  const [configured] = config.database.databases ?? [];
  try {
    return await openMaintenance(config, purpose);
  } catch (error) {
    if (configured === undefined || (error instanceof TidemarkError && error.code === 'database-unreachable'))
      throw error;
    return Session.open(config, configured, purpose);
  }
}

function finding(
  code: Finding['code'],
  subject: string,
  cause: string,
  remedy: string,
  warning = false,
): Finding {
  return { code, subject, cause, remedy, warning };
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
        'deadlock_timeout cannot be set: a running autovacuum would not yield to the barrier',
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

async function toolFindings(session: Session, config: PostgresConfig): Promise<Finding[]> {
  try {
    await findTool('pg_dump', config.tools.pgDump, session.majorVersion);
    return [];
  } catch (error) {
    if (!(error instanceof TidemarkError)) throw error;
    return [finding(error.code, error.subject, error.reason, error.remedy)];
  }
}

/** `postgres` is the server's own; when somebody keeps objects in it, they are told that it is left out. */
async function leftOutFindings(config: PostgresConfig, databases: readonly string[]): Promise<Finding[]> {
  if (config.database.databases !== undefined || databases.includes('postgres')) return [];
  const session = await Session.open(config, 'postgres', 'check').catch(() => undefined);
  if (session === undefined) return [];
  try {
    const row = await session.row(
      `SELECT pg_catalog.count(*) AS n FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
       WHERE c.relkind IN ('r', 'p', 'S', 'm') AND ${foreignNamespaces} AND NOT EXISTS (SELECT FROM pg_catalog.pg_depend d
         WHERE d.classid = 'pg_catalog.pg_class'::pg_catalog.regclass AND d.objid = c.oid AND d.deptype = 'e')`,
    );
    if (row['n'] === '0') return [];
    return [
      finding(
        'not-ready',
        'database postgres',
        `it holds ${row['n']} tables or sequences and is not backed up: it is taken for the server's own`,
        "Name every database to be backed up under `database.databases` in the agent's file, or move the tables to a database of their own.",
        true,
      ),
    ];
  } finally {
    await session.close();
  }
}

async function connectionFindings(
  session: Session,
  config: PostgresConfig,
  order: CheckOrder,
  databases: readonly string[],
): Promise<Finding[]> {
  const row = await during('count the connections', subjectOf(config), () =>
    session.row(
      `SELECT pg_catalog.current_setting('max_connections')::int AS max,
         CASE WHEN rolsuper THEN 0 ELSE pg_catalog.current_setting('superuser_reserved_connections')::int END
         ${session.majorVersion >= 16 ? "+ CASE WHEN rolsuper THEN 0 ELSE pg_catalog.current_setting('reserved_connections')::int END" : ''} AS reserved,
         (SELECT COALESCE(pg_catalog.sum(numbackends), 0) FROM pg_catalog.pg_stat_database) AS used,
         CASE WHEN rolsuper THEN -1 ELSE rolconnlimit END AS role_limit
       FROM pg_catalog.pg_roles WHERE rolname = current_user`,
    ),
  );
  // Two for each database, the lanes, the monitor, pg_dump, and one to spare.
  const needed = databases.length * (order.locks ? 2 : 1) + order.lanes + 3;
  const free = Number(row['max']) - Number(row['reserved']) - Number(row['used']) + 1;
  const findings: Finding[] = [];
  if (free < needed) {
    findings.push(
      finding(
        'not-ready',
        subjectOf(config),
        `a backup needs ${needed} connections, ${free} are free`,
        `ALTER SYSTEM SET max_connections = ${Number(row['max']) + needed - free}; then restart the server.`,
      ),
    );
  }
  const limit = Number(row['role_limit']);
  if (limit >= 0 && limit < needed) {
    findings.push(
      finding(
        'not-ready',
        `role ${config.database.user}`,
        `a backup needs ${needed} connections, the role may have ${limit}`,
        `ALTER ROLE ${quoteName(config.database.user)} CONNECTION LIMIT ${needed};`,
      ),
    );
  }
  return findings;
}

/**
 * The lock table is shared: the locker, the exporter and pg_dump each hold every table of a database. It has room for
 * max_locks_per_transaction objects for each possible transaction, and twice as many holders.
 */
async function capacityFindings(
  session: Session,
  config: PostgresConfig,
  order: CheckOrder,
  tables: number,
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
  const needed = Math.ceil(((order.locks ? 3 : 2) * tables) / 2 / 0.8);
  if (room >= needed) return [];
  return [
    finding(
      'not-ready',
      subjectOf(config),
      `${tables} tables need room for ${needed} locks, there is room for ${room}`,
      `ALTER SYSTEM SET max_locks_per_transaction = ${Math.ceil(needed / slots)}; then restart the server.`,
    ),
  ];
}

async function databaseFindings(
  config: PostgresConfig,
  database: string,
  order: CheckOrder,
): Promise<{ findings: Finding[]; tables: number }> {
  let session: Session;
  try {
    session = await Session.open(config, database, 'check');
  } catch (error) {
    if (!(error instanceof TidemarkError) || error.code === 'database-unreachable') throw error;
    return { findings: [finding(error.code, `database ${database}`, error.reason, error.remedy)], tables: 0 };
  }
  try {
    return await during('check the privileges', `database ${database}`, async () => {
      const tables = await session.rows(privilegeQuery(session.majorVersion));
      await session.rows(fingerprintQuery);
      return {
        tables: tables.filter((row) => row['relkind'] !== 'S').length,
        findings: [
          ...schemaFindings(tables, config, database),
          ...tables.flatMap((row) => tableFindings(row, config, database, order, session.majorVersion)),
          ...(await largeObjectFindings(session, config, order)),
          ...(await foreignTableFindings(session)),
        ],
      };
    });
  } finally {
    await session.close();
  }
}

/** has_*_privilege by oid never needs USAGE on the schema, so that a missing one is found as such. */
function privilegeQuery(major: number): string {
  const maintain = major >= 17 ? `OR pg_catalog.has_table_privilege(c.oid, 'MAINTAIN')` : '';
  return `
    SELECT n.nspname, c.relname, c.relkind,
      pg_catalog.has_schema_privilege(n.oid, 'USAGE') AS usage,
      CASE WHEN c.relkind = 'S' THEN pg_catalog.has_sequence_privilege(c.oid, 'SELECT')
        ELSE pg_catalog.has_table_privilege(c.oid, 'SELECT') END AS readable,
      c.relkind = 'S' OR pg_catalog.pg_has_role(c.relowner, 'USAGE')
        OR pg_catalog.has_table_privilege(c.oid, 'UPDATE, DELETE, TRUNCATE') ${maintain} AS lockable,
      c.relkind <> 'S' AND c.relrowsecurity AND NOT (r.rolsuper OR r.rolbypassrls)
        AND (c.relforcerowsecurity OR NOT pg_catalog.pg_has_role(c.relowner, 'USAGE')) AS filtered
    FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
    CROSS JOIN pg_catalog.pg_roles r
    WHERE r.rolname = current_user AND c.relkind IN ('r', 'p', 'S') AND c.relpersistence <> 't' AND ${foreignNamespaces}
      AND NOT EXISTS (SELECT FROM pg_catalog.pg_depend d WHERE d.classid = 'pg_catalog.pg_class'::pg_catalog.regclass
        AND d.objid = c.oid AND d.deptype = 'e'
        AND NOT EXISTS (SELECT FROM pg_catalog.pg_extension e WHERE c.oid = ANY (e.extconfig)))
    ORDER BY 1, 2`;
}

function schemaFindings(rows: readonly Row[], config: PostgresConfig, database: string): Finding[] {
  const schemas = new Set(rows.filter((row) => row['usage'] !== 't').map((row) => row['nspname'] ?? ''));
  return [...schemas].map((schema) =>
    finding(
      'privilege-missing',
      `database ${database}: schema ${schema}`,
      'no USAGE: its tables cannot be named',
      `GRANT USAGE ON SCHEMA ${quoteName(schema)} TO ${quoteName(config.database.user)};`,
    ),
  );
}

function tableFindings(
  row: Row,
  config: PostgresConfig,
  database: string,
  order: CheckOrder,
  major: number,
): Finding[] {
  const findings: Finding[] = [];
  const name = quoteTable(row['nspname'] ?? '', row['relname'] ?? '');
  const kind = row['relkind'] === 'S' ? 'SEQUENCE' : 'TABLE';
  const subject = `database ${database}: ${kind.toLowerCase()} ${row['nspname']}.${row['relname']}`;
  const user = quoteName(config.database.user);
  if (row['readable'] !== 't') {
    findings.push(
      finding(
        'privilege-missing',
        subject,
        'no SELECT: it cannot be read',
        `GRANT SELECT ON ${kind} ${name} TO ${user};`,
      ),
    );
  }
  if (order.locks && row['lockable'] !== 't') {
    findings.push(
      finding(
        'privilege-missing',
        subject,
        'neither ownership nor a privilege that allows LOCK TABLE … IN EXCLUSIVE MODE',
        `GRANT ${major >= 17 ? 'MAINTAIN' : 'UPDATE'} ON TABLE ${name} TO ${user};`,
      ),
    );
  }
  if (row['filtered'] === 't') {
    findings.push(
      finding(
        'privilege-missing',
        subject,
        'row-level security would keep rows from the copy',
        `ALTER ROLE ${user} BYPASSRLS;`,
      ),
    );
  }
  return findings;
}

/** As many large objects are named as a person can read; the remedy is for each. */
const namedLargeObjects = 5;

async function largeObjectFindings(
  session: Session,
  config: PostgresConfig,
  order: CheckOrder,
): Promise<Finding[]> {
  const user = quoteName(config.database.user);
  const subject = `database ${session.database}: large objects`;
  const unreadable = await session.rows(`
    SELECT m.oid FROM pg_catalog.pg_largeobject_metadata m, pg_catalog.pg_roles r
    WHERE r.rolname = current_user AND NOT r.rolsuper AND pg_catalog.current_setting('lo_compat_privileges') <> 'on'
      AND NOT pg_catalog.pg_has_role(m.lomowner, 'USAGE')
      AND NOT EXISTS (SELECT FROM pg_catalog.aclexplode(m.lomacl) a WHERE a.privilege_type = 'SELECT'
        AND (a.grantee = 0 OR pg_catalog.pg_has_role(a.grantee, 'USAGE')))
    ORDER BY 1 LIMIT ${namedLargeObjects}`);
  const findings = unreadable.map((row) =>
    finding(
      'privilege-missing',
      `${subject}: ${row['oid']}`,
      'no SELECT: it cannot be read',
      `GRANT SELECT ON LARGE OBJECT ${row['oid']} TO ${user};`,
    ),
  );
  const row = await session.row(`
    SELECT EXISTS (SELECT FROM pg_catalog.pg_largeobject_metadata) AS any, rolsuper
    FROM pg_catalog.pg_roles WHERE rolname = current_user`);
  if (order.locks && row['any'] === 't' && row['rolsuper'] !== 't') {
    findings.push(
      finding(
        'privilege-missing',
        subject,
        'only a superuser can lock pg_largeobject: a write to a large object that begins while the barrier stands is not held',
        `ALTER ROLE ${user} SUPERUSER;`,
        true,
      ),
    );
  }
  return findings;
}

async function foreignTableFindings(session: Session): Promise<Finding[]> {
  const rows = await session.rows(`
    SELECT pg_catalog.string_agg(pg_catalog.quote_ident(n.nspname) || '.' || pg_catalog.quote_ident(c.relname), ', ' ORDER BY 1) AS names
    FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace WHERE c.relkind = 'f'
    HAVING pg_catalog.count(*) > 0`);
  return rows.map((row) =>
    finding(
      'not-supported',
      `database ${session.database}: foreign tables ${row['names']}`,
      'their definitions are carried, the rows stay where they are: on another server',
      'Back up the server that holds the rows.',
      true,
    ),
  );
}

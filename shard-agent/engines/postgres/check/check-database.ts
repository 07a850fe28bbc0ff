/** What a backup needs within one database: privileges on tables, sequences and large objects. */
import { errorTable, TidemarkError } from '../../../../proto/errors.ts';
import type { CheckOrder, Finding } from '../../../engine.ts';
import { finding } from '../../../findings.ts';
import { fingerprintQuery, foreignNamespaces } from '../catalogue.ts';
import {
  during,
  quoteName,
  quoteTable,
  Session,
  sqlState,
  type PostgresConfig,
  type Row,
} from '../connection/connection.ts';
import { alteredTables } from '../barrier/altered-tables.ts';
import { leftOutFindings } from './left-out.ts';
import { sharedNameFindings, unreadableNames } from './unreadable-names.ts';
import { configurationSequence } from '../database/properties.ts';

/** What a backup locks in one database. */
export interface LockedObjects {
  readonly tables: number;
  /** Sequences are read, and a view that another reads is looked up: each is locked once. */
  readonly others: number;
}

const nothing: LockedObjects = { tables: 0, others: 0 };

/** A statement that keeps readers out for longer may go on for long. */
const alteredMs = 1_000;

/** All findings of one database, and what a backup will lock in it. */
export async function databaseFindings(
  config: PostgresConfig,
  database: string,
  order: CheckOrder,
): Promise<{ findings: Finding[]; locked: LockedObjects }> {
  let session: Session;
  try {
    session = await Session.open(config, database, 'check');
  } catch (error) {
    if (!(error instanceof TidemarkError) || error.code === 'database-unreachable') throw error;
    return { findings: [unopened(config, database, error)], locked: nothing };
  }
  try {
    return await during('check the privileges', `database ${database}`, () =>
      findingsWithin(session, config, order),
    );
  } finally {
    await session.close();
  }
}

async function findingsWithin(
  session: Session,
  config: PostgresConfig,
  order: CheckOrder,
): Promise<{ findings: Finding[]; locked: LockedObjects }> {
  const { database } = session;
  const unreadable = await unreadableNames(session);
  // Every other question would be answered by an error.
  if (unreadable.length > 0) return { findings: unreadable, locked: nothing };
  // What was dropped while it was asked for has no answers.
  const tables = (await session.rows(privilegeQuery(session.majorVersion))).filter(
    ({ usage, readable }) => usage !== null && readable !== null,
  );
  const { views } = await session.row(
    `${fingerprintQuery}, (SELECT pg_catalog.count(*) FROM pg_catalog.pg_class WHERE relkind IN ('v', 'm') AND oid >= 16384) AS views`,
  );
  const sequences = tables.filter((row) => row['relkind'] === 'S').length;
  return {
    locked: { tables: tables.length - sequences, others: sequences + Number(views) },
    findings: [
      ...(await sharedNameFindings(session)),
      ...(await alteredFindings(session)),
      ...schemaFindings(tables, config, database),
      ...tables.flatMap((row) => tableFindings(row, config, database, order, session.majorVersion)),
      ...(await largeObjectFindings(session, config, order)),
      ...(await leftOutFindings(session)),
    ],
  };
}

/** A database that is not configured, but was found on the server, may be dropped before it is looked into. */
function unopened(config: PostgresConfig, database: string, error: TidemarkError): Finding {
  const subject = `database ${database}`;
  const dropped = config.database.databases === undefined && sqlState(error.cause) === '3D000';
  return dropped
    ? finding(
        'schema-changed',
        subject,
        'it was dropped while the databases were looked into',
        errorTable['schema-changed'].remedy,
      )
    : finding(error.code, subject, error.reason, error.remedy);
}

async function alteredFindings(session: Session): Promise<Finding[]> {
  const found = await alteredTables(session, alteredMs);
  return found.map(({ table, who }) =>
    finding(
      'table-locked',
      `database ${session.database}: table ${table}`,
      who,
      errorTable['table-locked'].remedy,
    ),
  );
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
        AND NOT ${configurationSequence})
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

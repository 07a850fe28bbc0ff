/** Who the server is, which databases are its users', and whether it is the sole writable primary. */
import { TidemarkError } from '../../../proto/errors.ts';
import type { Position } from '../../../topology/position.ts';
import type { Finding, ServerDescription } from '../../engine.ts';
import { during, quoteName, quoteText, Session, type PostgresConfig } from './connection/connection.ts';
import { isReadable, notUtf8, notUtf8Remedy, sharedRows } from './connection/shared-names.ts';
import { stagingPattern } from './restore/staging-mark.ts';

/** Connected to when no database of the user's is meant. `postgres` is the server's own unless configured by name. */
const maintenanceDatabases = ['postgres', 'template1'] as const;

/** A session in the first maintenance database that is not among `avoid`. */
export async function openMaintenance(
  config: PostgresConfig,
  purpose: string,
  avoid: readonly string[] = [],
): Promise<Session> {
  const wanted = maintenanceDatabases.filter((name) => !avoid.includes(name));
  let refused: unknown;
  for (const name of wanted) {
    try {
      return await Session.open(config, name, purpose);
    } catch (error) {
      refused ??= error;
      if (error instanceof TidemarkError && error.code === 'database-unreachable') throw error;
    }
  }
  throw refused;
}

/** The server's own. A template that somebody has made is theirs. */
const ownDatabases = ['postgres', 'template0', 'template1'];

/** What a broken-off DROP DATABASE leaves behind: https://www.postgresql.org/docs/current/sql-dropdatabase.html */
const invalid = 'datconnlimit = -2';

/**
 * The databases a backup takes: those configured, else every one that is not the server's own or a staging. One that cannot
 * be connected to is not among the latter; `closedFindings` names it.
 */
export async function listDatabases(session: Session, config: PostgresConfig): Promise<string[]> {
  if (config.database.databases !== undefined) return [...config.database.databases];
  return (await namesOfDatabases(session, config)).filter(isReadable);
}

async function namesOfDatabases(session: Session, config: PostgresConfig): Promise<string[]> {
  const rows = await during('list the databases', subjectOf(config), () =>
    sharedRows(
      session,
      `SELECT datname FROM pg_catalog.pg_database
       WHERE datallowconn AND NOT ${invalid} AND datname NOT IN (${ownDatabases.map(quoteText).join(', ')})
         AND datname !~ ${quoteText(stagingPattern)} ORDER BY datname`,
    ),
  );
  return rows.map((row) => row['datname'] ?? '');
}

/** Of databases that a backup of all of them would take, if their names could be said. */
async function unreadableFindings(session: Session, config: PostgresConfig): Promise<Finding[]> {
  if (config.database.databases !== undefined) return [];
  const names = (await namesOfDatabases(session, config)).filter((name) => !isReadable(name));
  return names.map((name) => ({
    code: 'not-supported',
    subject: `database ${name}`,
    cause: notUtf8,
    remedy: `${notUtf8Remedy} Or name every database to be backed up under \`database.databases\` in the agent's file.`,
    warning: false,
  }));
}

/**
 * Databases that nobody can connect to: left out of a backup of all databases, with a warning; where they are configured, no
 * backup can be taken. And those whose names nobody can say.
 */
export async function closedFindings(session: Session, config: PostgresConfig): Promise<Finding[]> {
  const configured = config.database.databases;
  const rows = await during('list the databases', subjectOf(config), () =>
    session.rows(
      `SELECT datname, ${invalid} AS invalid FROM pg_catalog.pg_database
       WHERE (NOT datallowconn OR ${invalid})
         AND (datname = ANY ($1) OR ($2 AND datname <> ALL ($3) AND datname !~ $4)) ORDER BY datname`,
      [configured ?? [], configured === undefined, ownDatabases, stagingPattern],
    ),
  );
  const outcome = configured === undefined ? 'it is left out' : 'it cannot be backed up';
  const unreadable = await unreadableFindings(session, config);
  const closed = rows.map((row): Finding => {
    const name = row['datname'] ?? '';
    const broken = row['invalid'] === 't';
    return {
      code: 'not-ready',
      subject: `database ${name}`,
      cause: broken
        ? `${outcome}: it is invalid, since a DROP DATABASE of it was broken off`
        : `${outcome}: it accepts no connections (datallowconn is false)`,
      remedy: broken
        ? `DROP DATABASE ${quoteName(name)};`
        : `To have it in the set: ALTER DATABASE ${quoteName(name)} ALLOW_CONNECTIONS true;`,
      warning: configured === undefined,
    };
  });
  return [...unreadable, ...closed];
}

/** A database made since the plan would be left out of the set in silence: `schema-changed` names it. */
export async function requireNoOthers(
  session: Session,
  config: PostgresConfig,
  known: readonly string[],
): Promise<void> {
  const made = (await listDatabases(session, config)).filter((name) => !known.includes(name));
  if (made.length === 0) return;
  throw new TidemarkError({
    code: 'schema-changed',
    operation: 'take the cut',
    subject: made.map((name) => `database ${name}`).join(', '),
    cause: 'it was made after the backup had been prepared, and would be missing in the set',
    remedy: 'Run the backup again.',
  });
}

export async function readServer(
  session: Session,
  config: PostgresConfig,
  databases: readonly string[],
): Promise<ServerDescription> {
  return during('describe the server', subjectOf(config), async () => {
    const row = await session.row(
      `SELECT pg_catalog.current_setting('server_version') AS version,
         (SELECT system_identifier FROM pg_catalog.pg_control_system()) AS identity,
         (SELECT COALESCE(pg_catalog.sum(pg_catalog.pg_database_size(oid)), 0) FROM pg_catalog.pg_database
          WHERE datname = ANY ($1) AND pg_catalog.has_database_privilege(oid, 'CONNECT')) AS bytes`,
      [databases],
    );
    return {
      family: 'postgresql',
      version: (row['version'] ?? '').split(' ')[0] ?? '',
      identity: row['identity'] ?? '',
      databases: [...databases],
      bytes: Number(row['bytes'] ?? 0),
    };
  });
}

export function subjectOf(config: PostgresConfig): string {
  return `${config.database.host}:${config.database.port}`;
}

/** Why this is not the sole writable primary, reached directly. Empty when it is. */
export async function roleFindings(session: Session, config: PostgresConfig): Promise<Finding[]> {
  const findings: Finding[] = [];
  const refuse = (cause: string, remedy: string): void => {
    findings.push({ code: 'shard-refused', subject: subjectOf(config), cause, remedy, warning: false });
  };
  const pooler = await poolerSigns(session);
  if (pooler !== undefined) {
    refuse(
      `the connection goes through a pooler: ${pooler}`,
      "Set host and port in the agent's file to the server's own, not to the pooler's.",
    );
    return findings;
  }
  const row = await during('ask for its role', subjectOf(config), () =>
    session.row(
      `SELECT pg_catalog.pg_is_in_recovery() AS recovery,
         pg_catalog.current_setting('default_transaction_read_only') AS reading,
         pg_catalog.current_setting('transaction_read_only') AS reading_now`,
    ),
  );
  if (row['recovery'] === 't') {
    refuse(
      'the server is in recovery: a replica, or a server that is still being restored',
      'Name the primary of this shard.',
    );
  } else if (row['reading'] === 'on' || row['reading_now'] === 'on') {
    refuse(
      'the server is read-only (default_transaction_read_only is on): another server may be the primary',
      'Name the primary of this shard, or: ALTER SYSTEM RESET default_transaction_read_only; SELECT pg_reload_conf();',
    );
  }
  return findings;
}

/** Is it still that server, in the same role, on the same timeline? Else `shard-refused`. */
export async function confirmServer(
  session: Session,
  config: PostgresConfig,
  known: { identity: string; position: Position | undefined },
): Promise<void> {
  const refuse = (cause: string, remedy?: string): TidemarkError =>
    new TidemarkError({
      code: 'shard-refused',
      operation: 'confirm the server',
      subject: subjectOf(config),
      cause,
      remedy,
    });
  const [refusal] = await roleFindings(session, config);
  if (refusal !== undefined) throw refuse(refusal.cause, refusal.remedy);
  const row = await during('confirm the server', subjectOf(config), () =>
    session.row(
      `SELECT system_identifier AS identity,
         pg_catalog.left(pg_catalog.pg_walfile_name(pg_catalog.pg_current_wal_insert_lsn()), 8) AS timeline
       FROM pg_catalog.pg_control_system()`,
    ),
  );
  if (row['identity'] !== known.identity) {
    throw refuse(`another server answers: ${row['identity']} instead of ${known.identity}`);
  }
  const timeline = Number.parseInt(row['timeline'] ?? '', 16);
  if (known.position?.kind === 'wal' && timeline !== known.position.timeline) {
    throw refuse(`the server is on timeline ${timeline} instead of ${known.position.timeline}`);
  }
}

/**
 * What gives a pooler away: a process id in the greeting that is not the backend's, another backend in the next
 * transaction, a session setting that did not last, a console that answers `SHOW` of its own.
 */
async function poolerSigns(session: Session): Promise<string | undefined> {
  const first = (await session.row('SELECT pg_catalog.pg_backend_pid() AS pid'))['pid'];
  if (Number(first) !== session.greetedPid) {
    return `it was greeted by process ${session.greetedPid} and is served by process ${first}`;
  }
  const probe = `p${first}`;
  await session.script(`SET tidemark.probe = '${probe}'`);
  for (let round = 0; round < 3; round += 1) {
    const row = await session.row(
      `SELECT pg_catalog.pg_backend_pid() AS pid, pg_catalog.current_setting('tidemark.probe', true) AS probe`,
    );
    if (row['pid'] !== first) return `one session was served by processes ${first} and ${row['pid']}`;
    if (row['probe'] !== probe) return 'a session setting did not last';
  }
  try {
    await session.script('SHOW pool_version');
    return 'it answers SHOW pool_version';
  } catch {
    return undefined;
  }
}

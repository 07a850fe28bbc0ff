/** Who keeps a shard from draining, in the server's own words. Asked from a session that takes no part in the barrier. */
import type { Blocker } from '../../../engine.ts';
import type { Row, Session } from '../connection/connection.ts';

const describe = `
  a.pid, a.usename, a.datname, a.application_name, a.state, a.backend_type, pg_catalog.left(a.query, 200) AS statement,
  COALESCE(pg_catalog.host(a.client_addr) || ':' || a.client_port, 'local socket') AS client,
  COALESCE(a.xact_start, a.query_start, a.backend_start)::text AS began,
  pg_catalog.date_part('epoch', pg_catalog.clock_timestamp()
    - COALESCE(a.xact_start, a.query_start, a.backend_start)) * 1000 AS age_ms`;

/** Whoever the waiting backends wait for, in-doubt transactions of those databases included. */
export async function blockersOf(
  monitor: Session,
  waiting: readonly number[],
  databases: readonly string[],
): Promise<Blocker[]> {
  const rows = await monitor.rows(
    `WITH blocking AS (SELECT DISTINCT b.pid FROM pg_catalog.unnest($1::int[]) w(pid),
       pg_catalog.unnest(pg_catalog.pg_blocking_pids(w.pid)) b(pid))
     SELECT ${describe} FROM pg_catalog.pg_stat_activity a JOIN blocking USING (pid)
     WHERE a.pid <> ALL ($1::int[])
     UNION ALL SELECT 0, '', '', '', '', '', '', '', '', 0 FROM blocking WHERE pid = 0`,
    [waiting],
  );
  const found = rows.filter((row) => row['pid'] !== '0').map(blocker);
  // Process 0 stands for a prepared transaction, which has no process.
  return rows.length === found.length ? found : [...found, ...(await inDoubt(monitor, databases, 0))];
}

/** Prepared transactions older than `olderThanMs` in those databases. */
export async function inDoubt(
  monitor: Session,
  databases: readonly string[],
  olderThanMs: number,
): Promise<Blocker[]> {
  const rows = await monitor.rows(
    `SELECT gid, owner, database, prepared::text AS began,
       pg_catalog.date_part('epoch', pg_catalog.clock_timestamp() - prepared) * 1000 AS age_ms
     FROM pg_catalog.pg_prepared_xacts
     WHERE database = ANY ($1) AND pg_catalog.clock_timestamp() - prepared >= $2 * interval '1 ms'`,
    [databases, olderThanMs],
  );
  return rows.map((row) => ({
    kind: 'in-doubt',
    processId: '',
    user: row['owner'] ?? '',
    database: row['database'] ?? '',
    application: '',
    client: '',
    state: 'prepared',
    ageMs: Number(row['age_ms'] ?? 0),
    statement: `PREPARE TRANSACTION '${row['gid'] ?? ''}'`.slice(0, 200),
    transaction: `${row['gid'] ?? ''}`,
  }));
}

/** A session that may be in the way, and the databases in which it holds locks. */
export interface Suspect {
  readonly blocker: Blocker;
  readonly databases: readonly string[];
}

/**
 * Sessions whose transaction is older than `olderThanMs` and that hold locks of any kind in those databases: which of them are in the
 * way, only a session in that database can tell. A vacuum counts at any age unless it would yield: one started by hand or against
 * wraparound always does, an autovacuum when it is not to be cancelled.
 */
export async function suspects(
  monitor: Session,
  options: {
    databases: readonly string[];
    olderThanMs: number;
    ours: readonly number[];
    cancelsAutovacuum: boolean;
  },
): Promise<Suspect[]> {
  const rows = await monitor.rows(
    `WITH held AS (
       SELECT l.pid, pg_catalog.json_agg(DISTINCT d.datname) AS databases
       FROM pg_catalog.pg_locks l JOIN pg_catalog.pg_database d ON d.oid = l.database
       WHERE l.locktype IN ('relation', 'object') AND l.granted AND l.pid IS NOT NULL AND d.datname = ANY ($1)
         AND NOT (l.locktype = 'relation' AND l.mode = 'AccessShareLock')
       GROUP BY l.pid)
     SELECT ${describe}, held.databases FROM pg_catalog.pg_stat_activity a JOIN held USING (pid)
     WHERE a.pid <> ALL ($3::int[])
       AND (pg_catalog.clock_timestamp() - a.xact_start >= $2 * interval '1 ms'
         OR (a.query ~* '^\\s*vacuum' AND a.backend_type = 'client backend' AND a.state = 'active')
         OR (a.backend_type = 'autovacuum worker' AND (NOT $4 OR a.query LIKE '%(to prevent wraparound)%')))`,
    [options.databases, options.olderThanMs, options.ours, options.cancelsAutovacuum],
  );
  return rows.map((row) => ({
    blocker: blocker(row),
    databases: JSON.parse(row['databases'] ?? '[]') as string[],
  }));
}

/** The table that an ordinary autovacuum is at work on, as `database.schema.table`; undefined for anybody else, and for one against wraparound. */
export function autovacuumOf({ database, statement }: Blocker): string | undefined {
  const found = /^autovacuum: (?:VACUUM ANALYZE|VACUUM|ANALYZE) (.+)$/.exec(statement)?.[1];
  if (found === undefined || found.endsWith('(to prevent wraparound)')) return undefined;
  return `${database}.${found}`;
}

/** Those processes, as far as they still run. */
export async function processes(monitor: Session, pids: readonly number[]): Promise<Blocker[]> {
  const rows = await monitor.rows(
    `SELECT ${describe} FROM pg_catalog.pg_stat_activity a WHERE a.pid = ANY ($1::int[])`,
    [pids],
  );
  return rows.map(blocker);
}

/** Who holds or awaits a lock on one table that keeps readers out, in words. */
export async function whoAlters(monitor: Session, database: string, oid: number): Promise<string> {
  const rows = await monitor.rows(
    `SELECT ${describe} FROM pg_catalog.pg_stat_activity a WHERE a.pid IN (
       SELECT l.pid FROM pg_catalog.pg_locks l JOIN pg_catalog.pg_database d ON d.oid = l.database
       WHERE l.locktype = 'relation' AND l.relation = $2 AND d.datname = $1 AND l.mode = 'AccessExclusiveLock')`,
    [database, oid],
  );
  const names = rows
    .map(blocker)
    .map((found) => `process ${found.processId} of ${found.user}: ${found.statement}`);
  return names.length === 0 ? 'whoever it was has ended meanwhile' : names.join('; ');
}

function blocker(row: Row): Blocker {
  const statement = row['statement'] ?? '';
  return {
    kind: kindOf(statement, row['backend_type'] ?? ''),
    processId: row['pid'] ?? '',
    user: row['usename'] ?? '',
    database: row['datname'] ?? '',
    application: row['application_name'] ?? '',
    client: row['client'] ?? '',
    state: row['state'] ?? '',
    ageMs: Math.max(0, Number(row['age_ms'] ?? 0)),
    statement,
    transaction: `${row['pid'] ?? ''} ${row['began'] ?? ''}`,
  };
}

function kindOf(statement: string, backendType: string): Blocker['kind'] {
  if (backendType === 'autovacuum worker' || /^\s*(vacuum|analyze)\b/i.test(statement)) return 'vacuum';
  if (/^\s*(create|alter|drop|truncate|reindex|cluster|refresh|lock)\b/i.test(statement)) return 'ddl';
  return backendType === 'client backend' ? 'writer' : 'unknown';
}

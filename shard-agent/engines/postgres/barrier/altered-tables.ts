/** Tables of one database that somebody alters: no reader gets in until that has ended. */
import { TidemarkError } from '../../../../proto/errors.ts';
import type { Session } from '../connection/connection.ts';

export interface AlteredTable {
  /** `public.accounts`. */
  readonly table: string;
  /** `process 4711 of app: ALTER TABLE …`. */
  readonly who: string;
}

/** The lowest object id that is not the server's own. */
const firstOwn = 16_384;

/** As many are told as a person reads. */
const told = 10;

/**
 * Whose transaction holds or awaits a lock that keeps readers out, and is older than `olderThanMs`. An autovacuum, which holds such
 * a lock for a moment, is not among them. The session is in the database, and in no failed transaction; waits for no lock.
 */
export async function alteredTables(session: Session, olderThanMs: number): Promise<AlteredTable[]> {
  const rows = await session.rows(
    `SELECT DISTINCT n.nspname, c.relname, a.pid, a.usename, pg_catalog.left(a.query, 200) AS statement
     FROM pg_catalog.pg_locks l JOIN pg_catalog.pg_class c ON c.oid = l.relation
     JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace JOIN pg_catalog.pg_stat_activity a ON a.pid = l.pid
     WHERE l.locktype = 'relation' AND l.mode = 'AccessExclusiveLock' AND l.pid <> pg_catalog.pg_backend_pid()
       AND l.database = (SELECT oid FROM pg_catalog.pg_database WHERE datname = pg_catalog.current_database())
       AND c.relkind IN ('r', 'p', 'S') AND c.relpersistence <> 't' AND c.oid >= ${firstOwn}
       AND a.backend_type IS DISTINCT FROM 'autovacuum worker'
       AND pg_catalog.clock_timestamp() - COALESCE(a.xact_start, a.query_start, a.backend_start) >= $1 * interval '1 ms'
     ORDER BY 1, 2, 3 LIMIT ${told}`,
    [olderThanMs],
  );
  return rows.map((row) => ({
    table: `${row['nspname']}.${row['relname']}`,
    who: `process ${row['pid']} of ${row['usename']}: ${row['statement']}`,
  }));
}

/** What to throw when a lock was not granted in time: `table-locked`, with the tables and who alters them. */
export async function tableLocked(session: Session, operation: string): Promise<TidemarkError> {
  const found = await alteredTables(session, 0);
  const tables = [...new Set(found.map(({ table }) => table))];
  return new TidemarkError({
    code: 'table-locked',
    operation,
    subject: `database ${session.database}${tables.length === 0 ? '' : `: ${tables.join(', ')}`}`,
    cause:
      found.length === 0
        ? 'a statement that changes a table ran or waited for more than a second, and has ended meanwhile'
        : [...new Set(found.map(({ who }) => who))].join('; '),
  });
}

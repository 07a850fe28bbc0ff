/**
 * Which transactions of one database the barrier is for: those that its locks would wait for, and those that write where
 * no table lock reaches. Everybody else is left alone, however long their transactions are: temporary tables, other
 * databases, the server's shared catalogues, sequences, views, and tables that no backup reads.
 */
import { coveredTables } from '../catalogue.ts';

/** What the agent's session may do. */
export interface WriterQueryOptions {
  /** `pg_largeobject` is among the tables to be locked. */
  readonly locksLargeObjects: boolean;
  /** Its user may look at the server's files. */
  readonly readsFiles: boolean;
}

const firstUserOid = 16384;

/** The locks of all other sessions, except those that only read. Prepared transactions have no process. */
const held = `
  held AS MATERIALIZED (
    SELECT l.pid, l.locktype, l.database, l.relation, l.classid, l.objid, l.mode, l.virtualtransaction
    FROM pg_catalog.pg_locks l
    WHERE l.granted AND l.pid <> pg_catalog.pg_backend_pid()
      AND NOT (l.locktype = 'relation' AND l.mode = 'AccessShareLock')),
  here AS MATERIALIZED (
    SELECT oid FROM pg_catalog.pg_database WHERE datname = pg_catalog.current_database())`;

/**
 * The one schema that this transaction has made is the one of its temporary tables: the session had none before, and a
 * relation that nobody else sees yet lies in a file of a temporary relation.
 */
const madeTemporarySchema = `
  NOT EXISTS (SELECT FROM pg_catalog.pg_namespace own
    WHERE own.nspname = 'pg_temp_' || pg_catalog.split_part(h.virtualtransaction, '/', 1))
  AND NOT EXISTS (SELECT FROM held other WHERE other.pid = h.pid AND other.locktype = 'object'
    AND other.classid = 'pg_catalog.pg_namespace'::pg_catalog.regclass AND other.objid <> h.objid
    AND NOT EXISTS (SELECT FROM pg_catalog.pg_namespace seen WHERE seen.oid = other.objid))
  AND EXISTS (SELECT FROM held made WHERE made.pid = h.pid AND made.locktype = 'relation' AND made.database = here.oid
    AND (pg_catalog.pg_stat_file(pg_catalog.regexp_replace(
      pg_catalog.pg_relation_filepath('pg_catalog.pg_class'::pg_catalog.regclass), '[^/]+$', '')
      || 't' || pg_catalog.split_part(h.virtualtransaction, '/', 1) || '_' || made.relation, true)).size IS NOT NULL)`;

/**
 * Of a transaction that has made a table, nobody else sees the table. That it is a permanent one shows in the lock on
 * its schema, which the server keeps until the end of the transaction. The transient tables of REFRESH MATERIALIZED VIEW
 * and the like, and new indexes, come without it; what they are made for is locked itself, or is not covered.
 */
function makesTable({ readsFiles }: WriterQueryOptions): string {
  return `h.locktype = 'object' AND h.classid = 'pg_catalog.pg_namespace'::pg_catalog.regclass AND h.mode = 'AccessShareLock'
    AND NOT EXISTS (SELECT FROM pg_catalog.pg_namespace n WHERE n.oid = h.objid AND n.nspname ~ '^pg_temp_')
    AND EXISTS (SELECT FROM held made WHERE made.pid = h.pid AND made.locktype = 'relation' AND made.database = here.oid
      AND NOT EXISTS (SELECT FROM pg_catalog.pg_class c WHERE c.oid = made.relation))
    ${
      readsFiles
        ? `AND (EXISTS (SELECT FROM pg_catalog.pg_namespace n WHERE n.oid = h.objid) OR NOT (${madeTemporarySchema}))`
        : ''
    }`;
}

/** lo_put and its like keep their lock on the table, lo_unlink keeps one on the object; a catalogue is written by hand. */
const writesCatalogue = `
  h.locktype = 'relation' AND h.relation < ${firstUserOid} AND h.mode <> 'RowShareLock'
  OR h.locktype = 'object' AND h.classid = 'pg_catalog.pg_largeobject'::pg_catalog.regclass AND h.mode = 'AccessExclusiveLock'`;

/**
 * A transaction that is this one statement and nothing else. It rebuilds what a restore rebuilds too, perhaps for hours, and since
 * PostgreSQL 18 its transient table looks like a new one.
 */
const onlyRefreshes = `
  a.state = 'active' AND a.xact_start = a.query_start
  AND pg_catalog.octet_length(a.query) < pg_catalog.pg_size_bytes(pg_catalog.current_setting('track_activity_query_size')) / 2
  AND a.query ~* '^\\s*refresh\\s+materialized\\s+view\\s[^;]*;?\\s*$'`;

/**
 * Selects `pid` of the transactions that write where no table lock reaches: a new table, large objects, catalogues. An
 * autovacuum writes no row.
 */
function hiddenWriters(options: WriterQueryOptions): string {
  return `
    SELECT DISTINCT h.pid FROM held h JOIN here ON here.oid = h.database
      JOIN pg_catalog.pg_stat_activity a ON a.pid = h.pid
    WHERE a.backend_type IS DISTINCT FROM 'autovacuum worker' AND (${onlyRefreshes}) IS NOT TRUE
      AND EXISTS (SELECT FROM held x
        WHERE x.pid = h.pid AND x.locktype = 'transactionid' AND x.mode = 'ExclusiveLock')
      AND (${writesCatalogue} OR (${makesTable(options)}))`;
}

/** Process ids of the hidden writers. To be asked under the locks. */
export function hiddenWriterQuery(options: WriterQueryOptions): string {
  return `WITH ${held} ${hiddenWriters(options)}`;
}

/** Process ids of all sessions that hold what the barrier's locks conflict with, and of the hidden writers. */
export function inTheWayQuery(options: WriterQueryOptions): string {
  const largeObjects = options.locksLargeObjects
    ? `OR h.relation = 'pg_catalog.pg_largeobject'::pg_catalog.regclass`
    : '';
  return `
    WITH ${held}
    SELECT h.pid FROM held h JOIN here ON here.oid = h.database
    WHERE h.locktype = 'relation' AND (h.relation IN (SELECT c.oid ${coveredTables}) ${largeObjects})
    UNION ${hiddenWriters(options)}`;
}

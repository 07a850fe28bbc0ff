/** Statistics of a restored database, without asking any other server. */
import { quoteTable, type Session } from '../connection/connection.ts';

const tablesPerStatement = 200;

/**
 * A plain ANALYZE, unless a partitioned table or a parent has a foreign table among its descendants: it would be read where
 * its rows are, and a server that is not there would break the restore. Such parents are left to autovacuum and their users.
 */
export async function analyseStatements(session: Session): Promise<string[]> {
  const far = await session.rows(`
    WITH RECURSIVE up (oid) AS (
      SELECT i.inhparent FROM pg_catalog.pg_inherits i JOIN pg_catalog.pg_foreign_table f ON f.ftrelid = i.inhrelid
      UNION SELECT i.inhparent FROM pg_catalog.pg_inherits i JOIN up ON up.oid = i.inhrelid
    ) SELECT oid FROM up`);
  if (far.length === 0) return ['ANALYZE'];
  const tables = await session.rows(
    `SELECT n.nspname, c.relname FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
     WHERE c.relkind IN ('r', 'p', 'm') AND c.relpersistence <> 't' AND NOT c.relisshared AND c.oid <> ALL ($1::oid[]) ORDER BY 1, 2`,
    [far.map((row) => row['oid'] ?? '')],
  );
  const names = tables.map((row) => quoteTable(row['nspname'] ?? '', row['relname'] ?? ''));
  return Array.from(
    { length: Math.ceil(names.length / tablesPerStatement) },
    (_, part) =>
      `ANALYZE ${names.slice(part * tablesPerStatement, (part + 1) * tablesPerStatement).join(', ')}`,
  );
}

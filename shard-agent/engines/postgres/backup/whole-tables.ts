/**
 * Tables that cannot be read in ranges. A range is read by a SELECT, and the server plans it: it looks into the table's indexes and
 * statistics, puts the bodies of SQL functions in the place of their calls, and these may name what no empty search_path finds.
 * COPY of a whole table is not planned, so such a table is read in one go, by one lane.
 */
import { isOfTheContent, quoteTable, type Session, sqlState } from '../connection/connection.ts';

interface Table {
  readonly oid: number;
  readonly schema: string;
  readonly name: string;
  readonly pages: number;
}

/** Those of $1 that the server could refuse to plan for. */
const suspects = `
  SELECT c.oid FROM pg_catalog.pg_class c WHERE c.oid = ANY ($1::oid[]) AND (
    EXISTS (SELECT FROM pg_catalog.pg_index i WHERE i.indrelid = c.oid AND (i.indexprs IS NOT NULL OR i.indpred IS NOT NULL))
    OR EXISTS (SELECT FROM pg_catalog.pg_statistic_ext s WHERE s.stxrelid = c.oid AND s.stxexprs IS NOT NULL))`;

/** Asked of the server's planner itself; object ids. In the caller's transaction, which goes on. Reads no row. */
export async function wholeTables(session: Session, tables: readonly Table[]): Promise<ReadonlySet<number>> {
  // One block makes one range.
  const divided = tables.filter(({ pages }) => pages > 1);
  const rows = await session.rows(suspects, [divided.map(({ oid }) => oid)]);
  const asked = new Set(rows.map((row) => Number(row['oid'])));
  const whole = new Set<number>();
  for (const { oid, schema, name } of divided) {
    if (!asked.has(oid)) continue;
    const table = quoteTable(schema, name);
    try {
      await session.script(
        `SAVEPOINT plan; EXPLAIN SELECT FROM ONLY ${table} WHERE ctid >= '(1,0)'; RELEASE SAVEPOINT plan`,
      );
    } catch (error) {
      if (!isOfTheContent(error)) throw error;
      await session.script('ROLLBACK TO SAVEPOINT plan; RELEASE SAVEPOINT plan');
      // 55P03, 42P01: somebody is altering or has dropped it, which the barrier will say.
      if (!['55P03', '42P01'].includes(sqlState(error) ?? '')) whole.add(oid);
    }
  }
  return whole;
}

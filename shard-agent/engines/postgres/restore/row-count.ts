/** Whether loaded tables hold what was loaded. */
import { TidemarkError } from '../../../../proto/errors.ts';
import type { TableLine } from '../../../../repository/manifest-entries.ts';
import { during, quoteTable, type Session } from '../connection/connection.ts';
import type { TableDetails } from '../backup/plan.ts';
import { onSessions, type SessionsOrder } from './side-by-side.ts';

/**
 * Counts every table on several sessions side by side. Throws `bad-bytes` when one holds another number of rows than
 * the chunks brought: lost to a rule or trigger, or left by a chunk that had failed. Partitions that were loaded through
 * one ancestor are counted together.
 */
export async function checkRows(
  options: SessionsOrder & { tables: readonly TableLine[]; loaded: (table: number) => number },
): Promise<void> {
  const left = [...Map.groupBy(options.tables, targetOf).values()];
  await onSessions(options, 'count', async (session) => {
    for (let tables = left.pop(); tables !== undefined; tables = left.pop())
      await checkTables(session, tables, options.loaded);
  });
}

/** What the rows were loaded into. */
function targetOf(table: TableLine): string {
  const { loadInto = table } = table.engine as unknown as TableDetails;
  return quoteTable(loadInto.schema, loadInto.name);
}

async function checkTables(
  session: Session,
  tables: readonly TableLine[],
  loaded: (table: number) => number,
): Promise<void> {
  let held = 0;
  let brought = 0;
  let subject = '';
  for (const table of tables) {
    subject = `${table.database}: ${table.schema}.${table.name}`;
    const { condition } = table.engine as unknown as TableDetails;
    const sql = `SELECT pg_catalog.count(*) AS n FROM ONLY ${quoteTable(table.schema, table.name)} ${condition}`;
    held += Number((await during('count the rows', subject, () => session.row(sql)))['n']);
    brought += loaded(table.table);
  }
  if (held === brought) return;
  throw new TidemarkError({
    code: 'bad-bytes',
    operation: 'check a loaded table',
    subject,
    cause: `it holds ${held} rows, ${brought} were loaded`,
    remedy: 'Undo the restore, and look for what writes to the staging database.',
  });
}

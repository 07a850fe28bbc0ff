/** Whether loaded tables hold what was loaded. */
import { TidemarkError } from '../../../../proto/errors.ts';
import type { TableLine } from '../../../../repository/manifest-entries.ts';
import { during, quoteTable, Session, type PostgresConfig } from '../connection/connection.ts';
import type { TableDetails } from '../backup/plan.ts';

/**
 * Counts every table on several sessions side by side. Throws `bad-bytes` when one holds another number of rows than
 * the chunks brought: lost to a rule or trigger, or left by a chunk that had failed. Partitions that were loaded through
 * one ancestor are counted together.
 */
export async function checkRows(options: {
  config: PostgresConfig;
  /** The staging database. */
  connectTo: string;
  tables: readonly TableLine[];
  loaded: (table: number) => number;
  lanes: number;
}): Promise<void> {
  const left = [...Map.groupBy(options.tables, targetOf).values()];
  const count = async (): Promise<void> => {
    const session = await Session.open(options.config, options.connectTo, 'count');
    try {
      for (let tables = left.pop(); tables !== undefined; tables = left.pop())
        await checkTables(session, tables, options.loaded);
    } finally {
      await session.close();
    }
  };
  await Promise.all(Array.from({ length: Math.max(1, options.lanes) }, count));
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

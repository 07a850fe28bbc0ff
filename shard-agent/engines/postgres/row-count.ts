/** Whether loaded tables hold what was loaded. */
import { TidemarkError } from '../../../proto/errors.ts';
import type { TableLine } from '../../../repository/manifest-entries.ts';
import { during, quoteTable, Session, type PostgresConfig } from './connection.ts';
import type { TableDetails } from './plan.ts';

/**
 * Counts every table on several sessions side by side. Throws `bad-bytes` when one holds another number of rows than
 * the chunks brought: lost to a rule or trigger, or left by a chunk that had failed.
 */
export async function checkRows(options: {
  config: PostgresConfig;
  /** The staging database. */
  connectTo: string;
  tables: readonly TableLine[];
  loaded: (table: number) => number;
  lanes: number;
}): Promise<void> {
  const left = [...options.tables];
  const count = async (): Promise<void> => {
    const session = await Session.open(options.config, options.connectTo, 'count');
    try {
      for (let table = left.pop(); table !== undefined; table = left.pop())
        await checkTable(session, table, options.loaded);
    } finally {
      await session.close();
    }
  };
  await Promise.all(Array.from({ length: Math.max(1, options.lanes) }, count));
}

async function checkTable(
  session: Session,
  table: TableLine,
  loaded: (table: number) => number,
): Promise<void> {
  const subject = `${table.database}: ${table.schema}.${table.name}`;
  const { condition } = table.engine as unknown as TableDetails;
  const sql = `SELECT pg_catalog.count(*) AS n FROM ONLY ${quoteTable(table.schema, table.name)} ${condition}`;
  const { n } = await during('count the rows', subject, () => session.row(sql));
  if (Number(n) === loaded(table.table)) return;
  throw new TidemarkError({
    code: 'bad-bytes',
    operation: 'check a loaded table',
    subject,
    cause: `it holds ${n} rows, ${loaded(table.table)} were loaded`,
    remedy: 'Undo the restore, and look for what writes to the staging database.',
  });
}

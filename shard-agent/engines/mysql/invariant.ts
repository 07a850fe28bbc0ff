/** Invariants: one question, one value, inside a snapshot or in a restore's staging. */
import { TidemarkError } from '../../../proto/errors.ts';
import type { InvariantQuery } from '../../../topology/agent-file.ts';
import { quoteName } from './connection/quoting.ts';
import { attempt } from './connection/failure.ts';
import type { Wire } from './connection/wire.ts';

/**
 * The server's own text for the value; null for SQL NULL. `database`: where to ask, when it is not the query's own.
 * Throws `not-ready` for a query that gives no single value.
 */
export async function askInvariant(
  wire: Wire | undefined,
  query: InvariantQuery,
  database: string = query.database,
): Promise<string | null> {
  const subject = `invariant ${query.name}`;
  const results = await attempt('ask an invariant', subject, async () => {
    await wire?.run(`USE ${quoteName(database)}`);
    await wire?.run('SET SESSION character_set_results = utf8mb4');
    try {
      return await wire?.results(query.sql);
    } finally {
      // Lanes read tables as they are stored.
      if (wire?.alive === true) await wire.run('SET SESSION character_set_results = NULL');
    }
  });
  const result = results?.at(-1);
  const row = result?.rows[0];
  if (result?.rows.length !== 1 || row?.length !== 1) {
    throw new TidemarkError({
      code: 'not-ready',
      operation: 'ask an invariant',
      subject,
      cause: `it gave ${result?.rows.length ?? 0} rows of ${result?.columns.length ?? 0} columns instead of one value`,
      remedy: "Write the invariant in the agent's file as a query with one row and one column.",
    });
  }
  return row[0]?.toString('utf8') ?? null;
}

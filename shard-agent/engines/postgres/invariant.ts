/** One question with one answer, asked inside a cut or a staging, in the same way on both sides. */
import { TidemarkError } from '../../../proto/errors.ts';
import type { InvariantQuery } from '../../../topology/agent-file.ts';
import { isStall } from '../../stall-watch.ts';
import { serverWords, Session, type PostgresConfig } from './connection/connection.ts';

/**
 * The server's own text for the one value, null for SQL NULL. `begin` opens the transaction; it is rolled back. The
 * search path is the account's own. Throws `not-ready` when there is not exactly one row with one column.
 */
export async function answerInvariant(
  config: PostgresConfig,
  query: InvariantQuery & { readonly connectTo?: string },
  begin: readonly string[],
): Promise<string | null> {
  const session = await Session.open(config, query.connectTo ?? query.database, 'invariant', {
    searchPath: true,
  });
  const refuse = (cause: string, error?: unknown): TidemarkError =>
    new TidemarkError(
      {
        code: 'not-ready',
        operation: 'ask an invariant',
        subject: `database ${query.database}: ${query.name}`,
        cause,
        remedy: "Correct its SQL under `invariants` in the agent's file: one row, one column.",
      },
      { cause: error },
    );
  try {
    await session.script(begin.join('; '));
    const answers = await session.script(query.sql).catch((error: unknown) => {
      throw isStall(error) ? error : refuse(serverWords(error), error);
    });
    const rows = answers.at(-1)?.rows ?? [];
    const fields = answers.at(-1)?.fields ?? [];
    const [field] = fields;
    if (rows.length !== 1 || field === undefined || fields.length !== 1) {
      throw refuse(`it gave ${rows.length} rows of ${fields.length} columns`);
    }
    return rows[0]?.[field.name] ?? null;
  } finally {
    await session.close();
  }
}

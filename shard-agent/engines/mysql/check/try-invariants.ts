/** Whether a backup will be able to ask the declared invariants: each is asked once of the live database. */
import type { TidemarkError } from '../../../../proto/errors.ts';
import type { Questioner } from '../../../try-invariants.ts';
import { isServerError } from '../connection/failure.ts';
import type { Dialect } from '../dialect.ts';
import { askInvariant } from '../invariant.ts';
import type { Wire } from '../connection/wire.ts';

/** ER_QUERY_TIMEOUT of MySQL, ER_STATEMENT_TIMEOUT of MariaDB. */
const timeoutErrors = [3024, 1969];

/** `databases`: those that are backed up. */
export function liveQuestioner(wire: Wire, dialect: Dialect, databases: readonly string[]): Questioner {
  const places = new Map(databases.map((name) => [name, name]));
  return {
    async ask(query, limitMs) {
      await wire.run(dialect.statementLimit(limitMs));
      await wire.run('START TRANSACTION READ ONLY');
      try {
        return await askInvariant(wire, query, places);
      } finally {
        if (wire.alive) await wire.run('ROLLBACK');
      }
    },
    tookTooLong: (error: TidemarkError) => isServerError(error.cause, ...timeoutErrors),
  };
}

/** Whether a backup will be able to ask the declared invariants: each is asked once of the live database. */
import type { TidemarkError } from '../../../../proto/errors.ts';
import type { Questioner } from '../../../try-invariants.ts';
import { isServerError } from '../connection/failure.ts';
import type { Dialect } from '../dialect.ts';
import { askInvariant } from '../invariant.ts';
import type { Wire } from '../connection/wire.ts';

/** ER_QUERY_TIMEOUT of MySQL, ER_STATEMENT_TIMEOUT of MariaDB. */
const timeoutErrors = [3024, 1969];

export function liveQuestioner(wire: Wire, dialect: Dialect): Questioner {
  return {
    async ask(query, limitMs) {
      await wire.run(
        dialect.family === 'mysql'
          ? `SET SESSION max_execution_time = ${limitMs}`
          : `SET SESSION max_statement_time = ${(limitMs / 1000).toFixed(3)}`,
      );
      await wire.run('START TRANSACTION READ ONLY');
      try {
        return await askInvariant(wire, query);
      } finally {
        if (wire.alive) await wire.run('ROLLBACK');
      }
    },
    tookTooLong: (error: TidemarkError) => isServerError(error.cause, ...timeoutErrors),
  };
}

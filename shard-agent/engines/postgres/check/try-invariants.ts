/** Whether a backup will be able to ask the declared invariants: each is asked once of the live database. */
import type { TidemarkError } from '../../../../proto/errors.ts';
import type { Questioner } from '../../../try-invariants.ts';
import { sqlState, type PostgresConfig } from '../connection/connection.ts';
import { answerInvariant } from '../invariant.ts';

const queryCanceled = '57014';

export function liveQuestioner(config: PostgresConfig): Questioner {
  return {
    ask: (query, limitMs) =>
      answerInvariant(config, query, ['BEGIN READ ONLY', `SET LOCAL statement_timeout = ${limitMs}`]),
    tookTooLong: (error: TidemarkError) => sqlState(error.cause) === queryCanceled,
  };
}

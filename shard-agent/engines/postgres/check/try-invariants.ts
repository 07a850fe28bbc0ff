/** Whether a backup will be able to ask the declared invariants: each is asked once of the live database. */
import type { TidemarkError } from '../../../../proto/errors.ts';
import type { InvariantQuery } from '../../../../topology/agent-file.ts';
import type { TriedInvariants } from '../../../engine.ts';
import { tryInvariants, type Questioner } from '../../../try-invariants.ts';
import { sqlState, type PostgresConfig } from '../connection/connection.ts';
import { answerInvariant, requireBackedUp } from '../invariant.ts';
import { listDatabases, openMaintenance } from '../server.ts';

const queryCanceled = '57014';

export async function tryLiveInvariants(
  config: PostgresConfig,
  queries: readonly InvariantQuery[],
  limitMs: number,
  signal?: AbortSignal,
): Promise<TriedInvariants> {
  if (queries.length === 0) return { answers: [], findings: [] };
  return tryInvariants(liveQuestioner(config, await backedUp(config)), queries, limitMs, signal);
}

async function backedUp(config: PostgresConfig): Promise<string[]> {
  const session = await openMaintenance(config, 'invariants');
  try {
    return await listDatabases(session, config);
  } finally {
    await session.close();
  }
}

function liveQuestioner(config: PostgresConfig, databases: readonly string[]): Questioner {
  return {
    async ask(query, limitMs) {
      requireBackedUp(query, databases);
      return answerInvariant(config, query, {
        connectTo: query.database,
        begin: ['BEGIN READ ONLY'],
        limitMs,
      });
    },
    tookTooLong: (error: TidemarkError) => sqlState(error.cause) === queryCanceled,
  };
}

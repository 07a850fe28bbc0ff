/** Who would keep an attempt from succeeding, over all databases of the server. */
import type { Blocker } from '../../../engine.ts';
import type { Session } from '../connection/connection.ts';
import { suspects } from './blockers.ts';
import type { DatabaseBarrier } from './database-barrier.ts';

/**
 * Asked of the monitor first, which mostly knows nobody; whom it suspects is looked at in the databases themselves. The
 * monitor's answer comes after all cancels that an attempt has sent, so that none of them meets the questions that follow.
 * Between attempts only: the databases' own sessions are asked.
 */
export async function findInTheWay(
  monitor: Session,
  databases: readonly DatabaseBarrier[],
  options: { readonly olderThanMs: number; readonly cancelsAutovacuum: boolean },
): Promise<Blocker[]> {
  const suspected = await suspects(monitor, {
    databases: databases.map(({ database }) => database),
    ours: databases.flatMap(({ pids }) => pids),
    ...options,
  });
  const names = new Set(suspected.flatMap((suspect) => suspect.databases));
  const asked = databases.filter(({ database }) => names.has(database));
  const proven = new Map(
    await Promise.all(
      asked.map(async (database): Promise<[string, ReadonlySet<string>]> => {
        await database.open();
        return [database.database, await database.inTheWay()];
      }),
    ),
  );
  return suspected
    .filter((suspect) =>
      suspect.databases.some((name) => proven.get(name)?.has(suspect.blocker.processId) === true),
    )
    .map(({ blocker }) => blocker);
}

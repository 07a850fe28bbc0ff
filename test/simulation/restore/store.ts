/** One repository in memory, as each simulated process sees it: late, sometimes away, and with answers that get lost. */
import { TidemarkError } from '../../../proto/errors.ts';
import type { ObjectStore } from '../../../repository/object-store.ts';
import type { MemoryStore } from '../../../repository/stores/memory.ts';
import type { Chance, Process, VirtualTime } from '../virtual-time.ts';

export interface StoreFaults {
  readonly failed: number;
  readonly lost: number;
}

/** Only what records need: `create` of small objects and `readSmall`. Anything else is a mistake of the simulation. */
export function storeOf(
  shared: MemoryStore,
  process: Process,
  world: { readonly time: VirtualTime; readonly chance: Chance; readonly faults: StoreFaults },
): ObjectStore {
  const { time, chance, faults } = world;
  const late = <Result>(operation: string, work: () => Promise<Result>): Promise<Result> => {
    const { promise, resolve, reject } = Promise.withResolvers<Result>();
    time.after(chance.between(0.5, 30), () => {
      const fail = chance.happens(faults.failed);
      // What was asked before its process died still arrives, or does not.
      if (fail || (!process.alive && chance.happens(0.5))) {
        process.deliver(() => reject(away(operation)));
        return;
      }
      work().then(
        (result) => {
          const lost = chance.happens(faults.lost);
          time.after(chance.between(0, 20), () =>
            process.deliver(() => (lost ? reject(away(operation)) : resolve(result))),
          );
        },
        (error: Error) => process.deliver(() => reject(error)),
      );
    });
    return promise;
  };
  const unused = (): never => {
    throw new Error('the simulation of restores reads and writes records only');
  };
  return {
    url: shared.url,
    create: (key, body) => late(`store ${key}`, () => shared.create(key, body)),
    readSmall: (key, limit) => late(`read ${key}`, () => shared.readSmall(key, limit)),
    replace: unused,
    read: unused,
    size: unused,
    list: unused,
    listNames: unused,
    delete: unused,
  };
}

function away(operation: string): TidemarkError {
  const cause = 'the repository is away';
  return new TidemarkError({ code: 'repository-failed', operation, subject: 'memory:', cause });
}

/** A process that prepares a backup over a repository that takes nothing, prints the failure's code, and has nothing left to do. */
import { prepareShards } from '../../../../coordinator/backup/prepare-shards.ts';
import { TidemarkError } from '../../../../proto/errors.ts';
import { takeLease } from '../../../../repository/lease.ts';
import { MemoryStore } from '../../../../repository/stores/memory.ts';
import { runOver, set } from '../stored-cluster.ts';

const store = new MemoryStore();
const lease = await takeLease(store, 'shop', { operation: 'backup', set });
store.create = () =>
  Promise.reject(
    new TidemarkError({ code: 'repository-failed', operation: 'store', subject: 'memory:', cause: 'full' }),
  );
try {
  await prepareShards(
    { ...runOver(store), globals: undefined, set, startedAt: new Date(), startedMs: 0, lease },
    [],
  );
} catch (error) {
  process.stdout.write(error instanceof TidemarkError ? error.code : String(error));
}
await lease.release();

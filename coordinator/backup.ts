/** `backup`: one backup set of all shards at one barrier. The seven steps stand in `takeBackup`, in this order. */
import { asTidemarkError } from '../proto/errors.ts';
import { reached } from '../proto/step-points.ts';
import { setIds } from '../repository/backup-set.ts';
import { newSetId } from '../repository/layout.ts';
import { takeLease } from '../repository/lease.ts';
import type { Lease } from '../repository/lease.ts';
import { sealSet } from '../repository/seal.ts';
import { abortShards, openAgents } from './agents.ts';
import type { Agents } from './agents.ts';
import { contextOf, withoutGlobals } from './backup/backup-run.ts';
import type { Backup, BackupOptions } from './backup/backup-run.ts';
import { backupReport } from './backup/report.ts';
import { reachCut } from './barrier.ts';
import { checkSet } from './backup/check-set.ts';
import { copyShards } from './backup/copy-shards.ts';
import { prepareShards } from './backup/prepare-shards.ts';
import type { Outcome, Run } from './run.ts';
import { futureSetWarning, setAge } from './set-age.ts';
import { warn } from './warnings.ts';
import { sealBodyOf, storeCut, storeIntent } from './backup/set-records.ts';

/**
 * Takes one full set. Throws what went wrong; the set then has no seal and is no backup, and no shard is left with a lock, a
 * snapshot or a guard: each is told to abort, and lets go by itself if it cannot be reached.
 */
export async function backup(run: Run, { globals }: BackupOptions = withoutGlobals): Promise<Outcome> {
  const { topology, store } = run;
  const startedMs = performance.now();
  const startedAt = run.now();
  const newest = (await setIds(store, topology.cluster)).at(-1);
  const set = newSetId(startedAt, 'full', newest);
  run.progress.step(`backing up ${topology.cluster} as ${set}`);
  if (newest !== undefined && setAge(newest, undefined, startedAt).aheadMs > 0)
    warn(run, futureSetWarning(topology.cluster, newest));
  // Who they are is asked while the lease is taken, which saves 20 ms; without the lease they are asked for nothing that lasts.
  const over = new AbortController();
  const asking = openAgents(topology, topology.shards, AbortSignal.any([run.signal, over.signal]));
  asking.catch(() => undefined);
  try {
    const lease = await takeLease(
      store,
      topology.cluster,
      { operation: 'backup', set },
      { signal: run.signal },
    );
    try {
      await reached('coordinator.lease-taken');
      const signal = AbortSignal.any([run.signal, lease.lost]);
      return await withAgents({ ...run, globals, set, startedAt, startedMs, lease, signal }, asking);
    } finally {
      await giveBack(run, lease);
    }
  } finally {
    over.abort();
    void asking.then(
      ({ close }) => close(),
      () => undefined,
    );
  }
}

/** A lease that cannot be given back runs out by itself: that makes no sealed set a failure, and hides no failure there was. */
async function giveBack(run: Run, lease: Lease): Promise<void> {
  try {
    await lease.release();
  } catch (error) {
    const { message } = asTidemarkError(error, {
      code: 'repository-failed',
      operation: 'give the lease back',
      subject: run.topology.cluster,
    });
    run.log.warn({ operation: 'backup' }, `the lease must run out by itself: ${message}`);
  }
}

async function withAgents(backup: Backup, asking: Promise<Agents>): Promise<Outcome> {
  const agents = await asking;
  try {
    return await takeBackup(backup, agents);
  } catch (thrown) {
    // A lost lease shows as calls that were cancelled; what happened is the signal's reason.
    const error = backup.signal.aborted ? backup.signal.reason : thrown;
    throw await abortShards(agents.agents, (agent) => contextOf(backup, agent.shard), error);
  } finally {
    agents.close();
  }
}

async function takeBackup(backup: Backup, { agents }: Agents): Promise<Outcome> {
  const { topology, store, signal, lease } = backup;
  // 1. The lease is taken. Say who began this set, before anything else is stored.
  const intent = await storeIntent(backup, agents);

  // 2. Everything that can fail or be slow: privileges, catalogue, plan, warm lanes, the same repository on all hosts.
  const prepared = await prepareShards(backup, agents);
  await reached('coordinator.prepared');

  // 3. The barrier. Its evidence is stored at once.
  backup.progress.step('bringing all shards to one instant');
  const evidence = await reachCut(prepared.barrier, topology.barrier, { signal });
  const cut = await storeCut(backup, prepared.shards, evidence);
  await reached('coordinator.cut-stored');

  // 4. and 5. Every agent copies from its snapshots and stores its manifest.
  backup.progress.step('copying');
  await reached('coordinator.copying');
  const copied = await copyShards(
    backup,
    agents,
    (agent) => contextOf(backup, agent.shard),
    prepared.graceMs,
  );

  // 6. Is everything there, and does it add up?
  backup.progress.step('checking');
  const checked = await checkSet(backup, prepared.shards, evidence, copied);

  // 7. The seal, if the lease is still ours.
  const body = sealBodyOf(backup, { intent, cut, evidence, checked });
  await reached('coordinator.before-seal');
  signal.throwIfAborted();
  await lease.confirm();
  const { unconfirmed } = await sealSet(store, body);
  return backupReport(body, checked, evidence, performance.now() - backup.startedMs, unconfirmed);
}

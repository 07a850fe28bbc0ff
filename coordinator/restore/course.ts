/**
 * The course of a restore over all shards: load, close, decide, switch, and only when every shard has switched, open.
 *
 * Two records are the coordinator's whole power, and both are created once and for ever: the decision, before which everything
 * is undone, and the ending, before which no shard opens. When a call breaks, the shard's agent follows the same records by itself.
 */
import { systemClock, type Clock } from '../../proto/clock.ts';
import { TidemarkError, asTidemarkError } from '../../proto/errors.ts';
import { reached } from '../../proto/step-points.ts';
import { decide } from '../../repository/restore-decision.ts';
import type { Topology } from '../../topology/topology.ts';
import { onAll } from '../agents.ts';
import type { Run } from '../run.ts';
import { completeRestore, undoRestore } from './settle.ts';
import type { ShardRestore } from './shard-restore.ts';

export interface Course<Loaded> {
  readonly run: Pick<Run, 'store' | 'signal' | 'log' | 'progress'>;
  readonly target: Pick<Topology, 'cluster' | 'repository'>;
  readonly restore: string;
  readonly shards: readonly ShardRestore[];
  /** Loads every shard and checks what was loaded. The first failure ends the wait for all; nothing is undone by it. */
  readonly load: () => Promise<Loaded>;
  readonly clock?: Clock;
}

export interface Conducted<Loaded> {
  readonly loaded: Loaded;
  /** Why not every shard is known to be open and finished. An interruption after the decision changes nothing of it. */
  readonly failure: TidemarkError | undefined;
}

/** Throws the first failure before the decision, after everything was undone as far as it could be confirmed. */
export async function conductRestore<Loaded>(course: Course<Loaded>): Promise<Conducted<Loaded>> {
  const { run, target, restore, shards, clock = systemClock } = course;
  const settling = { run, target, restore, shards, clock };
  let loaded: { readonly value: Loaded } | undefined;
  try {
    loaded = { value: await course.load() };
    await reached('coordinator.restore-loaded');
    run.progress.step('closing the targets');
    const close = (shard: ShardRestore, signal: AbortSignal): Promise<void> => shard.closeTarget(signal);
    await onAll(shards, 'close the target', run.signal, close, clock);
    await reached('coordinator.restore-closed');
    run.signal.throwIfAborted();
    if ((await decide(run.store, target.cluster, restore, 'switch')) === 'undo') throw undoneByAgent(restore);
  } catch (failure) {
    run.progress.step('undoing what was made');
    const error = asTidemarkError(failure, {
      code: 'internal',
      operation: 'restore',
      subject: target.cluster,
    });
    const { undone, error: ending } = await undoRestore(settling, error);
    // Not undone: the record of our own decision had arrived, and only its confirmation was lost.
    if (undone || loaded === undefined) throw ending;
  }
  await reached('coordinator.restore-decided');
  run.progress.step('switching to the restored databases');
  return { loaded: loaded.value, failure: await completeRestore(settling) };
}

function undoneByAgent(restore: string): TidemarkError {
  return new TidemarkError({
    code: 'agent-unreachable',
    operation: 'decide the restore',
    subject: `restore ${restore}`,
    cause: 'an agent whose call had broken has decided to undo it',
    remedy: 'Make sure that all agents run and can be reached, then run the restore again.',
  });
}

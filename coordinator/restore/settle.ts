/** Step 5 of a restore: one durable record decides, then every shard is switched, or everything is dropped. */
import { setTimeout as sleep } from 'node:timers/promises';
import { TidemarkError, asTidemarkError } from '../../proto/errors.ts';
import { decide } from '../../repository/restore-decision.ts';
import type { Topology } from '../../topology/topology.ts';
import { combineFailures, contextFor, shardError } from '../agents.ts';
import type { ShardFailure } from '../agents.ts';
import type { Run } from '../run.ts';
import type { ShardRestore } from './shard-restore.ts';

interface Patience {
  /** How long an agent that answers may take. */
  readonly answeringMs: number;
  /** How long an agent may be silent, at a stretch, before we leave the shard to it. */
  readonly silentMs: number;
}

/** An agent that is gone undoes its part when it is started again: there is nothing to wait for. */
const undoPatience: Patience = { answeringMs: 120_000, silentMs: 5_000 };
/** The cluster is not whole before every shard has switched: a restarted agent is waited for. */
const switchPatience: Patience = { answeringMs: 300_000, silentMs: 60_000 };

/**
 * Undoes a restore after `failure` and returns the error to end with. The record `undo` is created first, so that an
 * agent whose call has broken undoes it too. Should `switch` stand there already, nothing is undone: the caller
 * must roll forward (`undone: false`).
 */
export async function undoRestore(
  run: Run,
  target: Topology,
  restore: string,
  shards: readonly ShardRestore[],
  failure: unknown,
): Promise<{ readonly undone: boolean; readonly error: TidemarkError }> {
  const error = asTidemarkError(failure, { code: 'internal', operation: 'restore', subject: target.cluster });
  try {
    if ((await decide(run.store, target.cluster, restore, 'undo')) === 'switch')
      return { undone: false, error };
  } catch (undecided) {
    // Every agent tries the same record when its call breaks, and keeps its staging until it can.
    for (const shard of shards) shard.cancel();
    const why = asTidemarkError(undecided, {
      code: 'repository-failed',
      operation: 'decide',
      subject: restore,
    }).message;
    return {
      undone: true,
      error: withNote(
        error,
        `the decision could not be recorded (${why}); each agent follows the record, and undoes its part if there is none, as soon as it can reach the repository`,
      ),
    };
  }
  const left: string[] = [];
  await Promise.all(
    shards.map(async (shard) => {
      const remains = await discardShard(run, target, restore, shard);
      if (remains !== undefined) left.push(`${shard.shard} (${remains.reason})`);
    }),
  );
  if (left.length === 0) return { undone: true, error };
  return {
    undone: true,
    error: withNote(
      error,
      `not confirmed as undone: ${left.join(', ')}`,
      'See that the agents named run and reach their servers and the repository: each undoes its part by itself. Then run the restore again.',
    ),
  };
}

/**
 * After the decision `switch`: every shard goes to its final names. Interruption no longer counts. A shard whose call
 * breaks is rolled forward by its agent; it is asked until the agent says that it has nothing left to do. Resolves with
 * what keeps the restore from being whole, and on which shards; undefined when it is whole.
 */
export async function switchShards(
  run: Run,
  target: Topology,
  restore: string,
  shards: readonly ShardRestore[],
): Promise<TidemarkError | undefined> {
  const failures: ShardFailure[] = [];
  await Promise.all(
    shards.map(async (shard) => {
      const never = new AbortController().signal;
      try {
        await shard.switch(AbortSignal.timeout(switchPatience.answeringMs));
      } catch (thrown) {
        const broken = shardError(shard.shard, thrown, never, 'switch');
        run.log.warn(
          { shard: shard.shard, operation: 'restore', restore, cause: broken.reason },
          'the call broke after the decision; waiting for the agent to roll forward',
        );
        shard.cancel();
        const remains = await untilOver(run, target, restore, shard, 'switch', switchPatience);
        if (remains !== undefined) failures.push({ shard: shard.shard, error: remains });
      }
    }),
  );
  if (failures.length === 0) return undefined;
  const combined = combineFailures('switch', failures);
  const undone = failures.some(({ error }) => error.code === 'repository-mismatch');
  return new TidemarkError({
    code: combined.code,
    operation: 'switch every shard',
    subject: `restore ${restore}: ${failures.map(({ shard }) => shard).join(', ')}`,
    cause: `the restore is decided, but these shards are not confirmed as switched: ${combined.reason}`,
    remedy: undone
      ? 'Do not open the cluster to applications. Let every agent use one and the same repository, drop what was restored on the other shards, and run the restore again.'
      : 'Start the agents named; each completes the restore by itself. Do not open the cluster to applications before that.',
  });
}

/** Undefined when the agent has dropped everything; else why that is not certain. */
async function discardShard(
  run: Run,
  target: Topology,
  restore: string,
  shard: ShardRestore,
): Promise<TidemarkError | undefined> {
  if (shard.loaded) {
    try {
      await shard.discard(AbortSignal.timeout(undoPatience.answeringMs));
      return undefined;
    } catch (thrown) {
      run.log.debug(
        { shard: shard.shard, operation: 'restore', err: thrown },
        'the call broke while undoing',
      );
    }
  }
  // An agent that is still loading does not listen; it stops and undoes when its call breaks.
  shard.cancel();
  return untilOver(run, target, restore, shard, 'undo', undoPatience);
}

/**
 * Undefined when the agent has nothing left to do for this restore and has not done the contrary of `decision`; else what kept it
 * from saying so within our patience. What it does for others does not count.
 */
async function untilOver(
  run: Run,
  target: Topology,
  restore: string,
  shard: ShardRestore,
  decision: 'switch' | 'undo',
  patience: Patience,
): Promise<TidemarkError | undefined> {
  const context = contextFor(target.cluster, target.repository.url, shard.shard);
  const { agent } = shard;
  const startedMs = performance.now();
  let heardMs = startedMs;
  for (let pauseMs = 50; ; pauseMs = Math.min(pauseMs * 2, 2_000)) {
    let last: TidemarkError;
    try {
      const { activity, activityRestore, undoneRestore } = await agent.client.describe({ context });
      if (decision === 'switch' && undoneRestore === restore) return otherRecord(shard);
      const another = activityRestore !== '' && activityRestore !== restore;
      if (activity !== 'restoring' || another) return undefined;
      heardMs = performance.now();
      const subject = `${shard.shard}: agent ${agent.address}`;
      const cause = `it is still ${activity}`;
      last = new TidemarkError({ code: 'agent-busy', operation: 'restore', subject, cause });
    } catch (thrown) {
      last = shardError(shard.shard, thrown, new AbortController().signal, 'ask whether it is done');
    }
    run.log.debug({ shard: shard.shard, operation: 'restore', cause: last.reason }, 'not done yet');
    const nextMs = performance.now() + pauseMs;
    if (nextMs - startedMs > patience.answeringMs || nextMs - heardMs > patience.silentMs) return last;
    await sleep(pauseMs);
  }
}

/** The agent found no decision where we have recorded one: it does not read what we write. */
function otherRecord(shard: ShardRestore): TidemarkError {
  return new TidemarkError({
    code: 'repository-mismatch',
    operation: 'switch',
    subject: `${shard.shard}: agent ${shard.agent.address}`,
    cause:
      'it has undone its part, although the record of the decision says switch: it reads another repository',
  });
}

function withNote(error: TidemarkError, note: string, otherRemedy?: string): TidemarkError {
  const { code, operation, subject, cause, remedy } = error.toJSON();
  return new TidemarkError(
    { code, operation, subject, cause: `${cause}; ${note}`, remedy: otherRemedy ?? remedy },
    { cause: error },
  );
}

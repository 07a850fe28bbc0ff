/** Step 4 and 5 of a backup: every agent copies from its snapshots and stores its manifest. */
import { setTimeout as sleep } from 'node:timers/promises';
import PQueue from 'p-queue';
import { TidemarkError } from '../../proto/errors.ts';
import type { CopyDone__Output as CopyDone } from '../../proto/gen/tidemark/v1/CopyDone.ts';
import type { OperationContext__Output as OperationContext } from '../../proto/gen/tidemark/v1/OperationContext.ts';
import type { ManifestRef__Output as WireManifestRef } from '../../proto/gen/tidemark/v1/ManifestRef.ts';
import type { ManifestRef, Sums } from '../../repository/manifest-entries.ts';
import { onAll, serverFromWire, shardError } from '../agents.ts';
import type { Agent, Server } from '../agents.ts';
import type { Run } from '../run.ts';
import { shardProgress } from '../shard-progress.ts';
import { sumsFromWire } from '../sums.ts';

/** What an agent says it has stored for its shard. */
export interface CopiedShard {
  readonly shard: string;
  readonly manifest: ManifestRef;
  readonly sums: Sums;
  /** As it was after the copy. */
  readonly server: Server;
}

/** Pause before the first attempt to attach again; doubles up to ten times as much. */
const firstPauseMs = 250;

/**
 * Copies all shards, `copy.shards` at a time. A call that breaks is opened again for as long as the agent goes on
 * without us (`graceMs`); an agent that has forgotten the set, or says why it failed, fails the set.
 */
export async function copyShards(
  run: Run,
  agents: readonly Agent[],
  contextOf: (agent: Agent) => OperationContext,
  graceMs: number,
): Promise<CopiedShard[]> {
  const queue = new PQueue({ concurrency: run.topology.copy.shards });
  return onAll(agents, 'copy', run.signal, (agent, stop) =>
    queue.add(() => copyShard(run, agent, contextOf(agent), graceMs, stop), { signal: stop }),
  );
}

async function copyShard(
  run: Run,
  agent: Agent,
  context: OperationContext,
  graceMs: number,
  signal: AbortSignal,
): Promise<CopiedShard> {
  const limit = AbortSignal.timeout(run.topology.copy.limitMs);
  const either = AbortSignal.any([signal, limit]);
  let heardMs = performance.now();
  let pauseMs = firstPauseMs;
  for (;;) {
    try {
      return await follow(run, agent, context, either, () => {
        heardMs = performance.now();
        pauseMs = firstPauseMs;
      });
    } catch (thrown) {
      if (limit.aborted && !signal.aborted) throw tooOld(agent, run.topology.copy.limitMs);
      const error = shardError(agent.shard, thrown, signal, 'copy');
      if (error.code !== 'agent-unreachable' || performance.now() - heardMs > graceMs) throw error;
      run.log.warn(
        { shard: agent.shard, operation: 'backup', cause: error.reason },
        'lost the agent while copying; attaching again',
      );
      await sleep(pauseMs, undefined, { signal: either });
      pauseMs = Math.min(pauseMs * 2, firstPauseMs * 10);
    }
  }
}

/** One call from start or attachment to the agent's last word. */
async function follow(
  run: Run,
  agent: Agent,
  context: OperationContext,
  signal: AbortSignal,
  heard: () => void,
): Promise<CopiedShard> {
  signal.throwIfAborted();
  const replies = agent.client.copy({ context });
  const cancel = (): void => replies.cancel();
  signal.addEventListener('abort', cancel);
  try {
    for await (const reply of replies) {
      heard();
      if (reply.progress) run.progress.shard(agent.shard, shardProgress(reply.progress));
      if (!reply.done) continue;
      run.progress.done(agent.shard);
      return copied(agent, reply.done);
    }
  } finally {
    signal.removeEventListener('abort', cancel);
  }
  throw new TidemarkError({
    code: 'agent-unreachable',
    operation: 'copy',
    subject: `${agent.shard}: agent ${agent.address}`,
    cause: 'the call ended before the agent said that it was done',
  });
}

function copied(agent: Agent, done: CopyDone): CopiedShard {
  return {
    shard: agent.shard,
    manifest: manifestFromWire(agent, done.manifest),
    sums: sumsFromWire(agent.shard, done.sums),
    server: serverFromWire(agent.shard, done.server),
  };
}

function manifestFromWire(agent: Agent, wire: WireManifestRef | null): ManifestRef {
  if (wire !== null && wire.key !== '')
    return { key: wire.key, size: Number(wire.size), sha256: wire.sha256 };
  throw new TidemarkError({
    code: 'internal',
    operation: 'copy',
    subject: agent.shard,
    cause: 'the agent is done and names no manifest',
  });
}

function tooOld(agent: Agent, limitMs: number): TidemarkError {
  return new TidemarkError({
    code: 'snapshot-lost',
    operation: 'copy',
    subject: agent.shard,
    cause: `the copy took longer than copy.limit (${limitMs} ms), the greatest age of a snapshot`,
    remedy: 'Raise copy.limit or copy.lanes in the topology, then run the backup again.',
  });
}

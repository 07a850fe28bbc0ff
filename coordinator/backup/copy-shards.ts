/** Step 4 and 5 of a backup: every agent copies from its snapshots and stores its manifest. */
import PQueue from 'p-queue';
import { TidemarkError } from '../../proto/errors.ts';
import type { CopyDone__Output as CopyDone } from '../../proto/gen/tidemark/v1/CopyDone.ts';
import type { CopyReply__Output as CopyReply } from '../../proto/gen/tidemark/v1/CopyReply.ts';
import type { OperationContext__Output as OperationContext } from '../../proto/gen/tidemark/v1/OperationContext.ts';
import type { ManifestRef__Output as WireManifestRef } from '../../proto/gen/tidemark/v1/ManifestRef.ts';
import { RetryPauses } from '../../proto/retry-pauses.ts';
import type { ManifestRef, Sums } from '../../repository/manifest-entries.ts';
import { formatDuration } from '../../topology/units.ts';
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

/** Pauses between two attempts to attach again. */
const firstPauseMs = 250;
const longestPauseMs = 2_500;
/** Timers fire at once when set to more (24 days). */
const longestTimerMs = 2 ** 31 - 1;

/**
 * Copies all shards, `copy.shards` at a time; with the others a call is open that keeps their snapshots until their turn comes.
 * A call that breaks is opened again for as long as the agent goes on without us (`graceMs`); an agent that has forgotten
 * the set, or says why it failed, fails the set.
 */
export async function copyShards(
  run: Run,
  agents: readonly Agent[],
  contextOf: (agent: Agent) => OperationContext,
  graceMs: number,
): Promise<CopiedShard[]> {
  const { shards, limitMs } = run.topology.copy;
  const queue = new PQueue({ concurrency: shards });
  const limit = AbortSignal.timeout(Math.min(limitMs, longestTimerMs));
  return onAll(agents, 'copy', run.signal, async (agent, stop) => {
    const calls: ShardCalls = { run, agent, context: contextOf(agent), graceMs, stop, limit };
    const turn = new AbortController();
    const lost = new AbortController();
    const copying = queue.add(
      () => {
        turn.abort();
        return copyShard(calls);
      },
      { signal: AbortSignal.any([stop, lost.signal]) },
    );
    // The first ones begin at once.
    const waits = agents.indexOf(agent) >= shards;
    const waiting = waits ? waitForTurn(calls, turn.signal) : Promise.resolve();
    waiting.catch((error: unknown) => lost.abort(error));
    const [copied] = await Promise.all([copying, waiting]);
    return copied;
  });
}

/** What every call on one shard's copy needs. */
interface ShardCalls {
  readonly run: Run;
  readonly agent: Agent;
  readonly context: OperationContext;
  readonly graceMs: number;
  readonly stop: AbortSignal;
  readonly limit: AbortSignal;
}

/** Resolves at the shard's turn. Throws when its snapshots are lost before. */
async function waitForTurn(calls: ShardCalls, turn: AbortSignal): Promise<void> {
  try {
    await attached(calls, turn, async (signal, heard) => {
      for await (const _ of repliesOf(calls, true, signal)) heard();
      throw endedEarly(calls.agent);
    });
  } catch (error) {
    if (!turn.aborted) throw error;
  }
}

async function copyShard(calls: ShardCalls): Promise<CopiedShard> {
  return attached(calls, undefined, (signal, heard) => follow(calls, signal, heard));
}

/**
 * One call after the other until one has come to its end, or fails for another reason than that the agent was out of reach, or
 * nothing has been heard of the agent for the grace period. Agents report twice a second. Told to stop, it makes no other call.
 */
async function attached<Result>(
  calls: ShardCalls,
  turn: AbortSignal | undefined,
  call: (signal: AbortSignal, heard: () => void) => Promise<Result>,
): Promise<Result> {
  const { run, agent, graceMs, stop, limit } = calls;
  const silent = new AbortController();
  const signal = AbortSignal.any([stop, limit, silent.signal, ...(turn === undefined ? [] : [turn])]);
  let last = 'no reply has come';
  const silence = setTimeout(() => silent.abort(unheard(agent, graceMs, last)), graceMs);
  try {
    return await attachAgain(calls, signal, {
      call: () => call(signal, () => silence.refresh()),
      lost: (cause) => (last = cause),
    });
  } catch (error) {
    // What a call says when we have ended it means nothing: another shard's failure is not this agent being out of reach.
    if (stop.aborted) throw stop.reason;
    if (turn?.aborted === true) throw error;
    if (limit.aborted) throw tooOld(agent, run.topology.copy.limitMs);
    if (silent.signal.aborted) throw silent.signal.reason;
    throw error;
  } finally {
    clearTimeout(silence);
  }
}

/** Calls until a call succeeds, `signal` is aborted, or the agent itself says why it failed. */
async function attachAgain<Result>(
  { run, agent }: ShardCalls,
  signal: AbortSignal,
  { call, lost }: { call: () => Promise<Result>; lost: (cause: string) => void },
): Promise<Result> {
  const pauses = new RetryPauses(firstPauseMs, longestPauseMs);
  for (;;) {
    signal.throwIfAborted();
    const beganMs = performance.now();
    try {
      return await call();
    } catch (thrown) {
      signal.throwIfAborted();
      const error = shardError(agent.shard, thrown, signal, 'copy');
      if (error.code !== 'agent-unreachable') throw error;
      lost(error.reason);
      run.log.warn(
        { shard: agent.shard, operation: 'backup', cause: error.reason },
        'lost the agent while copying; attaching again',
      );
    }
    pauses.lasted(performance.now() - beganMs);
    await pauses.next(signal);
  }
}

function unheard(agent: Agent, graceMs: number, last: string): TidemarkError {
  return new TidemarkError({
    code: 'agent-unreachable',
    operation: 'copy',
    subject: `${agent.shard}: agent ${agent.address}`,
    cause: `nothing was heard of it for ${formatDuration(graceMs)}; before that: ${last}`,
  });
}

/** One call from start or attachment to the agent's last word. */
async function follow(calls: ShardCalls, signal: AbortSignal, heard: () => void): Promise<CopiedShard> {
  const { run, agent } = calls;
  for await (const reply of repliesOf(calls, false, signal)) {
    heard();
    if (!reply.done) continue;
    run.progress.done(agent.shard);
    return copied(agent, reply.done);
  }
  throw endedEarly(agent);
}

/** The replies of one Copy call, their progress shown. The call ends when `signal` is aborted, or the reader stops. */
async function* repliesOf(
  { run, agent, context }: ShardCalls,
  wait: boolean,
  signal: AbortSignal,
): AsyncGenerator<CopyReply> {
  const replies = agent.client.copy({ context, wait });
  const cancel = (): void => replies.cancel();
  signal.addEventListener('abort', cancel);
  try {
    for await (const reply of replies) {
      if (reply.progress) run.progress.shard(agent.shard, shardProgress(reply.progress));
      yield reply;
    }
  } finally {
    signal.removeEventListener('abort', cancel);
  }
}

function endedEarly(agent: Agent): TidemarkError {
  return new TidemarkError({
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

/**
 * Drives the barrier over one call per shard: `openBarrier` has every agent prepared, `reachCut` brings all shards to one
 * instant. Whatever happens in between, in the end every shard has thawed or its call is broken, so that it does.
 */
import type { Prepare } from '../proto/gen/tidemark/v1/Prepare.ts';
import type { Prepared__Output } from '../proto/gen/tidemark/v1/Prepared.ts';
import type { BarrierConfig } from '../topology/topology.ts';
import { onAll } from './agents.ts';
import { BarrierDriver, type OpenBarrier, type ReachCutOptions } from './barrier/driver.ts';
import { BarrierLink, endOf, type BarrierStream } from './barrier/link.ts';
import { barrierStep } from './barrier/protocol.ts';
import type { BarrierEvidence } from './barrier/report.ts';

export type { OpenBarrier, PreparedShard, ReachCutOptions } from './barrier/driver.ts';
export type { BarrierEvidence, BlockerEvidence, ShardEvidence } from './barrier/report.ts';
export type { BarrierStream } from './barrier/link.ts';

export interface BarrierMember {
  readonly shard: string;
  /** A Barrier call on which nothing has been sent. */
  readonly stream: BarrierStream;
  readonly prepare: Prepare;
}

/**
 * Sends `prepare` on every call at once. Throws when any agent fails, after every call has been broken: one error with the
 * words of all that failed by themselves and the foremost's code; `interrupted` when `signal` is aborted.
 */
export async function openBarrier(
  members: readonly BarrierMember[],
  signal: AbortSignal,
): Promise<OpenBarrier> {
  const links = members.map(({ shard, stream }) => new BarrierLink(shard, stream));
  const cancel = (): void => {
    for (const link of links) link.cancel();
  };
  try {
    const work = members.map(({ shard, prepare }, at) => ({
      shard,
      prepare,
      link: links[at] as BarrierLink,
    }));
    const shards = await onAll(
      work,
      'prepare the backup',
      signal,
      async ({ shard, prepare, link }, stop) => ({
        shard,
        prepared: await preparedReply(link, prepare, stop),
      }),
    );
    return { shards, links, cancel };
  } catch (error) {
    cancel();
    throw error;
  }
}

async function preparedReply(
  link: BarrierLink,
  prepare: Prepare,
  stop: AbortSignal,
): Promise<Prepared__Output> {
  const { promise, resolve, reject } = Promise.withResolvers<Prepared__Output>();
  const onStop = (): void => reject(stop.reason);
  stop.addEventListener('abort', onStop, { once: true });
  try {
    stop.throwIfAborted();
    link.listen((event) => {
      if (event.kind === 'replied' && event.reply.prepared) resolve(event.reply.prepared);
      else reject(endOf(event));
      link.listen(undefined);
    });
    link.send({ prepare });
    return await promise;
  } finally {
    stop.removeEventListener('abort', onStop);
  }
}

/**
 * Brings all shards to one instant and resolves with the evidence: every agent then holds the snapshots of the same
 * attempt, without locks, and has ended its Barrier call in good order, so that Copy may be called.
 *
 * Throws `barrier-not-reached` at the deadline, with a line for every shard; what the agent said, or `agent-unreachable`,
 * when one failed or its call broke; `interrupted` when `signal` was aborted. Before it throws it has told every shard to
 * thaw, waited for the word (no longer than the hold limit, half a second and the network's allowance), and
 * broken every call, so that the agents let go of snapshots too. May be called once for an open barrier.
 */
export async function reachCut(
  barrier: OpenBarrier,
  config: BarrierConfig,
  options: ReachCutOptions,
): Promise<BarrierEvidence> {
  return new BarrierDriver(barrier, config, options, barrierStep).run();
}

/** One client per shard: connecting, who answers, and doing something on all of them at once. */
import { setMaxListeners } from 'node:events';
import { systemClock, type Clock } from '../proto/clock.ts';
import { connectAgent, protocolVersion } from '../proto/channel.ts';
import type { AgentClient } from '../proto/channel.ts';
import { TidemarkError, asTidemarkError, foremost } from '../proto/errors.ts';
import type { DescribeReply__Output as DescribeReply } from '../proto/gen/tidemark/v1/DescribeReply.ts';
import type { OperationContext__Output as OperationContext } from '../proto/gen/tidemark/v1/OperationContext.ts';
import type { Server__Output as WireServer } from '../proto/gen/tidemark/v1/Server.ts';
import { findSameServers } from './same-server.ts';
import type { ShardAddress, Topology } from '../topology/topology.ts';

/** The database server behind an agent, as the agent sees it. */
export interface Server {
  readonly family: 'postgresql' | 'mysql' | 'mariadb';
  readonly version: string;
  readonly identity: string;
  readonly databases: readonly string[];
  /** Estimated size of those databases in bytes. */
  readonly bytes: number;
}

/** An agent that has answered, speaks our protocol, and is the one the topology means. */
export interface Agent {
  readonly shard: string;
  readonly address: string;
  readonly client: AgentClient;
  readonly server: Server;
  readonly tidemarkVersion: string;
  /** By how much its host's clock is ahead of ours, at least; negative: behind; 0: they agree, or it does not tell. */
  readonly clockAheadMs: number;
}

/** What went wrong with one shard. */
export interface ShardFailure {
  readonly shard: string;
  readonly error: TidemarkError;
}

export interface Agents {
  /** In the order of the topology. */
  readonly agents: readonly Agent[];
  /** Shards whose agent did not answer, is another one, or is connected to a server that another shard has already. */
  readonly failures: readonly ShardFailure[];
  /** Breaks every call. Idempotent. */
  readonly close: () => void;
}

/**
 * Connects to the agents of `shards` and asks all of them at once who they are. Resolves with both: who may be worked
 * with, and what is wrong with the others. No two of them are on one server: see same-server.ts. The caller closes.
 */
export async function askAgents(
  topology: Topology,
  shards: readonly ShardAddress[],
  signal: AbortSignal,
): Promise<Agents> {
  setMaxListeners(0, signal);
  const clients: AgentClient[] = [];
  const agents: Agent[] = [];
  const failures: ShardFailure[] = [];
  const answers = await Promise.all(
    shards.map(async (shard): Promise<Agent | ShardFailure> => {
      try {
        const client = connectAgent(shard.agent, topology.transport);
        clients.push(client);
        const context = contextFor(topology.cluster, topology.repository.url, shard.name);
        const askedMs = Date.now();
        const reply = await client.describe({ context }, { signal });
        return recognise(topology, shard, client, reply, clockAheadMs(reply, askedMs, Date.now()));
      } catch (error) {
        return { shard: shard.name, error: shardError(shard.name, error, signal, 'reach the agent') };
      }
    }),
  );
  const answered = answers.filter((answer) => 'client' in answer);
  const notApart = await findSameServers(
    answered.map((agent) => ({
      ...agent,
      context: contextFor(topology.cluster, topology.repository.url, agent.shard),
    })),
    signal,
  );
  for (const answer of answers) {
    const { shard } = answer;
    const twin = notApart.find((other) => other.shard === shard);
    if ('error' in answer) failures.push(answer);
    else if (twin === undefined) agents.push(answer);
    else failures.push({ shard, error: shardError(shard, twin.error, signal, 'tell the shards apart') });
  }
  return {
    agents,
    failures,
    close: () => {
      for (const client of clients) client.close();
    },
  };
}

/** As `askAgents`, but all or nothing: throws one error that names every shard that failed. */
export async function openAgents(
  topology: Topology,
  shards: readonly ShardAddress[],
  signal: AbortSignal,
): Promise<Agents> {
  const asked = await askAgents(topology, shards, signal);
  if (asked.failures.length === 0) return asked;
  asked.close();
  throw combineFailures('reach the agents', asked.failures);
}

/** What every request carries. `set` and `leaseNumber` are left out where none is needed. */
export function contextFor(
  cluster: string,
  repositoryUrl: string,
  shard: string,
  set = '',
  leaseNumber = 0,
): OperationContext {
  return { protocolVersion, cluster, shard, set, leaseNumber: String(leaseNumber), repositoryUrl };
}

/** A server as it came over the wire. Throws `internal` when it is missing or of a family we do not know. */
export function serverFromWire(shard: string, wire: WireServer | null | undefined): Server {
  const family = wire?.family;
  if (wire == null || (family !== 'postgresql' && family !== 'mysql' && family !== 'mariadb')) {
    throw new TidemarkError({
      code: 'agent-mismatch',
      operation: 'read what the agent says of its server',
      subject: shard,
      cause: `the server's family is ${family ?? 'missing'}`,
    });
  }
  const { version, identity, databases } = wire;
  return { family, version, identity, databases, bytes: Number(wire.bytes) };
}

/** What breaks several shards breaks them within moments: so long the others may still fail by themselves, and be named. */
const failTogetherMs = 200;

/**
 * Does `work` on all items at once. A moment after the first failure the others' signal is aborted; all are waited for, then
 * one error that names every shard that failed by itself is thrown: the code of the foremost, the words of all.
 */
export async function onAll<Item extends { readonly shard: string }, Result>(
  items: readonly Item[],
  operation: string,
  signal: AbortSignal,
  work: (item: Item, signal: AbortSignal) => Promise<Result>,
  clock: Clock = systemClock,
): Promise<Result[]> {
  const stop = new AbortController();
  const both = AbortSignal.any([signal, stop.signal]);
  setMaxListeners(0, signal, both);
  const failures: ShardFailure[] = [];
  let cancelStop: (() => void) | undefined;
  const results = await Promise.all(
    items.map(async (item): Promise<{ result: Result } | undefined> => {
      try {
        return { result: await work(item, both) };
      } catch (error) {
        if (stop.signal.aborted && wasTold(error, stop.signal)) return undefined;
        failures.push({ shard: item.shard, error: shardError(item.shard, error, signal, operation) });
        cancelStop ??= clock.setTimer(failTogetherMs, () => stop.abort(failures[0]?.error));
        return undefined;
      }
    }),
  );
  cancelStop?.();
  if (failures.length > 0) {
    const inOrder = items.flatMap(({ shard }) => failures.filter((failure) => failure.shard === shard));
    throw combineFailures(operation, inOrder);
  }
  return results.flatMap((done) => (done === undefined ? [] : [done.result]));
}

/** True for what fails because it was told to stop: by our reason, or as a call that we have cancelled. */
function wasTold(error: unknown, stop: AbortSignal): boolean {
  if (error === stop.reason) return true;
  if (error instanceof TidemarkError)
    return error.code === 'interrupted' || error.code === 'agent-unreachable';
  return error instanceof Error && error.name === 'AbortError';
}

/** How long one agent may take to let go before we leave it to its own dead-man and grace period. */
const abortLimitMs = 10_000;

/**
 * Tells every agent to let go of a set, and returns the error to end with: `failure`, with a note of the agents that could
 * not be told. They thaw at once and end at the latest when their grace period is over.
 */
export async function abortShards(
  agents: readonly Agent[],
  contextOf: (agent: Agent) => OperationContext,
  failure: unknown,
): Promise<TidemarkError> {
  const error = asTidemarkError(failure, { code: 'internal', operation: 'backup', subject: 'tidemark' });
  const untold: string[] = [];
  await Promise.all(
    agents.map(async (agent) => {
      try {
        await agent.client.abort({ context: contextOf(agent) }, { deadlineMs: abortLimitMs });
      } catch (thrown) {
        const known = asTidemarkError(thrown, { code: 'internal', operation: 'abort', subject: agent.shard });
        // Whoever took the lease over has ended our part there.
        if (known.code !== 'lease-lost') untold.push(`${agent.shard} (${known.reason})`);
      }
    }),
  );
  if (untold.length === 0) return error;
  const { code, operation, subject, cause, remedy } = error.toJSON();
  const note = `not told to let go: ${untold.join(', ')}; these end by themselves within their grace period`;
  return new TidemarkError(
    { code, operation, subject, cause: `${cause}; ${note}`, remedy },
    { cause: error },
  );
}

/**
 * What a failed call on a shard means. When `signal` is aborted its reason is what happened; an agent that was stopped
 * by its own operator is unreachable for us, and does not mean that we were interrupted.
 */
export function shardError(
  shard: string,
  error: unknown,
  signal: AbortSignal,
  operation: string,
): TidemarkError {
  if (signal.aborted)
    return asTidemarkError(signal.reason, { code: 'interrupted', operation, subject: shard });
  const known = asTidemarkError(error, { code: 'internal', operation, subject: shard });
  const code = known.code === 'interrupted' ? 'agent-unreachable' : known.code;
  const subject = known.subject.includes(shard) ? known.subject : `${shard}: ${known.subject}`;
  if (code === known.code && subject === known.subject) return known;
  const remedy = code === known.code ? known.remedy : undefined;
  return new TidemarkError(
    { code, operation: known.operation, subject, cause: known.reason, remedy },
    { cause: known },
  );
}

/** One error for several shards: the code of the foremost, the words of all. */
export function combineFailures(operation: string, failures: readonly ShardFailure[]): TidemarkError {
  const errors = [...new Set(failures.map(({ error }) => error))];
  const first = foremost(errors);
  if (first === undefined) throw new Error('no failure to combine');
  if (errors.length === 1) return first;
  return new TidemarkError({
    code: first.code,
    operation,
    subject: `shards ${failures.map(({ shard }) => shard).join(', ')}`,
    cause: errors.map((error) => error.message).join('; '),
    remedy: [...new Set(errors.map((error) => error.remedy))].join(' '),
  });
}

function recognise(
  topology: Topology,
  shard: ShardAddress,
  client: AgentClient,
  reply: DescribeReply,
  aheadMs: number,
): Agent {
  const mismatch = (cause: string): TidemarkError =>
    new TidemarkError({
      code: 'agent-mismatch',
      operation: 'recognise the agent',
      subject: `${shard.name}: agent ${shard.agent}`,
      cause,
    });
  if (reply.protocolVersion !== protocolVersion) {
    throw mismatch(
      `it is Tidemark ${reply.tidemarkVersion} and speaks protocol ${reply.protocolVersion}; this coordinator speaks ${protocolVersion}`,
    );
  }
  if (reply.shard !== shard.name) throw mismatch(`it is the agent of shard ${reply.shard}`);
  if (reply.repositoryUrl !== topology.repository.url) {
    throw new TidemarkError({
      code: 'repository-mismatch',
      operation: 'recognise the agent',
      subject: `${shard.name}: agent ${shard.agent}`,
      cause: `its repository is ${reply.repositoryUrl}, the topology names ${topology.repository.url}`,
    });
  }
  const server = serverFromWire(shard.name, reply.server);
  return {
    shard: shard.name,
    address: shard.agent,
    client,
    server,
    tidemarkVersion: reply.tidemarkVersion,
    clockAheadMs: aheadMs,
  };
}

/** Its clock was read at some moment between question and answer, so what lies between these is no difference. */
function clockAheadMs(reply: DescribeReply, askedMs: number, answeredMs: number): number {
  const theirs = Number(reply.wallClockMs);
  if (theirs === 0) return 0;
  return Math.max(0, theirs - answeredMs) + Math.min(0, theirs - askedMs);
}

/**
 * Do two agents work on the same server? An identity that differs says no. One that is equal says only that one server was
 * copied from the other: by a base backup, a promoted replica, a cloned disk. So the server itself is asked: each agent sets
 * a mark on its server, all look for the marks of all, and who sees another's mark is on the other's server.
 */
import { randomBytes } from 'node:crypto';
import type { AgentCall, AgentClient } from '../proto/channel.ts';
import { TidemarkError } from '../proto/errors.ts';
import type { MarkReply__Output as MarkReply } from '../proto/gen/tidemark/v1/MarkReply.ts';
import type { MarkRequest } from '../proto/gen/tidemark/v1/MarkRequest.ts';
import type { OperationContext__Output as OperationContext } from '../proto/gen/tidemark/v1/OperationContext.ts';

export interface ServerOfShard {
  readonly shard: string;
  readonly client: Pick<AgentClient, 'mark' | 'seeMarks'>;
  readonly server: { readonly family: string; readonly identity: string };
  readonly context: OperationContext;
}

/** Why a shard cannot be told from every other one. What an agent threw is handed on as it is. */
export interface NotApart {
  readonly shard: string;
  readonly error: unknown;
}

/** For setting a mark, for looking and for taking it off, each; an agent holds a mark for longer than all three. */
const stepLimitMs = 12_000;

interface Marked {
  readonly of: ServerOfShard;
  readonly mark: string;
  readonly call: AgentCall<MarkRequest, MarkReply>;
  readonly replies: AsyncIterator<MarkReply>;
  /** The marks that its agent sees. */
  seen: readonly string[];
}

/**
 * Resolves with the shards that must not be worked with: those on the server of another shard (`agent-mismatch`), and those of
 * which it could not be found out. Of several shards on one server the first is not among them. Agents are asked only where
 * identities are equal, or unknown. Leaves nothing on any server; takes 36 s at most.
 */
export async function findSameServers(
  shards: readonly ServerOfShard[],
  signal: AbortSignal,
): Promise<NotApart[]> {
  const groups = Map.groupBy(shards, ({ server }) => {
    const unknown = shards.some((other) => other.server.family === server.family && !other.server.identity);
    return `${server.family} ${unknown ? '' : server.identity}`;
  });
  const alike = [...groups.values()].filter((group) => group.length > 1);
  return (await Promise.all(alike.map((group) => askServers(group, signal)))).flat();
}

async function askServers(group: readonly ServerOfShard[], signal: AbortSignal): Promise<NotApart[]> {
  const failures: NotApart[] = [];
  const calls: AgentCall<MarkRequest, MarkReply>[] = [];
  /** One step on all of them at once; one that fails is left out of the next. */
  const step = async <Item, Result>(
    items: readonly Item[],
    shardOf: (item: Item) => string,
    work: (item: Item) => Promise<Result>,
  ): Promise<Result[]> => {
    const done = await Promise.all(
      items.map(async (item) => {
        try {
          return [await work(item)];
        } catch (error) {
          failures.push({ shard: shardOf(item), error });
          return [];
        }
      }),
    );
    return done.flat();
  };
  try {
    const set = await step(
      group,
      ({ shard }) => shard,
      (of) => {
        const call = of.client.mark();
        calls.push(call);
        return setMark(of, call, signal);
      },
    );
    const marks = set.map(({ mark }) => mark);
    const looked = await step(
      set,
      ({ of }) => of.shard,
      (marked) => look(marked, marks, signal),
    );
    // Only a mark that was there all the time can have been seen by everybody who could see it.
    const proved = await step(
      looked,
      ({ of }) => of.shard,
      (marked) => takeOff(marked, signal),
    );
    return [...failures, ...twins(proved)];
  } finally {
    for (const call of calls) call.cancel();
  }
}

async function setMark(
  of: ServerOfShard,
  call: AgentCall<MarkRequest, MarkReply>,
  signal: AbortSignal,
): Promise<Marked> {
  const mark = randomBytes(8).toString('hex');
  const replies = call[Symbol.asyncIterator]();
  call.send({ context: of.context, mark });
  await answer(of, call, replies, 'held', signal);
  return { of, mark, call, replies, seen: [] };
}

async function look(marked: Marked, marks: readonly string[], signal: AbortSignal): Promise<Marked> {
  const { client, context, shard } = marked.of;
  const { seen } = await client.seeMarks({ context, marks: [...marks] }, { deadlineMs: stepLimitMs, signal });
  if (seen.includes(marked.mark)) return { ...marked, seen };
  throw new TidemarkError({
    code: 'shard-refused',
    operation: 'tell the shards apart',
    subject: shard,
    cause:
      'a mark that its agent has set on the server is not seen in another session: a pooler or proxy seems to lead to several servers',
    remedy: "Set host and port in the agent's file to the server's own, not to a pooler's or proxy's.",
  });
}

async function takeOff(marked: Marked, signal: AbortSignal): Promise<Marked> {
  marked.call.finish();
  await answer(marked.of, marked.call, marked.replies, 'released', signal);
  return marked;
}

/** Waits for this answer, no longer than a step may take. */
async function answer(
  { shard }: ServerOfShard,
  call: AgentCall<MarkRequest, MarkReply>,
  replies: AsyncIterator<MarkReply>,
  wanted: 'held' | 'released',
  signal: AbortSignal,
): Promise<void> {
  let late = false;
  const cancel = (): void => call.cancel();
  const timer = setTimeout(() => {
    late = true;
    cancel();
  }, stepLimitMs);
  signal.addEventListener('abort', cancel, { once: true });
  if (signal.aborted) cancel();
  try {
    const next = await replies.next();
    if (next.done !== true && next.value.reply === wanted) return;
    throw noAnswer(shard, `its agent did not say that the mark was ${wanted}`);
  } catch (error) {
    throw late ? noAnswer(shard, `its agent did not answer within ${stepLimitMs / 1000} s`) : error;
  } finally {
    clearTimeout(timer);
    signal.removeEventListener('abort', cancel);
  }
}

function noAnswer(shard: string, cause: string): TidemarkError {
  return new TidemarkError({
    code: 'agent-unreachable',
    operation: 'tell the shards apart',
    subject: shard,
    cause,
  });
}

function twins(shards: readonly Marked[]): NotApart[] {
  return shards.flatMap((shard, index) => {
    const twin = shards
      .slice(0, index)
      .find((earlier) => shard.seen.includes(earlier.mark) || earlier.seen.includes(shard.mark));
    return twin === undefined ? [] : [{ shard: shard.of.shard, error: sameServer(shard.of, twin.of) }];
  });
}

function sameServer({ shard, server }: ServerOfShard, twin: ServerOfShard): TidemarkError {
  return new TidemarkError({
    code: 'agent-mismatch',
    operation: 'tell the shards apart',
    subject: `${twin.shard} and ${shard}`,
    cause: `both agents are connected to the same server (${server.identity}): a mark that one set on it, the other saw`,
    remedy:
      'Give every shard a server of its own; correct host and port in the agent files or the addresses in the topology.',
  });
}

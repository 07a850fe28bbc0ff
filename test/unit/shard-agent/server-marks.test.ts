import { expect, test } from 'vitest';
import type { AgentCall, AgentClient } from '../../../proto/channel.ts';
import type { MarkReply__Output as MarkReply } from '../../../proto/gen/tidemark/v1/MarkReply.ts';
import type { MarkRequest } from '../../../proto/gen/tidemark/v1/MarkRequest.ts';
import { ServerMarks } from '../../../shard-agent/server-marks.ts';
import { contextOf, openAgent } from './agent-fixture.ts';
import { FakeEngine } from './fake-engine.ts';
import { FakeServer } from './fake-server.ts';

const mark = '0123456789abcdef';

interface MarkTalk {
  readonly call: AgentCall<MarkRequest, MarkReply>;
  readonly replies: AsyncIterator<MarkReply>;
}

async function hold(client: AgentClient, name = mark): Promise<MarkTalk> {
  const call = client.mark();
  const replies = call[Symbol.asyncIterator]();
  call.send({ context: contextOf(0, { set: '' }), mark: name });
  expect((await replies.next()).value).toMatchObject({ reply: 'held' });
  return { call, replies };
}

test('a mark is held until the coordinator ends its side, and its end is proved', async () => {
  const { client, server } = await openAgent();
  const { call, replies } = await hold(client);
  const context = contextOf(0, { set: '' });
  expect(await client.seeMarks({ context, marks: [mark, 'fedcba9876543210'] })).toEqual({ seen: [mark] });
  call.finish();
  expect((await replies.next()).value).toMatchObject({ reply: 'released' });
  expect(await replies.next()).toMatchObject({ done: true });
  expect(server.marks.size).toBe(0);
});

test('a mark is off when the call breaks, and when the agent leaves', async () => {
  const { agent, client, server } = await openAgent();
  const { call } = await hold(client);
  call.cancel();
  await expect.poll(() => server.marks.size).toBe(0);
  const held = await hold(client);
  await agent.leave();
  await expect(held.replies.next()).rejects.toMatchObject({ code: 'agent-unreachable' });
  expect(server.marks.size).toBe(0);
});

test('a coordinator that never ends its side does not keep the mark', async () => {
  const server = new FakeServer('7');
  const marks = new ServerMarks(new FakeEngine(server), 20);
  const replies: unknown[] = [];
  const silent = {
    send: (reply: unknown) => replies.push(reply),
    congested: false,
    broken: new AbortController().signal,
    [Symbol.asyncIterator]: () => ({ next: () => new Promise<never>(() => undefined) }),
  };
  await expect(marks.hold(mark, silent)).rejects.toMatchObject({ code: 'agent-unreachable' });
  expect(replies).toEqual([{ held: {} }]);
  expect(server.marks.size).toBe(0);
});

test('an agent holds eight marks and no more', async () => {
  const { client } = await openAgent();
  const talks = await Promise.all(Array.from({ length: 8 }, (_, n) => hold(client, `${n}`.repeat(16))));
  await expect(hold(client)).rejects.toMatchObject({ code: 'agent-busy' });
  for (const { call, replies } of talks) {
    call.finish();
    await replies.next();
  }
  const { call, replies } = await hold(client);
  call.finish();
  await replies.next();
});

test.each(["'); DROP TABLE x; --", '', '0123456789abcdeg', '0123456789abcdef0'])(
  '%j is not taken for a mark',
  async (name) => {
    const { client } = await openAgent();
    await expect(hold(client, name)).rejects.toMatchObject({ code: 'internal' });
    const context = contextOf(0, { set: '' });
    await expect(client.seeMarks({ context, marks: [name] })).rejects.toMatchObject({ code: 'internal' });
  },
);

import { expect, test, onTestFinished } from 'vitest';
import { connectAgent, serveAgent, type AgentImplementation } from '../../../proto/channel.ts';
import { services } from '../../../proto/contract.ts';
import { credentials, type ServiceError } from '@grpc/grpc-js';
import { TidemarkError } from '../../../proto/errors.ts';
import { refusingAgent } from './refusing-agent.ts';

async function open(parts: Partial<AgentImplementation>) {
  const implementation: AgentImplementation = {
    ...refusingAgent,
    ...parts,
  };
  const server = await serveAgent('127.0.0.1:0', { kind: 'default' }, implementation);
  const client = connectAgent(server.address, { kind: 'default' });
  onTestFinished(async () => {
    client.close();
    await server.close(0);
  });
  return { server, client };
}

test('an error of the agent arrives whole, with its code, subject, cause and remedy', async () => {
  const sent = new TidemarkError({
    code: 'agent-busy',
    operation: 'prepare the backup',
    subject: 'shop-00: Größe',
    cause: 'a copy of 20261120T083012Z-full is running',
    remedy: 'Wait.',
  });
  const { client } = await open({ describe: () => Promise.reject(sent) });
  const failure = await client.describe({}).catch((error: unknown) => error);
  expect(failure).toBeInstanceOf(TidemarkError);
  expect((failure as TidemarkError).toJSON()).toEqual(sent.toJSON());
});

test('an error too long for a trailer is shortened and still arrives', async () => {
  const { client } = await open({
    describe: () =>
      Promise.reject(
        new TidemarkError({
          code: 'database-failed',
          operation: 'ask',
          subject: 's',
          cause: 'x'.repeat(100_000),
        }),
      ),
  });
  await expect(client.describe({})).rejects.toMatchObject({ code: 'database-failed' });
});

test('a defect of the agent is internal, never a success', async () => {
  const { client } = await open({ describe: () => Promise.reject(new TypeError('boom')) });
  await expect(client.describe({})).rejects.toMatchObject({ code: 'internal', reason: 'boom' });
});

test('nobody listening is agent-unreachable, and so is an answer that never comes', async () => {
  const { client, server } = await open({ describe: () => new Promise(() => {}) });
  await expect(client.describe({}, { deadlineMs: 50 })).rejects.toMatchObject({ code: 'agent-unreachable' });
  await server.close(0);
  await expect(client.describe({})).rejects.toMatchObject({ code: 'agent-unreachable' });
});

test('messages of a two-way call arrive in order both ways, the last ones before the error', async () => {
  const { client } = await open({
    barrier: async (call) => {
      for await (const request of call) {
        const attempt = request.freeze?.attempt ?? 0;
        if (attempt === 300) {
          call.send({ thawed: { attempt, holdMs: 1.5 } });
          throw new TidemarkError({ code: 'snapshot-lost', operation: 'cut', subject: 's', cause: 'gone' });
        }
        call.send({ frozen: { attempt, lockMs: 0.5 } });
      }
    },
  });
  const call = client.barrier();
  for (let attempt = 1; attempt <= 300; attempt += 1) call.send({ freeze: { attempt, drainMs: 5 } });
  const seen: (string | undefined)[] = [];
  const read = async () => {
    for await (const reply of call) seen.push(reply.frozen ? `frozen ${reply.frozen.attempt}` : reply.reply);
  };
  await expect(read()).rejects.toMatchObject({ code: 'snapshot-lost' });
  expect(seen).toEqual([...Array.from({ length: 299 }, (_, n) => `frozen ${n + 1}`), 'thawed']);
});

test('a client that goes away breaks the call on the agent', async () => {
  const { promise, resolve } = Promise.withResolvers<unknown>();
  const { client } = await open({
    barrier: async (call) => {
      call.send({ probed: { blockers: [] } });
      try {
        for await (const _ of call);
        resolve('ended');
      } catch (error) {
        resolve([call.broken.aborted, (error as TidemarkError).code]);
      }
    },
  });
  const call = client.barrier();
  call.send({ probe: {} });
  for await (const _ of call) break;
  expect(await promise).toEqual([true, 'agent-unreachable']);
});

test('a call that the handler ends is not broken', async () => {
  const { promise, resolve } = Promise.withResolvers<AbortSignal>();
  const { client } = await open({
    copy: (_, replies) => {
      resolve(replies.broken);
      replies.send({ progress: { phase: 'data' } });
      return Promise.resolve();
    },
  });
  let count = 0;
  for await (const _ of client.copy({})) count += 1;
  expect(count).toBe(1);
  await client.describe({}).catch(() => undefined);
  expect((await promise).aborted).toBe(false);
});

test('a message over 4 MiB is refused on the way', async () => {
  const { client } = await open({ describe: () => Promise.resolve({ shard: 'x'.repeat(5 * 1024 * 1024) }) });
  await expect(client.describe({})).rejects.toMatchObject({ code: 'internal' });
});

test('plain text is refused off loopback on both sides unless the file says so', async () => {
  expect(() => connectAgent('db00.internal:7420', { kind: 'default' })).toThrow(/no TLS is configured/);
  await expect(serveAgent('0.0.0.0:0', { kind: 'default' }, {} as AgentImplementation)).rejects.toThrow(
    /no TLS/,
  );
  connectAgent('db00.internal:7420', { kind: 'plaintext' }).close();
  for (const loopback of ['localhost:1', '127.9.0.1:1', '[::1]:1'])
    connectAgent(loopback, { kind: 'default' }).close();
});

test('health says SERVING for the agent, NOT_FOUND for a stranger, and a watcher hears of the end', async () => {
  const { server } = await open({});
  const health = new services.health(server.address, credentials.createInsecure());
  onTestFinished(() => health.close());
  const check = (service: string) =>
    new Promise((resolve) => {
      health.check({ service }, (error: ServiceError | null, reply) => resolve(error?.code ?? reply?.status));
    });
  expect(await check('')).toBe('SERVING');
  expect(await check('tidemark.v1.ShardAgent')).toBe('SERVING');
  expect(await check('other')).toBe(5);
  const seen: string[] = [];
  for await (const reply of health.watch({ service: '' })) {
    seen.push((reply as { status: string }).status);
    if (seen.length === 1) void server.close();
  }
  expect(seen).toEqual(['SERVING', 'NOT_SERVING']);
});

import { connect, createServer, type AddressInfo, type Socket } from 'node:net';
import { once } from 'node:events';
import { expect, onTestFinished, test } from 'vitest';
import { connectAgent, serveAgent, type AgentImplementation } from '../../../proto/channel.ts';

const refuse = () => Promise.reject(new Error('not part of this test'));
const nothing: AgentImplementation = {
  describe: () => Promise.resolve({ shard: 'shop-00' }),
  check: refuse,
  abort: refuse,
  fit: refuse,
  barrier: refuse,
  copy: refuse,
  restore: refuse,
  verify: refuse,
};

/** A wire that can be cut so that neither side is told: connections stay open and nothing passes. */
async function silentWire(to: string) {
  const [host = '', port = ''] = to.split(':');
  const sockets: Socket[] = [];
  const wire = createServer((near) => {
    const far = connect(Number(port), host);
    sockets.push(near, far);
    for (const socket of [near, far]) socket.on('error', () => undefined);
    near.pipe(far);
    far.pipe(near);
  });
  wire.listen(0, '127.0.0.1');
  await once(wire, 'listening');
  onTestFinished(() => {
    for (const socket of sockets) socket.destroy();
    wire.close();
  });
  return {
    address: `127.0.0.1:${(wire.address() as AddressInfo).port}`,
    fallSilent: () => {
      for (const socket of sockets) socket.unpipe();
    },
  };
}

test('a peer that freezes without closing anything breaks the call on both sides within six seconds', async () => {
  const { promise: brokenOnAgent, resolve } = Promise.withResolvers<void>();
  const server = await serveAgent(
    '127.0.0.1:0',
    { kind: 'default' },
    {
      ...nothing,
      barrier: async (call) => {
        call.broken.addEventListener('abort', () => resolve());
        call.send({ probed: { blockers: [] } });
        for await (const _ of call);
      },
    },
  );
  const wire = await silentWire(server.address);
  const client = connectAgent(wire.address, { kind: 'default' });
  onTestFinished(async () => {
    client.close();
    await server.close(0);
  });
  const replies = client.barrier()[Symbol.asyncIterator]();
  await replies.next();
  wire.fallSilent();
  const silentAtMs = performance.now();
  const brokenHere = replies.next().catch((error: unknown) => error);
  await brokenOnAgent;
  expect(await brokenHere).toMatchObject({ code: 'agent-unreachable' });
  expect(performance.now() - silentAtMs).toBeLessThan(6000);
}, 20_000);

import { connect, createServer, type AddressInfo, type Socket } from 'node:net';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { describe, expect, onTestFinished, test } from 'vitest';
import {
  connectAgent,
  serveAgent,
  type AgentImplementation,
  type Transport,
} from '../../../proto/channel.ts';
import { refusingAgent } from './refusing-agent.ts';
const nothing: AgentImplementation = {
  ...refusingAgent,
  describe: () => Promise.resolve({ shard: 'shop-00' }),
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

const pem = (name: string) => fileURLToPath(new URL(`./tls/${name}`, import.meta.url));
const tls = (name: string): Transport => ({
  kind: 'tls',
  caPath: pem('authority.crt'),
  certPath: pem(`${name}.crt`),
  keyPath: pem(`${name}.key`),
});

/** A port that takes connections and never answers, and the number of those that are open. */
async function silentPort() {
  const open = new Set<Socket>();
  const port = createServer((socket) => {
    open.add(socket);
    socket.on('error', () => undefined);
    socket.on('close', () => open.delete(socket));
    socket.resume();
  }).listen(0, '127.0.0.1');
  await once(port, 'listening');
  onTestFinished(() => {
    for (const socket of open) socket.destroy();
    port.close();
  });
  return { address: `127.0.0.1:${(port.address() as AddressInfo).port}`, open };
}

describe.each<[string, Transport]>([
  ['plain text', { kind: 'default' }],
  ['TLS', tls('coordinator')],
])('a host that takes connections and never answers (%s)', (_, transport) => {
  test('fails every kind of call within seconds, also those without a limit of their own', async () => {
    const { address } = await silentPort();
    const client = connectAgent(address, transport);
    onTestFinished(() => client.close());
    const first = (replies: AsyncIterable<unknown>) => replies[Symbol.asyncIterator]().next();
    const began = performance.now();
    const calls = [
      client.describe({}),
      first(client.verify({})),
      first(client.copy({})),
      first(client.restore()),
    ];
    for (const outcome of await Promise.allSettled(calls)) {
      expect(outcome).toMatchObject({
        status: 'rejected',
        reason: {
          code: 'agent-unreachable',
          reason: expect.stringContaining('nothing has answered within 5 s'),
        },
      });
    }
    expect(performance.now() - began).toBeLessThan(9_000);
  });

  test('keeps no connection of a client that was closed', async () => {
    const { address, open } = await silentPort();
    const client = connectAgent(address, transport);
    const asked = client.describe({}).catch((error: unknown) => error);
    await expect.poll(() => open.size).toBe(1);
    client.close();
    await expect.poll(() => open.size).toBe(0);
    expect(await asked).toMatchObject({ code: 'agent-unreachable' });
  });
});

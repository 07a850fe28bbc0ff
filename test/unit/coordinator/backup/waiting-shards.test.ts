/** More shards than copy at once: those that wait keep their cut as long as their coordinator is there, and no longer. */
import { once } from 'node:events';
import { createServer, type AddressInfo } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { contextFor } from '../../../../coordinator/agents.ts';
import { copyShards } from '../../../../coordinator/backup/copy-shards.ts';
import { backup } from '../../../../coordinator/backup.ts';
import { verify } from '../../../../coordinator/verify.ts';
import { connectAgent, protocolVersion } from '../../../../proto/channel.ts';
import { openAgent } from '../../shard-agent/agent-fixture.ts';
import type { Wire } from '../agents-in-memory.ts';
import { atStep, expectNothingLeft, openCluster, runOf, statesOf } from '../agents-in-memory.ts';

test('a shard that waits for its turn holds its cut, and the set is sealed', async () => {
  const source = await openCluster({ filled: true, copyShards: 1 });
  const waited: string[][] = [];
  const [first] = source.servers;
  if (first === undefined) throw new Error('no server');
  first.beforeRead = async () => {
    const described = await Promise.all(
      source.fixtures.map(({ client }) =>
        client.describe({ context: { protocolVersion, cluster: 'shop', shard: '', repositoryUrl: '' } }),
      ),
    );
    waited.push(described.map(({ activity }) => activity));
  };
  await backup(runOf(source));
  expect(waited[0]).toEqual(['copying', 'cut', 'cut']);
  expect((await verify(runOf(source), 'latest', { decode: true })).failure).toBeUndefined();
  await expectNothingLeft(source);
});

test('a waiting call that breaks is opened again', async () => {
  const wires: Wire[] = [];
  const source = await openCluster({ filled: true, copyShards: 1, wires });
  let reads = 0;
  const [first] = source.servers;
  if (first === undefined) throw new Error('no server');
  first.beforeRead = async () => {
    reads += 1;
    if (reads === 2) wires[2]?.cut();
    await sleep(30);
  };
  await backup(runOf(source));
  expect(await statesOf(source)).toEqual(['sealed']);
});

test('a waiting agent that was started again fails the set at once, not when its turn comes', async () => {
  const wires: Wire[] = [];
  const source = await openCluster({ filled: true, copyShards: 1, wires });
  const [first, , last] = source.fixtures;
  if (first === undefined || last === undefined) throw new Error('no agent');
  const again = Promise.withResolvers<void>();
  let begun = false;
  let reads = 0;
  first.server.beforeRead = async () => {
    if (!begun) {
      begun = true;
      await last.agent.leave();
      const { agent } = await openAgent({ shard: 'shop-02', store: source.store, server: last.server });
      wires[2]?.redirect(agent.address);
      wires[2]?.cut();
      again.resolve();
    }
    reads += 1;
    await sleep(300);
  };
  const failure = await backup(runOf(source)).catch((error: unknown) => error);
  expect(failure).toMatchObject({ code: 'snapshot-lost', exitCode: 1 });
  expect(String(failure)).toContain('shop-02');
  expect(begun).toBe(true);
  // The first shard had still most of its rows to read.
  expect(reads).toBeLessThan(8);
  expect(source.servers[1]?.openSnapshots).toBe(0);
  await again.promise;
  first.server.beforeRead = () => Promise.resolve();
  expect(await statesOf(source)).toEqual(['unsealed']);
  await expectNothingLeft(source);
});

test('a copy may take longer than a timer can be set to', async () => {
  const source = await openCluster({ filled: true });
  const { copy } = source.topology;
  const topology = { ...source.topology, copy: { ...copy, limitMs: 30 * 24 * 3_600_000 } };
  await backup(runOf({ ...source, topology }));
  expect(await statesOf(source)).toEqual(['sealed']);
});

test('several shards that fail together are all named', async () => {
  const source = await openCluster({ filled: true });
  for (const n of [0, 2]) for (const lane of [0, 1]) source.servers[n]?.deadLanes.add(lane);
  const failure = await backup(runOf(source)).catch((error: unknown) => error);
  expect(failure).toMatchObject({ code: 'snapshot-lost', subject: 'shards shop-00, shop-02' });
  for (const server of source.servers) server.deadLanes.clear();
  await expectNothingLeft(source);
});

test('a lease that cannot be given back takes nothing from a set that was sealed', async () => {
  const source = await openCluster({ filled: true });
  const { store } = source;
  const replace = store.replace.bind(store);
  atStep('coordinator.before-seal', () => {
    store.replace = () => Promise.reject(new Error('the repository is read-only by now'));
  });
  const { document, failure } = await backup(runOf(source));
  store.replace = replace;
  expect([typeof document['id'], failure]).toEqual(['string', undefined]);
  expect(await statesOf(source)).toEqual(['sealed']);
});

test('an agent whose host takes connections and says nothing is given up after the grace period', async () => {
  const frozen = createServer(() => undefined).listen(0, '127.0.0.1');
  await once(frozen, 'listening');
  const { port } = frozen.address() as AddressInfo;
  const client = connectAgent(`127.0.0.1:${port}`, { kind: 'default' });
  const server = { family: 'postgresql', version: '15', identity: 'x', databases: [], bytes: 0 } as const;
  const agent = {
    shard: 'shop-00',
    address: client.address,
    client,
    server,
    tidemarkVersion: '0',
    clockAheadMs: 0,
  };
  const source = await openCluster();
  const copying = copyShards(runOf(source), [agent], () => contextFor('shop', 'memory:', 'shop-00'), 300);
  await expect(copying).rejects.toMatchObject({
    code: 'agent-unreachable',
    reason: expect.stringContaining('nothing was heard of it for 300 ms'),
  });
  client.close();
  frozen.close();
});

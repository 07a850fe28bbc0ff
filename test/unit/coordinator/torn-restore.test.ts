/** What could leave some shards switched and others not, and what is said of it. */
import { expect, test } from 'vitest';
import { abandon } from '../../../coordinator/restore/abandon.ts';
import { restore } from '../../../coordinator/restore.ts';
import { TidemarkError } from '../../../proto/errors.ts';
import type { ObjectStore } from '../../../repository/object-store.ts';
import { MemoryStore } from '../../../repository/stores/memory.ts';
import { BarrierTalk, grantLease, openAgent, prepareOf } from '../shard-agent/agent-fixture.ts';
import type { MemoryCluster, Wire } from './agents-in-memory.ts';
import { atStep, backUp, contentOf, interrupt, isUntouched, openCluster, runOf } from './agents-in-memory.ts';

const optionsFor = (target: MemoryCluster) => ({
  target: target.topology,
  mappings: [],
  globals: false,
  dryRun: false,
});
const failureOf = (run: Promise<unknown>): Promise<unknown> => run.catch((error: unknown) => error);

/** The target's last shard reads `store` instead of the cluster's own. */
async function withLastShardOn(target: MemoryCluster, store: ObjectStore): Promise<MemoryCluster> {
  const fixture = await openAgent({ shard: 'shop-02', store, lease: false });
  const shards = target.topology.shards.map((shard) =>
    shard.name === 'shop-02' ? { ...shard, agent: fixture.agent.address } : shard,
  );
  return {
    ...target,
    topology: { ...target.topology, shards },
    fixtures: [...target.fixtures.slice(0, 2), fixture],
    servers: [...target.servers.slice(0, 2), fixture.server],
  };
}

/** A store that differs from another in some methods. */
function like(store: MemoryStore, other: Partial<ObjectStore>): ObjectStore {
  const methods = ['create', 'replace', 'read', 'readSmall', 'size', 'list', 'listNames', 'delete'] as const;
  const same = Object.fromEntries(
    methods.map((name) => [name, (store[name] as (...args: unknown[]) => unknown).bind(store)]),
  );
  return { url: store.url, ...same, ...other } as unknown as ObjectStore;
}

test('an agent that reads a copy of the repository is refused before anything is decided', async () => {
  const source = await openCluster({ filled: true });
  await backUp(source);
  const copy = new MemoryStore(source.store.url);
  for await (const { key } of source.store.list(''))
    await copy.create(key, (await source.store.readSmall(key)) as Buffer);
  const target = await withLastShardOn(await openCluster({ store: source.store }), copy);
  const failure = await failureOf(restore(runOf(source), 'latest', optionsFor(target)));
  expect(failure).toMatchObject({ code: 'repository-mismatch', exitCode: 2 });
  expect(String(failure)).toContain('another repository');
  expect(target.servers.every(isUntouched)).toBe(true);
});

test('an agent whose answers do not arrive in our repository is refused too', async () => {
  const source = await openCluster({ filled: true });
  await backUp(source);
  const elsewhere = new MemoryStore();
  // It sees what we write; what it writes goes elsewhere.
  const oneWay = like(source.store, { create: (key, body) => elsewhere.create(key, body) });
  const target = await withLastShardOn(await openCluster({ store: source.store }), oneWay);
  const failure = await failureOf(restore(runOf(source), 'latest', optionsFor(target)));
  expect(failure).toMatchObject({ code: 'repository-mismatch' });
  expect(String(failure)).toContain('shop-02');
  expect(target.servers.every(isUntouched)).toBe(true);
});

test('a shard that undid its part after all is no success: every shard stays closed until the restore is given up', async () => {
  const source = await openCluster({ filled: true });
  await backUp(source);
  const elsewhere = new MemoryStore();
  // From the decision on, this agent sees another repository.
  const moved = like(source.store, {
    create: (key, body) => (key.endsWith('/decision.json') ? elsewhere : source.store).create(key, body),
    readSmall: (key, limit) =>
      (key.endsWith('/decision.json') ? elsewhere : source.store).readSmall(key, limit),
  });
  const target = await withLastShardOn(await openCluster({ store: source.store }), moved);
  const { failure, document, text } = await restore(runOf(source), 'latest', optionsFor(target));
  expect(failure).toMatchObject({ code: 'repository-mismatch', exitCode: 2 });
  expect(failure?.message).toMatch(/shop-02.*not confirmed as switched.*undone its part/);
  expect(text).toContain('not complete');
  expect(document).toMatchObject({ dryRun: false });
  expect(target.servers.map(({ databases }) => databases.size)).toEqual([0, 0, 0]);
  // The others wait for the third, and say so, until somebody gives the restore up.
  const id = String(document['restore']);
  expect(failure?.remedy).toContain(`--abandon ${id}`);
  const given = await abandon({ ...runOf(source), topology: target.topology }, id);
  expect(given.failure).toBeUndefined();
  expect(target.servers.every(isUntouched)).toBe(true);
});

test('a restore that is complete, and one that nobody knows, cannot be given up', async () => {
  const source = await openCluster({ filled: true });
  await backUp(source);
  const target = await openCluster({ store: source.store });
  const { document } = await restore(runOf(source), 'latest', optionsFor(target));
  const run = { ...runOf(source), topology: target.topology };
  expect(await failureOf(abandon(run, String(document['restore'])))).toMatchObject({ exitCode: 6 });
  expect(await failureOf(abandon(run, 'r0'))).toMatchObject({ code: 'restore-unknown', exitCode: 2 });
  expect(target.servers.map(contentOf)).toEqual(source.servers.map(contentOf));
});

test('a table that is made while the set is loaded stops the restore before it is decided', async () => {
  const source = await openCluster({ filled: true });
  await backUp(source);
  const target = await openCluster({ store: source.store });
  const [, server] = target.servers;
  if (server === undefined) throw new Error('no server');
  server.beforeClose = () => {
    server.table('shop', 'migrated', ['1']);
    return Promise.resolve();
  };
  const failure = await failureOf(restore(runOf(source), 'latest', optionsFor(target)));
  expect(failure).toMatchObject({ code: 'target-not-empty', exitCode: 6 });
  expect(String(failure)).toContain('shop-01');
  expect(target.servers.map(({ staged }) => staged.size)).toEqual([0, 0, 0]);
  expect(target.servers.map(({ databases }) => databases.size)).toEqual([0, 1, 0]);
});

test('an interruption after the decision does not say that everything was undone', async () => {
  const source = await openCluster({ filled: true });
  await backUp(source);
  const elsewhere = new MemoryStore();
  const moved = like(source.store, {
    create: (key, body) => (key.endsWith('/decision.json') ? elsewhere : source.store).create(key, body),
    readSmall: (key, limit) =>
      (key.endsWith('/decision.json') ? elsewhere : source.store).readSmall(key, limit),
  });
  const target = await withLastShardOn(await openCluster({ store: source.store }), moved);
  const controller = new AbortController();
  atStep('coordinator.restore-decided', () => interrupt(controller));
  const { failure } = await restore(
    runOf(source, { signal: controller.signal }),
    'latest',
    optionsFor(target),
  );
  expect(failure?.exitCode).toBe(2);
  expect(failure?.remedy).not.toContain('undone');
});

test('a shard that failed to load has undone its part, and nothing else is said of it', async () => {
  const source = await openCluster({ filled: true });
  await backUp(source);
  const target = await openCluster({ store: source.store });
  const [, server] = target.servers;
  if (server === undefined) throw new Error('no server');
  server.beforeLoad = () => Promise.reject(new Error('disk full'));
  const failure = await failureOf(restore(runOf(source), 'latest', optionsFor(target)));
  expect(String(failure)).toContain('disk full');
  expect(String(failure)).not.toContain('not confirmed');
  expect(target.servers.every(isUntouched)).toBe(true);
});

test('an agent that is busy with something else has nothing of ours to undo', async () => {
  const source = await openCluster({ filled: true });
  await backUp(source);
  const target = await openCluster({ store: source.store });
  const [, busy] = target.fixtures;
  if (busy === undefined) throw new Error('no agent');
  await grantLease(source.store, 9);
  const context = { ...prepareOf().context, shard: 'shop-01', leaseNumber: 9 };
  const talk = new BarrierTalk(busy.client);
  await talk.ask({ prepare: prepareOf(9, { context }) });
  const startedMs = performance.now();
  const failure = await failureOf(restore(runOf(source), 'latest', optionsFor(target)));
  expect(performance.now() - startedMs).toBeLessThan(10_000);
  expect(failure).toMatchObject({ code: 'agent-busy', exitCode: 5 });
  expect(String(failure)).not.toContain('not confirmed');
  expect(target.servers.every(isUntouched)).toBe(true);
  talk.call.cancel();
});

test('an agent that is gone is named as not confirmed, with what to do about it', async () => {
  const source = await openCluster({ filled: true });
  await backUp(source);
  const wires: Wire[] = [];
  const target = await openCluster({ store: source.store, wires });
  const controller = new AbortController();
  const [, server] = target.servers;
  if (server === undefined) throw new Error('no server');
  server.beforeLoad = () => {
    wires[1]?.redirect('127.0.0.1:1');
    wires[1]?.cut();
    interrupt(controller);
    return Promise.resolve();
  };
  const failure = await failureOf(
    restore(runOf(source, { signal: controller.signal }), 'latest', optionsFor(target)),
  );
  expect(failure).toBeInstanceOf(TidemarkError);
  expect(failure).toMatchObject({ code: 'interrupted' });
  const { reason, remedy } = failure as TidemarkError;
  expect(reason).toContain('not confirmed as undone: shop-01');
  // The table's sentence would say that it was.
  expect(remedy).not.toContain('was undone');
  await expect.poll(() => target.servers.every(isUntouched)).toBe(true);
}, 20_000);

test('what was restored is what was there, also with nonces that cannot be removed', async () => {
  const source = await openCluster({ filled: true });
  await backUp(source);
  const target = await openCluster({ store: source.store });
  const stuck = like(source.store, { delete: () => Promise.reject(new Error('read-only by now')) });
  const run = { ...runOf(source), store: stuck };
  expect((await restore(run, 'latest', optionsFor(target))).failure).toBeUndefined();
  expect(target.servers.map(contentOf)).toEqual(source.servers.map(contentOf));
});

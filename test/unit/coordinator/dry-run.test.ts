/** `restore --dry-run` over gRPC, real agents before servers in memory: all that the real run would fail of before its first row. */
import { expect, test } from 'vitest';
import { restore } from '../../../coordinator/restore.ts';
import type { Outcome } from '../../../coordinator/run.ts';
import { MemoryStore } from '../../../repository/stores/memory.ts';
import { openAgent } from '../shard-agent/agent-fixture.ts';
import { backUp, isUntouched, openCluster, runOf, type MemoryCluster } from './agents-in-memory.ts';
import { ReadOnlyStore } from './read-only-store.ts';
import { keysOf } from './stored-cluster.ts';

const names = ['shop-00', 'shop-01'];

async function dryRun(source: MemoryCluster, target: MemoryCluster['topology'], more = {}): Promise<Outcome> {
  const options = { target, mappings: [], globals: false, dryRun: true, ...more };
  return restore(runOf(source), 'latest', options);
}

async function withSpare(
  source: MemoryCluster,
  store: MemoryStore,
): Promise<{ topology: MemoryCluster['topology']; cluster: MemoryCluster }> {
  const cluster = await openCluster({ store: source.store, names: ['shop-00'] });
  const agent = await openAgent({ shard: 'shop-01', store, lease: false });
  const shards = [...cluster.topology.shards, { name: 'shop-01', agent: agent.agent.address }];
  return { cluster, topology: { ...cluster.topology, shards } };
}

test('a target that cannot write the repository is named, with path and user, and nothing is left there', async () => {
  const source = await openCluster({ names, filled: true });
  await backUp(source);
  const before = await keysOf(source.store);
  const { topology, cluster } = await withSpare(source, new ReadOnlyStore(source.store));
  const dry = await dryRun(source, topology);
  expect(dry.failure).toMatchObject({ code: 'repository-failed', exitCode: 1 });
  expect(dry.failure?.remedy).toMatch(/Let user .* read and write \/srv\/tidemark/);
  expect(dry.document['shards']).toMatchObject([
    { target: 'shop-00', findings: [] },
    { target: 'shop-01', findings: [{ code: 'repository-failed', warning: false }] },
  ]);
  const real = await dryRun(source, topology, { dryRun: false });
  expect(real.failure).toMatchObject({ code: 'repository-failed' });
  expect(cluster.servers.every(isUntouched)).toBe(true);
  expect(await keysOf(source.store)).toEqual(before);
});

test('a repository that we cannot write ourselves is told before anything else', async () => {
  const source = await openCluster({ names, filled: true });
  await backUp(source);
  const target = await openCluster({ store: source.store, names });
  const options = { target: target.topology, mappings: [], globals: false, dryRun: true };
  const run = runOf({ ...source, store: new ReadOnlyStore(source.store) });
  await expect(restore(run, 'latest', options)).rejects.toMatchObject({ code: 'repository-failed' });
});

test('targets that get nothing are named', async () => {
  const source = await openCluster({ names, filled: true });
  await backUp(source);
  const target = await openCluster({
    store: source.store,
    names: ['shop-00', 'shop-01', 'spare-00', 'spare-01'],
  });
  const dry = await dryRun(source, target.topology, { mappings: [['shop-01', 'spare-01']] });
  expect(dry.failure).toBeUndefined();
  expect(dry.document['untouched']).toEqual(['shop-01', 'spare-00']);
  expect(dry.text).toContain('nothing is restored to shop-01, spare-00: ');
  const all = await dryRun(source, { ...target.topology, shards: target.topology.shards.slice(0, 2) });
  expect(all.document['untouched']).toEqual([]);
  expect(all.text).not.toContain('nothing is restored to');
});

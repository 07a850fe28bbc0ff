/** A shard of very many tables and chunks: read in bounded memory, and asked about with a bounded answer. */
import { expect, test } from 'vitest';
import { openAgents } from '../../../../coordinator/agents.ts';
import { fitDeadlineMs, planRestore } from '../../../../coordinator/restore/plan-restore.ts';
import { readCatalogue } from '../../../../coordinator/restore/stored-catalogue.ts';
import { chunkKey, manifestKey } from '../../../../repository/layout.ts';
import { manifestFormat } from '../../../../repository/manifest-entries.ts';
import { ManifestWriter } from '../../../../repository/manifest.ts';
import type { ObjectStore } from '../../../../repository/object-store.ts';
import type { SealBody } from '../../../../repository/seal.ts';
import { MemoryStore } from '../../../../repository/stores/memory.ts';
import { openCluster, runOf } from '../agents-in-memory.ts';
import { cluster, position, set } from '../stored-cluster.ts';

const tables = 4_000;
const chunksOfTable = 15;

/** What a seal says of one shard whose small chunks all share one object. */
async function writeLargeShard(store: ObjectStore, shard: string): Promise<SealBody> {
  const key = manifestKey(cluster, set, shard);
  const writer = ManifestWriter.open(store, key);
  await writer.write({
    kind: 'shard',
    format: manifestFormat,
    cluster,
    set,
    shard,
    family: 'postgresql',
    version: '15.18',
    identity: 'i',
    position: position(shard),
    engine: {},
  });
  await writer.write({ kind: 'database', name: 'shop', sourceBytes: 1, engine: {} });
  const names = { database: 'shop', schema: 'public' };
  const object = chunkKey(cluster, set, shard, { ...names, name: 'all' }, '0', 'copy');
  const { sha256 } = await store.create(object, new Uint8Array(tables * chunksOfTable));
  for (let table = 0; table < tables; table++) {
    const columns = Array.from({ length: 20 }, (_, n) => `column_${n}`);
    const name = `table_${table}`;
    await writer.write({ kind: 'table', table, ...names, name, format: 'copy', columns, engine: {} });
  }
  for (let n = 0; n < tables * chunksOfTable; n++) {
    const chunk = { kind: 'chunk', table: n % tables, rows: 1, rawBytes: 1, rawSha256: sha256 } as const;
    await writer.write({ ...chunk, object, offset: n, length: 1, sha256, range: { from: n } });
  }
  const { ref: manifest, sums } = await writer.finish();
  // Of a seal, all that is read here.
  return { cluster, set, shards: [{ name: shard, manifest, sums }] } as unknown as SealBody;
}

test('of 4,000 tables and 60,000 chunks', async () => {
  const store = new MemoryStore('memory:');
  const target = await openCluster({ store, names: ['shop-00'] });
  const [fixture] = target.fixtures;
  if (fixture === undefined) throw new Error('no agent');
  const seal = await writeLargeShard(store, 'shop-00');
  const key = seal.shards[0]?.manifest.key;

  let reads = 0;
  const read = store.read.bind(store);
  store.read = (...args) => {
    if (args[0] === key) reads += 1;
    return read(...args);
  };
  const catalogue = await readCatalogue(store, seal);
  expect([...catalogue.databases]).toEqual([['shop-00', ['shop']]]);
  // Once for its digest, once for its lines.
  expect(reads).toBe(2);

  fixture.engine.fit = (stored) =>
    Promise.resolve(
      stored.tables.map(({ name }) => ({
        code: 'does-not-fit' as const,
        subject: name,
        cause: 'x'.repeat(10_000),
        remedy: 'y'.repeat(10_000),
        warning: true,
      })),
    );
  const run = runOf(target);
  const { agents, close } = await openAgents(run.topology, run.topology.shards, run.signal);
  const pairs = run.topology.shards.map((shard) => ({ source: shard.name, target: shard }));
  const options = { target: run.topology, globals: false };
  const plan = await planRestore(run, options, seal, catalogue, pairs, agents);
  expect(plan.shards[0]?.findings).toHaveLength(201);
  expect(plan.shards[0]?.findings.at(-1)?.subject).toBe(`and ${tables - 200} more`);
  close();
}, 60_000);

test('an agent has the longer for its answer the larger the manifest is', () => {
  expect(fitDeadlineMs(1000)).toBe(120_001);
  expect(fitDeadlineMs(200_000_000)).toBe(320_000);
});

import { describe, expect, test } from 'vitest';
import type { BadObject } from '../../../coordinator/verify/objects.ts';
import { verify } from '../../../coordinator/verify.ts';
import {
  chunkKey,
  cutKey,
  intentKey,
  manifestKey,
  schemaKey,
  sealKey,
  setPrefix,
} from '../../../repository/layout.ts';
import { MemoryStore } from '../../../repository/stores/memory.ts';
import {
  cluster,
  damageObject,
  damages,
  keysOf,
  runOver,
  set,
  swapObjects,
  writeSet,
} from './stored-cluster.ts';

const table = { database: 'shop', schema: 'public', name: 'accounts' };
const chunk = (shard: string, n: number) => chunkKey(cluster, set, shard, table, `${n}`, 'copy');

async function stored(): Promise<MemoryStore> {
  const store = new MemoryStore();
  await writeSet(store);
  return store;
}

async function badObjects(store: MemoryStore): Promise<string[]> {
  const { document, failure } = await verify(runOver(store), set, { decode: false });
  const bad = document['bad'] as BadObject[];
  expect(failure?.exitCode).toBe(bad.length === 0 ? undefined : 4);
  for (const { object } of bad.slice(0, 10)) expect(failure?.reason).toContain(object);
  return bad.map(({ object }) => object);
}

test('a set as it was sealed is good, and every object counts', async () => {
  const store = await stored();
  const { document, failure } = await verify(runOver(store), 'latest', { decode: false });
  expect(failure).toBeUndefined();
  // Everything but the seal itself is under a digest: intent, cut, and for each shard a manifest, a schema and three chunks.
  expect(document).toMatchObject({ id: set, ok: true, objects: 12, bad: [], unnamed: [] });
});

const kinds = {
  intent: intentKey(cluster, set),
  cut: cutKey(cluster, set),
  manifest: manifestKey(cluster, set, 'shop-01'),
  schema: schemaKey(cluster, set, 'shop-01', 'shop', 'archive.dump'),
  chunk: chunk('shop-01', 1),
};

describe.each(Object.entries(kinds))('%s', (_, key) => {
  test.each(damages)('$name is found and named', async ({ damage }) => {
    const store = await stored();
    await damageObject(store, key, damage);
    expect(await badObjects(store)).toEqual([key]);
  });
});

test.each(damages.filter(({ name }) => name !== 'removed'))(
  'a seal $name is the one bad object',
  async ({ damage }) => {
    const store = await stored();
    await damageObject(store, sealKey(cluster, set), damage);
    expect(await badObjects(store)).toEqual([sealKey(cluster, set)]);
  },
);

test('a removed seal leaves no backup', async () => {
  const store = await stored();
  await store.delete(sealKey(cluster, set));
  await expect(verify(runOver(store), set, { decode: false })).rejects.toMatchObject({
    code: 'not-sealed',
    exitCode: 6,
  });
});

test.each([
  ['chunks of one shard', chunk('shop-00', 0), chunk('shop-00', 2)],
  ['the same chunk of two shards', chunk('shop-00', 1), chunk('shop-01', 1)],
  ['manifests', manifestKey(cluster, set, 'shop-00'), manifestKey(cluster, set, 'shop-01')],
])('swapped %s are both named', async (_, one, other) => {
  const store = await stored();
  await swapObjects(store, one, other);
  expect((await badObjects(store)).toSorted()).toEqual([one, other].toSorted());
});

test('every bad object is reported, not only the first', async () => {
  const store = await stored();
  const all = [chunk('shop-00', 0), chunk('shop-00', 2), chunk('shop-01', 1), kinds.cut];
  for (const key of all) await damageObject(store, key, (bytes) => bytes.subarray(1));
  expect((await badObjects(store)).toSorted()).toEqual(all.toSorted());
});

test('objects that nothing names are warnings', async () => {
  const store = await stored();
  const strangers = [
    `${setPrefix(cluster, set)}note`,
    chunk('shop-00', 7),
    `${setPrefix(cluster, set)}shards/shop-09/x`,
  ];
  for (const key of strangers) await store.create(key, Buffer.from('x'));
  const { document, failure } = await verify(runOver(store), set, { decode: false });
  expect(failure).toBeUndefined();
  expect((document['unnamed'] as string[]).toSorted()).toEqual(strangers.toSorted());
});

test('an interruption ends it', async () => {
  const store = await stored();
  const reason = new Error('SIGINT');
  const signal = AbortSignal.abort(reason);
  await expect(verify(runOver(store, { signal }), set, { decode: false })).rejects.toThrow('SIGINT');
});

test('names no set that is not there', async () => {
  const store = await stored();
  const before = await keysOf(store);
  await expect(verify(runOver(store), '20261120T083013Z-full', { decode: false })).rejects.toMatchObject({
    code: 'set-unknown',
  });
  await expect(verify(runOver(store), '../../etc', { decode: false })).rejects.toMatchObject({
    code: 'set-unknown',
  });
  expect(await keysOf(store)).toEqual(before);
});

test('names so many objects and counts the rest, however many there are', async () => {
  const store = await stored();
  for (let n = 0; n < 10_003; n += 1)
    await store.create(`${setPrefix(cluster, set)}stray/${n}`, Buffer.from('x'));
  const { document, failure } = await verify(runOver(store), set, { decode: false });
  expect(failure).toBeUndefined();
  expect(document).toMatchObject({ ok: true, more: 3 });
  expect(document['unnamed']).toHaveLength(10_000);
});

import { expect, test } from 'vitest';
import {
  latestSealed,
  listSets,
  readCut,
  readIntent,
  readSealedSet,
  setIds,
  type StoredSet,
  writeIntent,
} from '../../../repository/backup-set.ts';
import { cutKey, intentKey, sealKey } from '../../../repository/layout.ts';
import type { ObjectStore } from '../../../repository/object-store.ts';
import { abandonSet } from '../../../repository/seal.ts';
import { MemoryStore } from '../../../repository/stores/memory.ts';
import { cluster, cut, flipped, intent, sealedSet, set, stored, unsealedSet } from './fixtures.ts';
import { expectFailure } from './object-store.conformance.ts';

const by = { leaseNumber: 4, operation: 'backup', host: 'ops', at: '2026-11-20T09:00:00.000Z' };

test('intent and cut are read back', async () => {
  const store = new MemoryStore();
  expect(await readIntent(store, cluster, set)).toBeUndefined();
  expect(await readCut(store, cluster, set)).toBeUndefined();
  const body = await sealedSet(store);
  expect(await readIntent(store, cluster, set, body.intent)).toEqual(intent);
  expect(await readCut(store, cluster, set, body.cut)).toEqual(cut);
  expect(await readSealedSet(store, cluster, set)).toEqual(body);
});

test('a second backup cannot begin the same set', async () => {
  const store = new MemoryStore();
  await writeIntent(store, intent);
  await writeIntent(store, intent);
  await expectFailure(writeIntent(store, { ...intent, leaseNumber: 9 }), 'object-conflict', 'intent.json');
});

test.each([
  ['intent', intentKey(cluster, set)],
  ['cut', cutKey(cluster, set)],
])('any turned bit, a cut, and the absence of the %s of a sealed set are bad bytes', async (_, key) => {
  const store = new MemoryStore();
  await sealedSet(store);
  const bytes = await stored(store, key);
  for (let at = 0; at < bytes.length; at++) {
    await store.replace(key, flipped(bytes, at, at % 8));
    await expectFailure(readSealedSet(store, cluster, set), 'bad-bytes', key);
  }
  await store.replace(key, bytes.subarray(0, -1));
  await expectFailure(readSealedSet(store, cluster, set), 'bad-bytes', key);
  await store.delete(key);
  await expectFailure(readSealedSet(store, cluster, set), 'bad-bytes', key);
  await store.replace(key, bytes);
  await readSealedSet(store, cluster, set);
});

test("another set's intent in the place of this one's is bad bytes even without a seal", async () => {
  const store = new MemoryStore();
  await sealedSet(store);
  const later = '20261121T083012Z-full';
  await store.create(intentKey(cluster, later), await stored(store, intentKey(cluster, set)));
  await expectFailure(readIntent(store, cluster, later), 'bad-bytes', later);
});

test('only a sealed set can be opened', async () => {
  const store = new MemoryStore();
  await expectFailure(readSealedSet(store, cluster, set), 'set-unknown', set);
  await expectFailure(readSealedSet(store, cluster, '../../etc'), 'set-unknown');
  await unsealedSet(store);
  await expectFailure(readSealedSet(store, cluster, set), 'not-sealed', set);
  await abandonSet(store, cluster, set, by);
  const error = await expectFailure(readSealedSet(store, cluster, set), 'not-sealed', set);
  expect(error.reason).toContain('abandoned by backup on ops');
});

test('every set is listed with its state, oldest first; the newest sealed one is found', async () => {
  const store = new MemoryStore();
  const body = await sealedSet(store);
  const abandonedSet = '20261121T083012Z-full';
  const begun = '20261122T083012Z-full';
  await abandonSet(store, cluster, abandonedSet, by);
  await writeIntent(store, { ...intent, set: begun });
  await store.create('shop/sets/notes/x', Buffer.from('not a set'));
  expect(await all(store)).toEqual([
    { id: set, state: 'sealed', seal: body },
    { id: abandonedSet, state: 'abandoned', by },
    { id: begun, state: 'unsealed' },
  ]);
  expect(await setIds(store, cluster)).toEqual([set, abandonedSet, begun]);
  expect(await latestSealed(store, cluster)).toEqual(body);
  expect(await latestSealed(store, 'other')).toBeUndefined();
});

test('a damaged seal is listed as such, and `latest` does not pass over it silently', async () => {
  const store = new MemoryStore();
  const body = await sealedSet(store);
  const later = '20261121T083012Z-full';
  await store.create(sealKey(cluster, later), Buffer.from('{}\n'));
  expect((await all(store)).map(({ id, state }) => [id, state])).toEqual([
    [set, 'sealed'],
    [later, 'damaged'],
  ]);
  const error = await expectFailure(latestSealed(store, cluster), 'bad-bytes', later);
  expect(error.remedy).toContain('older set');
  expect(await readSealedSet(store, cluster, set)).toEqual(body);
});

async function all(store: ObjectStore): Promise<StoredSet[]> {
  return Array.fromAsync(listSets(store, cluster));
}

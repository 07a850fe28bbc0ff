import fc from 'fast-check';
import { expect, test } from 'vitest';
import { TidemarkError } from '../../../proto/errors.ts';
import { manifestKey, sealKey } from '../../../repository/layout.ts';
import { abandonSet, readSeal, type SealBody, sealSet } from '../../../repository/seal.ts';
import { MemoryStore } from '../../../repository/stores/memory.ts';
import { changedCode, cluster, flipped, sealedSet, set, sha256, stored, unsealedSet } from './fixtures.ts';
import { expectFailure } from './object-store.conformance.ts';

const key = sealKey(cluster, set);
const by = { leaseNumber: 4, operation: 'backup', host: 'ops', at: '2026-11-20T09:00:00.000Z' };

test('what is sealed is read back; sealing it again with the same body succeeds', async () => {
  const store = new MemoryStore();
  expect(await readSeal(store, cluster, set)).toBeUndefined();
  const body = await sealedSet(store);
  expect(await readSeal(store, cluster, set)).toEqual({ state: 'sealed', body });
  await sealSet(store, body);
});

test('a person can read the seal, and check its digest with ordinary tools', async () => {
  const store = new MemoryStore();
  await sealedSet(store);
  const text = String(await stored(store, key));
  expect(text).toContain('\n    "cluster": "shop",\n');
  const json = JSON.parse(text) as { body: unknown; sha256: string };
  expect(sha256(JSON.stringify(json.body))).toBe(json.sha256);
});

test('any turned bit of a seal is bad bytes', async () => {
  const store = new MemoryStore();
  await sealedSet(store);
  const bytes = await stored(store, key);
  for (let at = 0; at < bytes.length; at++) {
    const changed = flipped(bytes, at, at % 8);
    await store.replace(key, changed);
    await expectFailure(readSeal(store, cluster, set), changedCode(changed), key);
  }
});

test('any other change of a seal is bad bytes', async () => {
  const store = new MemoryStore();
  await sealedSet(store);
  const bytes = await stored(store, key);
  await fc.assert(
    fc.asyncProperty(
      fc.nat(bytes.length),
      fc.nat(12),
      fc.uint8Array({ maxLength: 12 }),
      async (at, removed, inserted) => {
        const changed = Buffer.concat([bytes.subarray(0, at), inserted, bytes.subarray(at + removed)]);
        fc.pre(!changed.equals(bytes));
        await store.replace(key, changed);
        const error = await readSeal(store, cluster, set).catch((thrown: unknown) => thrown);
        expect(['bad-bytes', 'newer-format']).toContain((error as TidemarkError).code);
      },
    ),
    { numRuns: 500 },
  );
});

test.each<[string, (text: string) => string]>([
  ['spaces', (text) => text.replace('": ', '":  ')],
  ['a missing newline', (text) => text.trimEnd()],
  ['a byte order mark', (text) => `\ufeff${text}`],
  ['an escaped letter', (text) => text.replace('"shop"', '"\\u0073hop"')],
  ['a repeated field', (text) => text.replace('"type": "full"', '"type": "full",\n    "type": "full"')],
  ['another field', (text) => text.replace('"type": "full"', '"type": "full",\n    "__proto__": {}')],
  ['another way to write a number', (text) => text.replace('"attempts": 2', '"attempts": 2.0')],
  ['a signature', (text) => text.replace('"signatures": []', '"signatures": ["x"]')],
  ['nothing left', () => ''],
])('a seal with %s is bad bytes', async (_, change) => {
  const store = new MemoryStore();
  await sealedSet(store);
  const text = String(await stored(store, key));
  expect(change(text)).not.toBe(text);
  await store.replace(key, Buffer.from(change(text)));
  await expectFailure(readSeal(store, cluster, set), 'bad-bytes', key);
});

test('a seal that was changed together with its digest, but contradicts itself, is bad bytes', async () => {
  const store = new MemoryStore();
  const body = await sealedSet(store);
  const forge = async (changed: SealBody): Promise<void> => {
    const forged = {
      format: 'tidemark-seal-1',
      body: changed,
      sha256: sha256(JSON.stringify(changed)),
      signatures: [],
    };
    await store.replace(key, Buffer.from(`${JSON.stringify(forged, null, 2)}\n`));
  };
  await forge(body);
  expect(await readSeal(store, cluster, set)).toMatchObject({ state: 'sealed' });
  await forge({ ...body, sums: { ...body.sums, rows: body.sums.rows + 1 } });
  await expectFailure(readSeal(store, cluster, set), 'bad-bytes', key);
});

test('a seal copied under another set or cluster is bad bytes', async () => {
  const store = new MemoryStore();
  await sealedSet(store);
  const bytes = await stored(store, key);
  const later = '20261121T083012Z-full';
  await store.create(sealKey(cluster, later), bytes);
  await store.create(sealKey('bank', set), bytes);
  expect((await expectFailure(readSeal(store, cluster, later), 'bad-bytes')).reason).toContain(set);
  await expectFailure(readSeal(store, 'bank', set), 'bad-bytes');
});

test.each<[string, (body: SealBody) => SealBody, RegExp]>([
  ['sums', (body) => ({ ...body, sums: { ...body.sums, storedBytes: 1 } }), /storedBytes 1151 instead of 1/],
  ['a shard twice', (body) => ({ ...body, shards: [...body.shards, ...body.shards] }), /twice/],
  ['the type', (body) => ({ ...body, type: 'incr' }), /type incr/],
  [
    "another set's manifest",
    (body) => changeManifest(body, { key: manifestKey(cluster, '20261119T083012Z-full', 'shop-00') }),
    /as its manifest/,
  ],
  ['the size of a manifest', (body) => changeManifest(body, { size: 1 }), /not 1/],
])('a set is not sealed with wrong %s', async (_, change, reason) => {
  const store = new MemoryStore();
  const body = await unsealedSet(store);
  expect((await expectFailure(sealSet(store, change(body)), 'set-incomplete', set)).reason).toMatch(reason);
  expect(await store.size(key)).toBeUndefined();
});

test('a set without one of its manifests is not sealed', async () => {
  const store = new MemoryStore();
  const body = await unsealedSet(store);
  await store.delete(manifestKey(cluster, set, 'shop-00'));
  await expectFailure(sealSet(store, body), 'set-incomplete', set);
});

test('an abandoned set can never be sealed', async () => {
  const store = new MemoryStore();
  const body = await unsealedSet(store);
  expect(await abandonSet(store, cluster, set, by)).toEqual({ state: 'abandoned', by });
  await expectFailure(sealSet(store, body), 'lease-lost', set);
  expect(await readSeal(store, cluster, set)).toEqual({ state: 'abandoned', by });
});

const away = new TidemarkError({
  code: 'repository-failed',
  operation: 'store an object',
  subject: key,
  cause: 'EIO',
});

test('a store that fails after it has stored the seal: the set is sealed, and what is not confirmed is told', async () => {
  const store = new MemoryStore();
  const body = await unsealedSet(store);
  const create = store.create.bind(store);
  store.create = async (...stored) => {
    await create(...stored);
    throw away;
  };
  expect(await sealSet(store, body)).toEqual({ unconfirmed: away });
  expect(await readSeal(store, cluster, set)).toEqual({ state: 'sealed', body });
});

test('a store that fails before it has stored the seal: there is no set, and its error is passed on', async () => {
  const store = new MemoryStore();
  const body = await unsealedSet(store);
  const create = store.create.bind(store);
  store.create = () => Promise.reject(away);
  await expect(sealSet(store, body)).rejects.toBe(away);
  store.create = create;
  await abandonSet(store, cluster, set, by);
  store.create = () => Promise.reject(away);
  await expectFailure(sealSet(store, body), 'lease-lost', set);
});

test('a store that fails, and does not say whether the seal is there: the error says that it is not known', async () => {
  const store = new MemoryStore();
  const body = await unsealedSet(store);
  store.create = () => Promise.reject(away);
  store.readSmall = () => Promise.reject(away);
  const error = await expectFailure(sealSet(store, body), 'repository-failed', key);
  expect(error.reason).toMatch(/^EIO; whether the set is sealed is not known/);
  expect(error.remedy).toMatch(/tidemark list/);
});

test('a record that no reader would take is not written', async () => {
  const store = new MemoryStore();
  const by = {
    leaseNumber: 4,
    operation: 'x'.repeat(17 * 1024 * 1024),
    host: 'ops',
    at: '2026-11-20T09:00:00Z',
  };
  const error = await expectFailure(abandonSet(store, cluster, set, by), 'not-supported', key);
  expect(error.reason).toMatch(/at most 16777216 bytes/);
  expect(await store.size(key)).toBeUndefined();
});

test('a sealed set cannot be abandoned, and two that abandon it agree', async () => {
  const store = new MemoryStore();
  const body = await sealedSet(store);
  expect(await abandonSet(store, cluster, set, by)).toEqual({ state: 'sealed', body });
  const later = '20261121T083012Z-full';
  await abandonSet(store, cluster, later, by);
  const second = { ...by, host: 'other' };
  expect(await abandonSet(store, cluster, later, second)).toEqual({ state: 'abandoned', by });
});

test('of a seal and an abandoning that race, one stands and both know which', async () => {
  for (let round = 0; round < 20; round++) {
    const store = new MemoryStore();
    const body = await unsealedSet(store);
    const actions = [() => sealSet(store, body), () => abandonSet(store, cluster, set, by)];
    const [first, second] = round % 2 === 0 ? actions : actions.toReversed();
    await Promise.allSettled([first?.(), second?.()]);
    const state = await readSeal(store, cluster, set);
    expect(await abandonSet(store, cluster, set, by)).toEqual(state);
  }
});

test('any turned bit of an abandoned record is bad bytes', async () => {
  const store = new MemoryStore();
  await abandonSet(store, cluster, set, by);
  const bytes = await stored(store, key);
  for (let at = 0; at < bytes.length; at++) {
    const changed = flipped(bytes, at, at % 8);
    await store.replace(key, changed);
    await expectFailure(readSeal(store, cluster, set), changedCode(changed), key);
  }
});

test.each(['intent.json', 'cut.json'])(
  'a set is not sealed when its %s is missing or another',
  async (name) => {
    const store = new MemoryStore();
    const body = await unsealedSet(store);
    const record = `shop/sets/${set}/${name}`;
    const bytes = await stored(store, record);
    await store.replace(record, flipped(bytes, 100, 0));
    await expectFailure(sealSet(store, body), 'bad-bytes', record);
    await store.delete(record);
    await expectFailure(sealSet(store, body), 'set-incomplete', set);
    await store.create(record, bytes);
    await sealSet(store, body);
  },
);

function changeManifest(body: SealBody, change: Partial<SealBody['shards'][number]['manifest']>): SealBody {
  const shards = body.shards.map((shard) => ({ ...shard, manifest: { ...shard.manifest, ...change } }));
  return { ...body, shards };
}

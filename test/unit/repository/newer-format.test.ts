/** What a newer Tidemark has stored is not damaged, whatever it holds; this version cannot read it, and says so. */
import { zstdCompressSync, zstdDecompressSync } from 'node:zlib';
import { describe, expect, test } from 'vitest';
import {
  latestSealed,
  listSets,
  readCut,
  readIntent,
  readSealedSet,
  writeIntent,
} from '../../../repository/backup-set.ts';
import { cutKey, intentKey, leaseKey, manifestKey, restoreKey, sealKey } from '../../../repository/layout.ts';
import { type LeaseOptions, takeLease } from '../../../repository/lease.ts';
import { leaseNumbers } from '../../../repository/lease-record.ts';
import { readManifest } from '../../../repository/manifest.ts';
import type { ObjectStore } from '../../../repository/object-store.ts';
import { abandonSet, readSeal, sealSet } from '../../../repository/seal.ts';
import {
  decide,
  readDecision,
  readRestoreIntent,
  writeRestoreIntent,
} from '../../../repository/restore-decision.ts';
import { MemoryStore } from '../../../repository/stores/memory.ts';
import { cluster, intent, sealedSet, set, sha256, shardName, stored, unsealedSet } from './fixtures.ts';
import { expectFailure } from './object-store.conformance.ts';

const by = { leaseNumber: 4, operation: 'backup', host: 'ops', at: '2026-11-20T09:00:00.000Z' };
const later = '20261121T083012Z-full';

/** Raises the number of a record's format; `more` is what only the newer version understands. */
async function makeNewer(store: ObjectStore, key: string, more = ''): Promise<void> {
  const text = String(await stored(store, key));
  const newer = text.replace(/"format": "(tidemark-[a-z-]+)-1",/, `"format": "$1-2",${more}`);
  expect(newer).not.toBe(text);
  await store.replace(key, Buffer.from(newer));
}

const records: readonly [string, string, (store: ObjectStore) => Promise<unknown>][] = [
  ['seal', sealKey(cluster, set), (store) => readSeal(store, cluster, set)],
  ['intent', intentKey(cluster, set), (store) => readIntent(store, cluster, set)],
  ['cut', cutKey(cluster, set), (store) => readCut(store, cluster, set)],
  ['restore intent', restoreKey(cluster, 'r1', 'intent'), (store) => readRestoreIntent(store, cluster, 'r1')],
  ['restore decision', restoreKey(cluster, 'r1', 'decision'), (store) => readDecision(store, cluster, 'r1')],
  ['lease', leaseKey(cluster, 1), (store) => takeLease(store, cluster, { operation: 'backup' })],
];

async function everyRecord(): Promise<MemoryStore> {
  const store = new MemoryStore();
  await sealedSet(store);
  await writeRestoreIntent(store, {
    cluster,
    restore: 'r1',
    tidemark: '0.1.0',
    set,
    sourceCluster: cluster,
    startedAt: '2026-11-20T10:00:00.000Z',
    startedBy: { host: 'ops', user: 'backup', pid: 1 },
    shards: [{ source: shardName, target: shardName, agent: 'db00:7420' }],
  });
  await decide(store, cluster, 'r1', 'switch');
  await (await takeLease(store, cluster, { operation: 'backup' })).release();
  return store;
}

describe.each(records)('a %s', (_, key, read) => {
  test.each([
    ['alone', ''],
    ['with fields that this version does not know', '"quantum": [{"é": null}],'],
  ])('of a newer format, %s, is newer-format', async (_kind, more) => {
    const store = await everyRecord();
    await makeNewer(store, key, more);
    const error = await expectFailure(read(store), 'newer-format', key);
    expect(error.exitCode).toBe(6);
    expect(error.message).toMatch(/written by a newer Tidemark.*tidemark-[a-z-]+-2/);
  });

  test('of a newer format that is not spelled as this version would is newer-format', async () => {
    const store = await everyRecord();
    await makeNewer(store, key);
    const json: unknown = JSON.parse(String(await stored(store, key)));
    await store.replace(key, Buffer.from(JSON.stringify(json)));
    await expectFailure(read(store), 'newer-format', key);
  });

  test.each([
    'tidemark-other-2',
    'tidemark-seal-0',
    'tidemark-seal-02',
    'tidemark-seal-two',
    'tidemark-seal-2 ',
    'tidemark-seal-',
    'seal-2',
    '',
  ])('of format %j is bad bytes', async (format) => {
    const store = await everyRecord();
    const text = String(await stored(store, key));
    await store.replace(key, Buffer.from(text.replace(/tidemark-[a-z-]+-1/, format)));
    await expectFailure(read(store), 'bad-bytes', key);
  });
});

test('an abandoned record of a newer format is newer-format', async () => {
  const store = new MemoryStore();
  await abandonSet(store, cluster, set, by);
  await makeNewer(store, sealKey(cluster, set));
  await expectFailure(readSeal(store, cluster, set), 'newer-format');
});

test('a record that the seal pins and that is another is damaged, whatever its format says', async () => {
  const store = new MemoryStore();
  const body = await sealedSet(store);
  await makeNewer(store, cutKey(cluster, set));
  await expectFailure(readCut(store, cluster, set, body.cut), 'bad-bytes');
});

/** A set whose seal this version reads, and one of whose other records it does not. */
async function mixedSet(store: ObjectStore, part: 'cut' | 'manifest'): Promise<void> {
  const body = await unsealedSet(store);
  const digest = (bytes: Buffer) => ({ size: bytes.length, sha256: sha256(bytes) });
  if (part === 'cut') {
    await makeNewer(store, cutKey(cluster, set));
    await sealSet(store, { ...body, cut: digest(await stored(store, cutKey(cluster, set))) });
    return;
  }
  const key = manifestKey(cluster, set, shardName);
  const text = String(zstdDecompressSync(await stored(store, key)));
  const newer = zstdCompressSync(text.replace('tidemark-manifest-1"', 'tidemark-manifest-2","extra":1'));
  await store.replace(key, newer);
  const shards = body.shards.map((shard) => ({ ...shard, manifest: { key, ...digest(newer) } }));
  await sealSet(store, { ...body, shards });
}

test('a manifest of a newer format is newer-format', async () => {
  const store = new MemoryStore();
  await mixedSet(store, 'manifest');
  const body = await readSealedSet(store, cluster, set);
  const [shard] = body.shards;
  if (shard === undefined) throw new Error('no shard');
  const error = await expectFailure(
    readManifest(store, shard.manifest).next(),
    'newer-format',
    shard.manifest.key,
  );
  expect(error.reason).toContain('tidemark-manifest-2');
});

describe('other sets', () => {
  test('a set of a newer format is listed as such, and `latest` passes over it and says so', async () => {
    const store = new MemoryStore();
    await abandonSet(store, cluster, later, by);
    await makeNewer(store, sealKey(cluster, later));
    const newer: string[] = [];
    expect(await latestSealed(store, cluster, (id) => newer.push(id))).toBeUndefined();
    expect(newer).toEqual([later]);
    const body = await sealedSet(store);
    expect(await latestSealed(store, cluster, (id) => newer.push(id))).toEqual(body);
    expect(newer).toEqual([later, later]);
    const listed = await Array.fromAsync(listSets(store, cluster));
    expect(listed.map(({ id, state }) => [id, state])).toEqual([
      [set, 'sealed'],
      [later, 'newer-format'],
    ]);
  });

  test.each(['cut', 'manifest'] as const)('`latest` passes over a set whose %s is newer', async (part) => {
    const store = new MemoryStore();
    await mixedSet(store, part);
    const newer: string[] = [];
    expect(await latestSealed(store, cluster, (id) => newer.push(id))).toBeUndefined();
    expect(newer).toEqual([set]);
  });
});

describe('a lease of a newer format', () => {
  test('is never taken over, released or not, and however long it is silent', async () => {
    const store = new MemoryStore();
    await (await takeLease(store, cluster, { operation: 'backup' })).release();
    await makeNewer(store, leaseKey(cluster, 1));
    const options: LeaseOptions = { patienceMs: 1, lifeOf: () => 'dead' };
    await expectFailure(takeLease(store, cluster, { operation: 'backup' }, options), 'newer-format');
    expect(await leaseNumbers(store, cluster)).toEqual([1]);
  });

  test('that follows ours means that ours is lost', async () => {
    const store = new MemoryStore();
    const lease = await takeLease(store, cluster, { operation: 'backup' });
    const text = String(await stored(store, leaseKey(cluster, 1)));
    await store.create(
      leaseKey(cluster, 2),
      Buffer.from(text.replace('tidemark-lease-1', 'tidemark-lease-2')),
    );
    const error = await expectFailure(lease.confirm(), 'lease-lost');
    expect(error.reason).toMatch(/newer Tidemark/);
    await lease.release();
  });

  test('a dead holder whose set has a seal of a newer format is followed: it can no longer seal', async () => {
    const store = new MemoryStore();
    await writeIntent(store, intent);
    await abandonSet(store, cluster, set, by);
    await makeNewer(store, sealKey(cluster, set));
    await takeLease(store, cluster, { operation: 'backup', set });
    const next = await takeLease(
      store,
      cluster,
      { operation: 'backup', set: later },
      { lifeOf: () => 'dead' },
    );
    expect(next.number).toBe(2);
    await next.release();
  });
});

test('nobody decides a restore whose decision cannot be read', async () => {
  const store = await everyRecord();
  await makeNewer(store, restoreKey(cluster, 'r1', 'decision'));
  await expectFailure(decide(store, cluster, 'r1', 'undo'), 'newer-format');
  await expectFailure(decide(store, cluster, 'r1', 'switch'), 'newer-format');
});

import { expect, test } from 'vitest';
import { compareFolder } from '../../../../coordinator/verify/shard-folder.ts';
import type { FolderFinding } from '../../../../coordinator/verify/shard-folder.ts';
import { manifestKey } from '../../../../repository/layout.ts';
import { ManifestWriter } from '../../../../repository/manifest.ts';
import { manifestFormat } from '../../../../repository/manifest-entries.ts';
import { MemoryStore } from '../../../../repository/stores/memory.ts';
import { cluster, damageObject, set, writeShard } from '../stored-cluster.ts';

/** Findings with a window of each size: what is found must not depend on it. */
async function findings(
  store: MemoryStore,
  manifest: Parameters<typeof compareFolder>[2],
): Promise<FolderFinding[]> {
  const prefix = manifest.key.replace(/[^/]+$/, '');
  const byWindow: FolderFinding[][] = [];
  for (const windowObjects of [1, 2, 3, 4, 5, 100]) {
    const found: FolderFinding[] = [];
    for await (const finding of compareFolder(store, prefix, manifest, windowObjects)) found.push(finding);
    byWindow.push(found.toSorted((a, b) => (a.object < b.object ? -1 : 1)));
  }
  for (const found of byWindow) expect(found).toEqual(byWindow[0]);
  return byWindow[0] ?? [];
}

test('a folder that holds what its manifest names', async () => {
  const store = new MemoryStore();
  const { ref } = await writeShard(store, 'shop-00');
  expect(await findings(store, ref)).toEqual([]);
});

test('missing, cut, grown and unnamed objects, whatever the window', async () => {
  const store = new MemoryStore();
  const { ref } = await writeShard(store, 'shop-00');
  const data = ref.key.replace('manifest.jsonl.zst', 'data/shop/public/accounts/');
  await store.delete(`${data}0.copy.zst`);
  await damageObject(store, `${data}1.copy.zst`, (bytes) => bytes.subarray(1));
  await damageObject(store, `${data}2.copy.zst`, (bytes) => Buffer.concat([bytes, bytes]));
  await store.create(`${data}1-1.copy.zst`, Buffer.from('x'));
  const found = await findings(store, ref);
  expect(found.map(({ kind, object }) => [object.slice(data.length), kind])).toEqual([
    ['0.copy.zst', 'missing'],
    ['1-1.copy.zst', 'unnamed'],
    ['1.copy.zst', 'size'],
    ['2.copy.zst', 'size'],
  ]);
});

test('an empty folder lacks everything', async () => {
  const store = new MemoryStore();
  const { ref } = await writeShard(store, 'shop-00');
  const prefix = ref.key.replace(/[^/]+$/, '');
  const keys: string[] = [];
  for await (const { key } of store.list(prefix)) if (key !== ref.key) keys.push(key);
  for (const key of keys) await store.delete(key);
  expect(await findings(store, ref)).toHaveLength(4);
});

test('pieces that share an object: it ends where the last of them does', async () => {
  const store = new MemoryStore();
  const writer = ManifestWriter.open(store, manifestKey(cluster, set, 'shop-00'));
  const position = { kind: 'wal', lsn: '0/1', timeline: 1, systemIdentifier: '7' } as const;
  const shard = {
    cluster,
    set,
    shard: 'shop-00',
    family: 'postgresql',
    version: '15.18',
    identity: '7',
    position,
  } as const;
  await writer.write({ kind: 'shard', format: manifestFormat, ...shard, engine: {} });
  await writer.write({ kind: 'database', name: 'shop', sourceBytes: 1, engine: {} });
  const object = manifestKey(cluster, set, 'shop-00').replace('manifest.jsonl.zst', 'schema/pack');
  const { sha256 } = await store.create(object, Buffer.from('abcdef'));
  for (const [offset, length] of [
    [4, 2],
    [0, 4],
  ] as const) {
    const piece = { kind: 'schema', database: 'shop', name: 'tables', rawBytes: length } as const;
    await writer.write({ ...piece, object, offset, length, sha256 });
  }
  const { ref } = await writer.finish();
  expect(await findings(store, ref)).toEqual([]);
  await damageObject(store, object, (bytes) => bytes.subarray(1));
  expect(await findings(store, ref)).toEqual([{ kind: 'size', object, size: 5, expected: 6 }]);
});

/** What `verify` finds in a shard's part of a set, and that its counts are its own. */
import { expect, test } from 'vitest';
import { chunkKey, manifestKey } from '../../../repository/layout.ts';
import type { ManifestLine, ManifestRef } from '../../../repository/manifest-entries.ts';
import { ManifestWriter, readManifest } from '../../../repository/manifest.ts';
import type { ObjectStore } from '../../../repository/object-store.ts';
import { MemoryStore } from '../../../repository/stores/memory.ts';
import type { Finding } from '../../../shard-agent/engine.ts';
import { Progress } from '../../../shard-agent/progress.ts';
import { verifyShard } from '../../../shard-agent/verify.ts';
import { backUp, fillShop, openAgent, set } from './agent-fixture.ts';

async function stored(): Promise<{ store: MemoryStore; manifest: ManifestRef }> {
  const store = new MemoryStore('memory:');
  const { client, server } = await openAgent({ store });
  fillShop(server);
  return { store, manifest: await backUp(client) };
}

async function verified(store: ObjectStore, manifest: ManifestRef) {
  const findings: Finding[] = [];
  const sums = await verifyShard({
    store,
    manifest,
    name: { set, shard: 'shop-00' },
    readers: 3,
    progress: new Progress('verify'),
    onFinding: (finding) => findings.push(finding),
    signal: new AbortController().signal,
  });
  return { sums, findings };
}

async function linesOf(store: ObjectStore, manifest: ManifestRef): Promise<ManifestLine[]> {
  const lines: ManifestLine[] = [];
  for await (const line of readManifest(store, manifest)) lines.push(line);
  return lines;
}

/** Stores another manifest in its place, whole in itself. */
async function rewritten(
  store: MemoryStore,
  manifest: ManifestRef,
  change: (line: ManifestLine) => ManifestLine,
): Promise<ManifestRef> {
  const lines = await linesOf(store, manifest);
  await store.delete(manifest.key);
  const writer = ManifestWriter.open(store, manifestKey('shop', set, 'shop-00'));
  for (const line of lines.map(change)) if (line.kind !== 'end') await writer.write(line);
  return (await writer.finish()).ref;
}

test('counts tables, rows, chunks, bytes and objects as the manifest does', async () => {
  const { store, manifest } = await stored();
  const { sums, findings } = await verified(store, manifest);
  expect(findings).toEqual([]);
  const end = (await linesOf(store, manifest)).at(-1);
  expect(sums).toEqual(end?.kind === 'end' && end.sums);
  expect(sums?.rows).toBe(2300);
});

test('rows are counted in the bytes, not believed', async () => {
  const { store, manifest } = await stored();
  let changed = '';
  const lied = await rewritten(store, manifest, (line) => {
    if (line.kind !== 'chunk' || changed !== '') return line;
    changed = line.object;
    return { ...line, rows: line.rows + 1 };
  });
  const { findings, sums } = await verified(store, lied);
  expect(findings).toMatchObject([
    {
      code: 'bad-bytes',
      subject: changed,
      cause: expect.stringMatching(/it holds \d+ rows of shop\.public\.accounts, recorded are \d+/),
    },
  ]);
  expect(sums?.rows).toBe(2300);
});

test.each(['data', 'schema'])('bytes appended to an object below %s/ are noticed', async (folder) => {
  const { store, manifest } = await stored();
  const line = (await linesOf(store, manifest)).find(
    (each) => (each.kind === 'chunk' || each.kind === 'schema') && each.object.includes(`/${folder}/`),
  );
  const key = line?.kind === 'chunk' || line?.kind === 'schema' ? line.object : '';
  const bytes = (await store.readSmall(key)) as Buffer;
  await store.replace(key, Buffer.concat([bytes, Buffer.from('x')]));
  const { findings } = await verified(store, manifest);
  expect(findings).toMatchObject([
    { subject: key, cause: `it has ${bytes.length + 1} bytes, the manifest names ${bytes.length}` },
  ]);
});

test('a bad piece of an object that tables share is named with its table, and only that one', async () => {
  const store = new MemoryStore('memory:');
  const { client, server } = await openAgent({ store });
  for (const name of ['first', 'second', 'third']) server.table('shop', name, ['1\ta', '2\tb']);
  const manifest = await backUp(client);
  const chunks = (await linesOf(store, manifest)).filter((line) => line.kind === 'chunk');
  const object = chunks[0]?.object ?? '';
  const bad = chunks.filter((line) => line.object === object).at(-1);
  if (bad === undefined) throw new Error('no chunk');
  const bytes = Buffer.from((await store.readSmall(object)) as Buffer);
  const at = bad.offset + bad.length - 1;
  bytes.writeUInt8(bytes.readUInt8(at) ^ 1, at);
  await store.replace(object, bytes);
  const { findings } = await verified(store, manifest);
  const table = ['first', 'second', 'third'][bad.table];
  expect(findings).toMatchObject([
    {
      subject: object,
      cause: expect.stringContaining(`bytes ${bad.offset} to ${at + 1}: shop.public.${table}`),
    },
  ]);
});

test('pieces that share an object are no extra bytes to each other', async () => {
  const { store, manifest } = await stored();
  const chunks = (await linesOf(store, manifest)).filter((line) => line.kind === 'chunk').slice(0, 2);
  const shared = chunkKey(
    'shop',
    set,
    'shop-00',
    { database: 'shop', schema: 'public', name: 'a' },
    's',
    'copy',
  );
  const bytes = await Promise.all(
    chunks.map(async ({ object }) => (await store.readSmall(object)) as Buffer),
  );
  await store.create(shared, Buffer.concat(bytes));
  let offset = 0;
  const moved = await rewritten(store, manifest, (line) => {
    if (line.kind !== 'chunk' || !chunks.some(({ object }) => object === line.object)) return line;
    const at = offset;
    offset += line.length;
    return { ...line, object: shared, offset: at };
  });
  expect((await verified(store, moved)).findings).toEqual([]);
});

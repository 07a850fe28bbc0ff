import { readdir } from 'node:fs/promises';
import { setImmediate } from 'node:timers/promises';
import { zstdCompressSync, zstdDecompressSync } from 'node:zlib';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { TidemarkError } from '../../../proto/errors.ts';
import { manifestKey, schemaKey } from '../../../repository/layout.ts';
import { ManifestWriter, readManifest } from '../../../repository/manifest.ts';
import { lineBytesLimit } from '../../../repository/manifest-lines.ts';
import type { ManifestLine, ManifestRef } from '../../../repository/manifest-entries.ts';
import type { ObjectStore, StoredObject } from '../../../repository/object-store.ts';
import { MemoryStore } from '../../../repository/stores/memory.ts';
import {
  bodyLines,
  chunkLine,
  cluster,
  flipped,
  set,
  sha256,
  shardName,
  stored,
  tableLine,
  writeManifest,
} from './fixtures.ts';
import { expectFailure } from './object-store.conformance.ts';

const key = manifestKey(cluster, set, shardName);

const globalsLine = {
  kind: 'schema',
  database: '',
  name: 'globals',
  rawBytes: 10,
  object: schemaKey(cluster, set, shardName, '', 'globals.sql.zst'),
  offset: 0,
  length: 10,
  sha256: sha256('globals'),
} as const;

function read(store: ObjectStore, ref: ManifestRef): Promise<ManifestLine[]> {
  return Array.fromAsync(readManifest(store, ref));
}

/** Stores lines as they are, with a reference that fits: what only a forger or a defect could write. */
async function storeLines(store: ObjectStore, lines: readonly unknown[], at = key): Promise<ManifestRef> {
  const text = lines.map((line) => (typeof line === 'string' ? line : `${JSON.stringify(line)}\n`)).join('');
  const bytes = zstdCompressSync(text);
  await store.replace(at, bytes);
  return { key: at, size: bytes.length, sha256: sha256(bytes) };
}

async function wholeLines(): Promise<ManifestLine[]> {
  const store = new MemoryStore();
  const { ref } = await writeManifest(store);
  return read(store, ref);
}

test('lines are read back as they were written, with the sums at their end', async () => {
  const store = new MemoryStore();
  const { ref, sums } = await writeManifest(store);
  expect(sums).toEqual({ tables: 2, rows: 31, chunks: 3, rawBytes: 301, storedBytes: 1151, objects: 4 });
  expect(ref).toEqual({ key, size: await store.size(key), sha256: sha256(await stored(store, key)) });
  const lines = await read(store, ref);
  expect(lines).toEqual([...bodyLines(), { kind: 'end', lines: 9, sums }]);
});

test('it is JSON lines in zstd with a checksum, as the tools read it', async () => {
  const store = new MemoryStore();
  const { ref } = await writeManifest(store);
  const packed = await stored(store, ref.key);
  // Bit 2 of the frame header descriptor: RFC 8878, 3.1.1.1.1.
  expect((packed[4] ?? 0) & 0b100).toBe(0b100);
  const text = String(zstdDecompressSync(packed));
  expect(text.endsWith('}\n')).toBe(true);
  expect(text.split('\n')).toHaveLength(11);
});

test('any turned bit is found before the first line is given out', async () => {
  const store = new MemoryStore();
  const { ref } = await writeManifest(store);
  const bytes = await stored(store, key);
  for (let at = 0; at < bytes.length; at++) {
    await store.replace(key, flipped(bytes, at, at % 8));
    await expectFailure(readManifest(store, ref).next(), 'bad-bytes', key);
  }
});

test('a cut, lengthened, missing or exchanged manifest is found before the first line is given out', async () => {
  const store = new MemoryStore();
  const { ref } = await writeManifest(store);
  const bytes = await stored(store, key);
  const other = await writeManifest(store, 'shop-01');
  for (const changed of [
    bytes.subarray(0, -1),
    bytes.subarray(0, 0),
    Buffer.concat([bytes, bytes]),
    await stored(store, other.ref.key),
  ]) {
    await store.replace(key, changed);
    await expectFailure(readManifest(store, ref).next(), 'bad-bytes', key);
  }
  await store.delete(key);
  await expectFailure(readManifest(store, ref).next(), 'bad-bytes', key);
});

test('a manifest that changes between the two passes is found', async () => {
  const store = new MemoryStore();
  const { ref } = await writeManifest(store);
  const bytes = await stored(store, key);
  for (const at of [6, Math.floor(bytes.length / 2), bytes.length - 1]) {
    await store.replace(key, bytes);
    let passes = 0;
    const changing = Object.assign(Object.create(store) as ObjectStore, {
      url: store.url,
      size: (name: string) => store.size(name),
      read: (name: string, range?: { offset: number; length: number }) => {
        passes++;
        if (passes === 2) void store.replace(key, flipped(bytes, at, 3));
        return store.read(name, range);
      },
    });
    await expectFailure(read(changing, ref), 'bad-bytes', key);
    expect(passes).toBe(2);
  }
});

test('another whole manifest of the same size that takes its place between the two passes is found', async () => {
  const store = new MemoryStore();
  const lines = await wholeLines();
  const ref = await storeLines(store, lines);
  let swapped = Buffer.alloc(0);
  for (let cents = 1; swapped.length !== ref.size; cents++) {
    const forged = edit(lines, 8, { answer: `${1000 + cents / 100}` });
    swapped = Buffer.from(zstdCompressSync(forged.map((line) => `${JSON.stringify(line)}\n`).join('')));
  }
  let passes = 0;
  const changing = Object.assign(Object.create(store) as ObjectStore, {
    url: store.url,
    size: (name: string) => store.size(name),
    read: (name: string, range?: { offset: number; length: number }) => {
      passes++;
      if (passes === 2) void store.replace(key, swapped);
      return store.read(name, range);
    },
  });
  expect((await expectFailure(read(changing, ref), 'bad-bytes', key)).reason).toContain('SHA-256');
});

test('globals are a piece that belongs to no database', async () => {
  const store = new MemoryStore();
  const [shard, ...rest] = bodyLines();
  if (shard?.kind !== 'shard') throw new Error('no shard line');
  const lines = [{ ...shard, globals: 'without-passwords' as const }, ...rest.toSpliced(1, 0, globalsLine)];
  const { ref } = await writeManifest(store, shardName, lines);
  expect((await read(store, ref)).slice(0, -1)).toEqual(lines);
});

describe('with a digest that fits, but lines that do not', () => {
  const cases: [string, (lines: ManifestLine[]) => unknown[], RegExp][] = [
    ['no line', () => [], /ends after 0 lines/],
    ['globals without a word of them', (lines) => lines.toSpliced(2, 0, globalsLine), /does not name/],
    [
      'a word of globals without them',
      (lines) => edit(lines, 0, { globals: 'with-passwords' }),
      /names globals, and there are none/,
    ],
    [
      'globals twice',
      (lines) => edit(lines, 0, { globals: 'with-passwords' }).toSpliced(2, 0, globalsLine, globalsLine),
      /does not name/,
    ],
    [
      'another piece without a database',
      (lines) => lines.toSpliced(2, 0, { ...globalsLine, name: 'tables' }),
      /tables belongs to no database/,
    ],
    ['no end line', (lines) => lines.slice(0, -1), /without an end line/],
    ['no shard line', (lines) => lines.slice(1), /shard line must be first/],
    ['two shard lines', (lines) => [lines[0], ...lines], /only one/],
    ['a line after the end', (lines) => [...lines, lines.at(-1)], /follows the end/],
    ['a line removed', (lines) => lines.filter((_, i) => i !== 6), /8 lines before it, it says 9/],
    ['a chunk twice', (lines) => lines.toSpliced(7, 0, lines[6] as ManifestLine), /10 lines/],
    ['a chunk before its table', (lines) => lines.toSpliced(3, 0, chunkLine(0, 0)), /no line before it/],
    ['a table number out of order', (lines) => lines.toSpliced(4, 1, tableLine(5)), /expected 1/],
    [
      'a database after the tables',
      (lines) => lines.toSpliced(5, 0, database('late')),
      /must follow the shard line/,
    ],
    ['a database twice', (lines) => lines.toSpliced(1, 0, lines[1] as ManifestLine), /twice/],
    [
      'a table of an unknown database',
      (lines) => edit(lines, 3, { database: 'bank' }),
      /database bank has no line/,
    ],
    [
      'a schema of an unknown database',
      (lines) => edit(lines, 2, { database: 'bank' }),
      /database bank has no line/,
    ],
    ['rows that do not add up', (lines) => edit(lines, 5, { rows: 11 }), /rows 32 instead of 31/],
    [
      'another size of a chunk',
      (lines) => edit(lines, 5, { length: 51 }),
      /storedBytes 1152 instead of 1151/,
    ],
    [
      "another cluster's object",
      (lines) => edit(lines, 5, { object: 'bank/sets/x/y' }),
      /outside the cluster/,
    ],
    [
      'an object whose key only begins like the cluster',
      (lines) => edit(lines, 2, { object: 'shop2/x' }),
      /outside/,
    ],
    [
      'an object outside the repository',
      (lines) => edit(lines, 5, { object: 'shop/../../etc/passwd' }),
      /key/,
    ],
    ['an absolute object', (lines) => edit(lines, 2, { object: '/etc/passwd' }), /key/],
    ['another cluster', (lines) => edit(lines, 0, { cluster: 'bank' }), /cluster bank/],
    ['another set', (lines) => edit(lines, 0, { set: '20261119T083012Z-full' }), /20261119/],
    ['another shard', (lines) => edit(lines, 0, { shard: 'shop-01' }), /shop-01/],
    ['another format', (lines) => edit(lines, 0, { format: 'tidemark-seal-2' }), /format/],
    ['negative rows', (lines) => edit(lines, 5, { rows: -1 }), /rows/],
    ['half a row', (lines) => edit(lines, 5, { rows: 0.5 }), /rows/],
    ['rows as text', (lines) => edit(lines, 5, { rows: '10' }), /rows/],
    ['an unknown field', (lines) => edit(lines, 5, { extra: 1 }), /extra/],
    ['an unknown kind', (lines) => edit(lines, 5, { kind: 'piece' }), /kind/],
    ['a line that is no JSON', (lines) => lines.toSpliced(5, 0, '{"kind":\n' as never), /not JSON/],
    ['an empty line', (lines) => lines.toSpliced(5, 0, '\n' as never), /not JSON/],
    [
      'a last line without its end',
      (lines) => [...lines.slice(0, -1), JSON.stringify(lines.at(-1))],
      /has no end/,
    ],
  ];

  test.each(cases)('%s is bad bytes', async (_, change, reason) => {
    const store = new MemoryStore();
    const ref = await storeLines(store, change(await wholeLines()));
    expect((await expectFailure(read(store, ref), 'bad-bytes', key)).reason).toMatch(reason);
  });

  test('any one line left out, repeated or exchanged with its neighbour is bad bytes', async () => {
    const lines = await wholeLines();
    const store = new MemoryStore();
    const harmless = new Set(['table', 'chunk', 'invariant', 'schema']);
    for (let i = 0; i < lines.length; i++) {
      const [line, next] = [lines[i] as ManifestLine, lines[i + 1]];
      await expectFailure(read(store, await storeLines(store, lines.toSpliced(i, 1))), 'bad-bytes');
      await expectFailure(read(store, await storeLines(store, lines.toSpliced(i, 0, line))), 'bad-bytes');
      // Chunks may come in any order after their table.
      if (next === undefined || (harmless.has(line.kind) && harmless.has(next.kind))) continue;
      await expectFailure(
        read(store, await storeLines(store, lines.toSpliced(i, 2, next, line))),
        'bad-bytes',
      );
    }
  });

  test('a manifest stored under the key of another shard is bad bytes', async () => {
    const store = new MemoryStore();
    const ref = await storeLines(store, await wholeLines(), manifestKey(cluster, set, 'shop-01'));
    await expectFailure(read(store, ref), 'bad-bytes', 'shop-01');
  });

  test('bytes that are no zstd, and a zstd stream that was cut, are bad bytes', async () => {
    const store = new MemoryStore();
    const { ref } = await writeManifest(store);
    const bytes = await stored(store, ref.key);
    for (const changed of [Buffer.from('{"kind":"shard"}\n'), bytes.subarray(0, -20), Buffer.alloc(0)]) {
      await store.replace(key, changed);
      const fitting = { key, size: changed.length, sha256: sha256(changed) };
      await expectFailure(read(store, fitting), 'bad-bytes', key);
    }
  });

  test('a line without end cannot fill the memory', async () => {
    const store = new MemoryStore();
    const bytes = zstdCompressSync(Buffer.alloc(200 * 1024 * 1024, 'x'));
    await store.replace(key, bytes);
    const ref = { key, size: bytes.length, sha256: sha256(bytes) };
    expect((await expectFailure(read(store, ref), 'bad-bytes', key)).reason).toMatch(/more than/);
  });
});

test('any lines an engine may give come back as they were', async () => {
  const opaque = fc.dictionary(fc.string({ maxLength: 8 }), fc.jsonValue({ maxDepth: 2 }), { maxKeys: 4 });
  await fc.assert(
    fc.asyncProperty(
      opaque,
      opaque,
      fc.array(fc.string({ unit: 'grapheme' }), { maxLength: 5 }),
      fc.option(fc.string({ unit: 'grapheme' })),
      async (engine, range, columns, answer) => {
        const store = new MemoryStore();
        const lines = bodyLines().map((line) => {
          if (line.kind === 'table') return { ...line, engine, columns };
          if (line.kind === 'chunk') return { ...line, range };
          return line.kind === 'invariant' ? { ...line, answer } : line;
        });
        const { ref } = await writeManifest(store, shardName, lines);
        const expected: unknown = JSON.parse(JSON.stringify(lines));
        expect((await read(store, ref)).slice(0, -1)).toEqual(expected);
      },
    ),
    { numRuns: 200 },
  );
});

test('50,000 chunks pass through in bounded memory, written from several lanes at once', async () => {
  const store = new MemoryStore();
  const writer = ManifestWriter.open(store, key);
  for (const line of bodyLines().slice(0, 5)) await writer.write(line);
  const lanes = Array.from({ length: 4 }, async (_, lane) => {
    for (let n = lane; n < 50_000; n += 4) await writer.write(chunkLine(n % 2, n));
  });
  await Promise.all(lanes);
  const { ref, sums } = await writer.finish();
  expect(sums).toMatchObject({ chunks: 50_000, objects: 50_001 });
  let lines = 0;
  for await (const _ of readManifest(store, ref)) lines++;
  expect(lines).toBe(50_006);
});

test('a reader that stops early leaves nothing open', async () => {
  const store = new MemoryStore();
  const { ref } = await writeManifest(store);
  const before = (await readdir('/proc/self/fd').catch(() => [])).length;
  for await (const line of readManifest(store, ref)) if (line.kind === 'database') break;
  expect((await readdir('/proc/self/fd').catch(() => [])).length).toBeLessThanOrEqual(before);
});

describe('the writer', () => {
  test('stores nothing before it is finished, and nothing when it is aborted', async () => {
    const store = new MemoryStore();
    const writer = ManifestWriter.open(store, key);
    for (const line of bodyLines()) await writer.write(line);
    expect(await store.size(key)).toBeUndefined();
    await writer.abort(new Error('the copy failed'));
    await writer.abort(new Error('again'));
    expect(await store.size(key)).toBeUndefined();
    await expectFailure(writer.write(tableLine(2)), 'internal', key);
    const atOnce = ManifestWriter.open(store, key);
    await atOnce.abort(new Error('before anything'));
    expect(await store.size(key)).toBeUndefined();
  });

  test('may be aborted before the store has begun to read from it', async () => {
    const store = new MemoryStore();
    const slow = new MemoryStore();
    slow.create = async (name, body) => {
      await setImmediate();
      return store.create(name, body);
    };
    const writer = ManifestWriter.open(slow, key);
    await writer.abort(new Error('before anything'));
    expect(await store.size(key)).toBeUndefined();
  });

  test.each<[string, unknown]>([
    ['a chunk of an unknown table', chunkLine(7, 0)],
    ['a table out of order', tableLine(7)],
    ['a second shard', bodyLines()[0]],
    ['an object of another cluster', { ...chunkLine(0, 9), object: 'bank/x' }],
    ['no SHA-256', { ...chunkLine(0, 9), sha256: 'x' }],
    ['an unknown field', { ...tableLine(2), extra: 1 }],
  ])('refuses %s, and goes on', async (_, line) => {
    const store = new MemoryStore();
    const writer = ManifestWriter.open(store, key);
    for (const good of bodyLines()) await writer.write(good);
    await expectFailure(writer.write(line as never), 'internal', key);
    const { ref } = await writer.finish();
    expect(await read(store, ref)).toHaveLength(10);
  });

  /** A line of exactly so many bytes. */
  const tableOf = (bytes: number) => {
    const wide = (filler: string) => ({ ...tableLine(2), name: 'wide', engine: { note: filler } });
    return wide('é'.repeat(5) + 'x'.repeat(bytes - Buffer.byteLength(JSON.stringify(wide('é'.repeat(5))))));
  };

  test('writes the longest line that a reader takes', async () => {
    const store = new MemoryStore();
    const writer = ManifestWriter.open(store, key);
    for (const good of bodyLines()) await writer.write(good);
    await writer.write(tableOf(lineBytesLimit));
    const { ref } = await writer.finish();
    expect(await read(store, ref)).toHaveLength(11);
  });

  test('refuses a line that is longer by one byte, names what it is of, and goes on', async () => {
    const store = new MemoryStore();
    const writer = ManifestWriter.open(store, key);
    for (const good of bodyLines()) await writer.write(good);
    const error = await expectFailure(writer.write(tableOf(lineBytesLimit + 1)), 'not-supported', key);
    expect(error.subject).toMatch(/: table .*wide$/);
    expect(error.reason).toContain(String(lineBytesLimit + 1));
    const answer = 'y'.repeat(lineBytesLimit);
    const invariant = {
      kind: 'invariant',
      name: 'money',
      database: 'shop',
      sql: 'SELECT 1',
      answer,
    } as const;
    expect((await expectFailure(writer.write(invariant), 'not-supported')).subject).toMatch(
      /invariant money$/,
    );
    const { ref } = await writer.finish();
    expect(await read(store, ref)).toHaveLength(10);
  });

  test('a line that is too long is bad bytes to the reader, wherever its end lies', async () => {
    const store = new MemoryStore();
    const lines = [...bodyLines(), tableOf(lineBytesLimit + 1)];
    const ref = await storeLines(store, lines);
    expect((await expectFailure(read(store, ref), 'bad-bytes', key)).reason).toMatch(/at most|more than/);
  });

  test('tells the failure of the store, and none of it goes unhandled', async () => {
    const failure = new TidemarkError({
      code: 'repository-failed',
      operation: 'store an object',
      subject: key,
      cause: 'ENOSPC',
    });
    for (const moment of ['at once', 'while reading', 'at the end']) {
      const store = new MemoryStore();
      store.create = async (
        _: string,
        body: AsyncIterable<Uint8Array> | Uint8Array,
      ): Promise<StoredObject> => {
        if (moment === 'at once') throw failure;
        for await (const _ of body as AsyncIterable<Uint8Array>)
          if (moment === 'while reading') throw failure;
        throw failure;
      };
      const writer = ManifestWriter.open(store, key);
      const writing = (async () => {
        for (const line of bodyLines().slice(0, 5)) await writer.write(line);
        for (let n = 0; n < 20_000; n++) await writer.write(chunkLine(0, n));
        await writer.finish();
      })();
      await expect(writing, moment).rejects.toBe(failure);
      await writer.abort(failure);
    }
  });

  test('is told of a conflict when another manifest stands there', async () => {
    const store = new MemoryStore();
    await writeManifest(store);
    await writeManifest(store);
    await expectFailure(writeManifest(store, shardName, bodyLines().slice(0, -1)), 'object-conflict', key);
  });
});

function database(name: string): ManifestLine {
  return { kind: 'database', name, sourceBytes: 0, engine: {} };
}

function edit(lines: ManifestLine[], at: number, change: Record<string, unknown>): unknown[] {
  return lines.map((line, i) => (i === at ? { ...line, ...change } : line));
}

import { randomBytes } from 'node:crypto';
import { expect, test } from 'vitest';
import { TidemarkError } from '../../../../proto/errors.ts';
import { MemoryStore } from '../../../../repository/stores/memory.ts';
import { packFrame } from '../../../../shard-agent/pipeline/frame.ts';
import { FramePool } from '../../../../shard-agent/pipeline/frame-pool.ts';
import { ChunkPacker, type StoredChunk } from '../../../../shard-agent/pipeline/pack.ts';
import { SharedObjects } from '../../../../shard-agent/pipeline/shared-objects.ts';
import { unpack } from '../../../../shard-agent/pipeline/unpack.ts';

interface Told {
  readonly tag: string;
  readonly chunk: StoredChunk;
}

function sharing(store: MemoryStore) {
  const told: Told[][] = [];
  const shared = new SharedObjects<string>(store, {
    keyOf: (object) => `shared/0-${object}.zst`,
    onObject: (pieces) => {
      told.push([...pieces]);
    },
  });
  return { shared, told };
}

function smallChunk(raw: Buffer<ArrayBuffer>) {
  return { packed: packFrame(raw, 1), part: 0, rows: 1, rawBytes: raw.length };
}

test('chunks come back from the pieces of a few objects, in order, told when these are durable', async () => {
  const store = new MemoryStore();
  const { shared, told } = sharing(store);
  // Random bytes do not pack: nine of them fill two objects and begin a third.
  const raws = Array.from({ length: 9 }, () => randomBytes(1_000_000) as Buffer<ArrayBuffer>);
  for (const [n, raw] of raws.entries()) {
    await shared.add(`t${n}`, smallChunk(raw));
    for (const { chunk } of told.flat()) expect(await store.size(chunk.object)).toBeDefined();
  }
  await shared.finish();
  expect(told.map((pieces) => pieces.map(({ tag }) => tag))).toEqual([
    ['t0', 't1', 't2', 't3', 't4'],
    ['t5', 't6', 't7', 't8'],
  ]);
  for (const [n, { chunk }] of told.flat().entries()) {
    const raw = Buffer.concat(await Array.fromAsync(unpack(store, chunk)));
    expect(raw.equals(raws[n] ?? Buffer.alloc(0))).toBe(true);
  }
  for (const pieces of told) {
    const last = pieces.at(-1)?.chunk;
    expect(await store.size(last?.object ?? '')).toBe((last?.offset ?? 0) + (last?.length ?? 0));
  }
  await shared.finish();
  expect(told).toHaveLength(2);
});

test('a store that fails is told by the next call, and no piece is told as durable', async () => {
  class Failing extends MemoryStore {
    override create(key: string): Promise<never> {
      const fields = {
        code: 'repository-failed',
        operation: 'store',
        subject: key,
        cause: 'disk full',
      } as const;
      return Promise.reject(new TidemarkError(fields));
    }
  }
  const { shared, told } = sharing(new Failing());
  await shared.add('a', smallChunk(randomBytes(1000) as Buffer<ArrayBuffer>));
  await expect(shared.finish()).rejects.toMatchObject({ code: 'repository-failed' });
  await expect(shared.finish()).rejects.toMatchObject({ code: 'repository-failed' });
  expect(told).toEqual([]);
});

test('only the last chunk of a task is shared, and only when it is one frame', async () => {
  const store = new MemoryStore();
  const { shared, told } = sharing(store);
  const own: StoredChunk[] = [];
  const pool = new FramePool(3);
  const sizesOf = async (sizes: readonly number[], task: string) => {
    const sink = new ChunkPacker(store, pool, {
      level: 1,
      chunkBytes: 1000,
      keyOf: (part) => `${task}/${part}.copy.zst`,
      onChunk: (chunk) => own.push(chunk),
      share: (chunk) => shared.add(task, chunk),
    });
    for (const size of sizes) {
      await sink.append(Buffer.alloc(size, 'x'), 0, size);
      await sink.endChunk(size);
    }
    await sink.endChunk(0);
    await sink.finish();
  };
  await sizesOf([10, 20, 30], 'a');
  await sizesOf([40, 2_000_000], 'b');
  await sizesOf([50], 'c');
  await shared.finish();
  expect(own.map(({ object, rows }) => [object, rows])).toEqual([
    ['a/0.copy.zst', 10],
    ['a/1.copy.zst', 20],
    ['b/0.copy.zst', 40],
    ['b/1.copy.zst', 2_000_000],
  ]);
  expect(told.flat().map(({ tag, chunk }) => [tag, chunk.part, chunk.rows])).toEqual([
    ['a', 2, 30],
    ['c', 0, 50],
  ]);
  expect(pool.inUse).toBe(0);
});

test('an abandoned task leaves nothing in a shared object, and gives its frame back', async () => {
  const store = new MemoryStore();
  const { shared, told } = sharing(store);
  const pool = new FramePool(3);
  const sink = new ChunkPacker(store, pool, {
    level: 1,
    chunkBytes: 1000,
    keyOf: (part) => `a/${part}.copy.zst`,
    onChunk: () => undefined,
    share: (chunk) => shared.add('a', chunk),
  });
  await sink.append(Buffer.from('row\n'), 0, 4);
  await sink.endChunk(1);
  await sink.abandon(new Error('the connection is gone'));
  await shared.finish();
  expect([told.length, pool.inUse]).toEqual([0, 0]);
});

import fc from 'fast-check';
import { expect, test } from 'vitest';
import { createHash, randomBytes } from 'node:crypto';
import { TidemarkError } from '../../../../proto/errors.ts';
import { MemoryStore } from '../../../../repository/stores/memory.ts';
import type { ObjectStore } from '../../../../repository/object-store.ts';
import { FramePool } from '../../../../shard-agent/pipeline/frame-pool.ts';
import { frameBytes, frameLength, packFrame, unpackFrame } from '../../../../shard-agent/pipeline/frame.ts';
import { packStream } from '../../../../shard-agent/pipeline/pack-stream.ts';
import { ChunkPacker, type StoredChunk } from '../../../../shard-agent/pipeline/pack.ts';
import { readUnpacked, unpack } from '../../../../shard-agent/pipeline/unpack.ts';

function packer(store: ObjectStore, chunkBytes = 32 * frameBytes, pool = new FramePool(4)) {
  const chunks: StoredChunk[] = [];
  const order = { level: 1, chunkBytes, keyOf: (part: number) => `c/${part}.copy.zst` };
  return {
    chunks,
    pool,
    sink: new ChunkPacker(store, pool, { ...order, onChunk: (chunk) => chunks.push(chunk) }),
  };
}

async function collect(source: AsyncIterable<Buffer>): Promise<Buffer> {
  const pieces: Buffer[] = [];
  for await (const piece of source) pieces.push(piece);
  return Buffer.concat(pieces);
}

/** Bytes that compress about as rows do, from a seed. */
function rowLike(length: number, seed: number): Buffer {
  const bytes = Buffer.alloc(length);
  let state = seed | 1;
  for (let at = 0; at < length; at += 1) {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    bytes[at] = at % 16 === 15 ? 10 : 48 + ((state >>> 24) % 10);
  }
  return bytes;
}

test('whatever pieces the bytes come in and wherever chunks end, the same bytes come back', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.tuple(fc.integer({ min: 0, max: 700_000 }), fc.integer(), fc.boolean()), { maxLength: 12 }),
      async (pieces) => {
        const store = new MemoryStore();
        const { chunks, sink, pool } = packer(store);
        const expected: Buffer[] = [];
        let current: Buffer[] = [];
        const end = async () => {
          const whole = Buffer.concat(current);
          await sink.endChunk(whole.length === 0 ? 0 : 1);
          if (whole.length > 0) expected.push(whole);
          current = [];
        };
        for (const [length, seed, ends] of pieces) {
          const piece = rowLike(length, seed);
          const reused = Buffer.concat([Buffer.from('xx'), piece, Buffer.from('yy')]);
          await sink.append(reused, 2, 2 + length);
          reused.fill(0);
          current.push(piece);
          if (ends) await end();
        }
        await end();
        await sink.finish();
        expect(chunks.map((chunk) => chunk.part)).toEqual(expected.map((_, part) => part));
        for (const [part, chunk] of chunks.entries()) {
          expect((await collect(unpack(store, chunk))).equals(expected[part] ?? Buffer.alloc(0))).toBe(true);
        }
        expect(pool.inUse).toBe(0);
      },
    ),
    { numRuns: 25 },
  );
});

test('the raw digest is the SHA-256 over the digests of the raw frames', async () => {
  const store = new MemoryStore();
  const { chunks, sink } = packer(store);
  const bytes = rowLike(2 * frameBytes + 17, 3);
  await sink.append(bytes, 0, bytes.length);
  await sink.endChunk(1);
  await sink.finish();
  const whole = createHash('sha256');
  for (let at = 0; at < bytes.length; at += frameBytes) {
    whole.update(
      createHash('sha256')
        .update(bytes.subarray(at, at + frameBytes))
        .digest(),
    );
  }
  expect(chunks[0]?.rawSha256).toBe(whole.digest('hex'));
  expect(chunks[0]?.rawBytes).toBe(bytes.length);
});

/** A store whose object has been tampered with. */
async function tampered(bytes: Buffer, ref: StoredChunk): Promise<{ given: Buffer[]; error: unknown }> {
  const store = new MemoryStore();
  await store.create(ref.object, bytes);
  const given: Buffer[] = [];
  try {
    for await (const piece of unpack(store, ref)) given.push(piece);
  } catch (error) {
    return { given, error };
  }
  return { given, error: undefined };
}

test('any flipped stored byte is found before the last piece, and the object is named', async () => {
  const store = new MemoryStore();
  const { chunks, sink } = packer(store);
  const bytes = rowLike(2 * frameBytes + 1000, 9);
  await sink.append(bytes, 0, bytes.length);
  await sink.endChunk(4);
  await sink.finish();
  const ref = chunks[0] as StoredChunk;
  const stored = (await store.readSmall(ref.object)) as Buffer;
  await fc.assert(
    fc.asyncProperty(
      fc.integer({ min: 0, max: stored.length - 1 }),
      fc.integer({ min: 0, max: 7 }),
      async (at, bit) => {
        const copy = Buffer.from(stored);
        copy.writeUInt8(copy.readUInt8(at) ^ (1 << bit), at);
        const { given, error } = await tampered(copy, ref);
        expect(error).toBeInstanceOf(TidemarkError);
        expect(error).toMatchObject({ code: 'bad-bytes', subject: expect.stringContaining(ref.object) });
        expect(Buffer.concat(given).length).toBeLessThan(bytes.length);
      },
    ),
    {
      numRuns: 150,
      examples: [
        [0, 0],
        [4, 0],
        [stored.length - 1, 7],
        [5, 1],
      ],
    },
  );
});

test('cut, exchanged and recompressed objects are found', async () => {
  const store = new MemoryStore();
  const { chunks, sink } = packer(store);
  for (const seed of [1, 2]) {
    const bytes = rowLike(frameBytes + 5, seed);
    await sink.append(bytes, 0, bytes.length);
    await sink.endChunk(1);
  }
  await sink.finish();
  const [one, two] = chunks as [StoredChunk, StoredChunk];
  const stored = (await store.readSmall(one.object)) as Buffer;
  const other = (await store.readSmall(two.object)) as Buffer;
  expect((await tampered(stored.subarray(0, -1), one)).error).toMatchObject({ code: 'bad-bytes' });
  expect((await tampered(other, { ...one, length: other.length })).error).toMatchObject({
    code: 'bad-bytes',
  });
  // The right raw bytes in other frames are not what the manifest names.
  const bytes = rowLike(frameBytes + 5, 1) as Buffer<ArrayBuffer>;
  const repacked = Buffer.concat([
    (await packFrame(bytes.subarray(0, 100), 1)).stored,
    (await packFrame(bytes.subarray(100), 1)).stored,
  ]);
  const sha256 = createHash('sha256').update(repacked).digest('hex');
  const result = await tampered(repacked, { ...one, length: repacked.length, sha256 });
  expect(result.error).toMatchObject({ code: 'bad-bytes', reason: expect.stringContaining('digest') });
  expect((await tampered(stored, { ...one, rawBytes: one.rawBytes - 1 })).error).toMatchObject({
    code: 'bad-bytes',
  });
  expect((await tampered(stored, { ...one, rawBytes: one.rawBytes + 1 })).error).toMatchObject({
    code: 'bad-bytes',
  });
});

test('a frame that would unpack to more than any of ours is refused', async () => {
  const bomb = (await packFrame(Buffer.alloc(5 * frameBytes) as Buffer<ArrayBuffer>, 1)).stored;
  const sha256 = createHash('sha256').update(bomb).digest('hex');
  const ref = {
    part: 0,
    object: 'bomb',
    offset: 0,
    length: bomb.length,
    sha256,
    rows: 1,
    rawBytes: 5 * frameBytes,
    rawSha256: '',
  };
  expect((await tampered(bomb, ref)).error).toMatchObject({ code: 'bad-bytes' });
});

/** Random bytes: a frame stores them as they are, so the length of what is stored can be chosen. */
async function packRandom(length: number): Promise<Buffer> {
  const raw = randomBytes(length) as Buffer<ArrayBuffer>;
  const { stored } = await packFrame(raw, 1);
  expect(frameLength(stored)).toBe(stored.length);
  expect(Buffer.concat((await unpackFrame(stored)).pieces).equals(raw)).toBe(true);
  return stored;
}

test("a frame that ends exactly where zlib's output buffer does is one frame", async () => {
  const added = (await packRandom(100_000)).length - 100_000;
  let stored = await packRandom(50_000);
  const left = () => stored.buffer.byteLength - stored.byteOffset - stored.length;
  while (left() > 120_000) stored = await packRandom(50_000);
  await packRandom(left() - added);
});

test('an empty frame, which earlier builds stored by mistake, changes nothing', async () => {
  const store = new MemoryStore();
  const { chunks, sink } = packer(store);
  const bytes = rowLike(frameBytes + 10, 3);
  await sink.append(bytes, 0, bytes.length);
  await sink.endChunk(1);
  await sink.finish();
  const ref = chunks[0] as StoredChunk;
  const empty = Buffer.from('28b52ffd240001000099e9d851', 'hex');
  const frames = (await store.readSmall(ref.object)) as Buffer;
  const at = frameLength(frames) ?? 0;
  const stored = Buffer.concat([frames.subarray(0, at), empty, frames.subarray(at), empty]);
  const sha256 = createHash('sha256').update(stored).digest('hex');
  const { given, error } = await tampered(stored, { ...ref, length: stored.length, sha256 });
  expect(error).toBeUndefined();
  expect(Buffer.concat(given).equals(bytes)).toBe(true);
});

test('bytes behind a frame and a damaged frame are refused, and others are unpacked meanwhile', async () => {
  const { stored } = await packFrame(rowLike(300_000, 1) as Buffer<ArrayBuffer>, 1);
  for (let round = 0; round < 3; round += 1) {
    const bad = Buffer.from(stored);
    bad.writeUInt8(bad.readUInt8(1000 + round) ^ 1, 1000 + round);
    const [behind, damaged, good] = await Promise.allSettled([
      unpackFrame(Buffer.concat([stored, Buffer.from('more')])),
      unpackFrame(bad),
      unpackFrame(stored),
    ]);
    expect([behind.status, damaged.status, good.status]).toEqual(['rejected', 'rejected', 'fulfilled']);
  }
});

test('the end of a frame is found from its blocks alone', async () => {
  const one = (await packFrame(rowLike(300_000, 5) as Buffer<ArrayBuffer>, 3)).stored;
  const two = Buffer.concat([one, (await packFrame(rowLike(10, 5) as Buffer<ArrayBuffer>, 3)).stored]);
  expect(frameLength(two)).toBe(one.length);
  for (let cut = 0; cut < one.length; cut += 97) {
    expect(frameLength(two.subarray(0, cut))).toBeUndefined();
    expect(frameLength(two.subarray(0, cut), two.subarray(cut, one.length - 1))).toBeUndefined();
    expect(frameLength(two.subarray(0, cut), two.subarray(cut))).toBe(one.length);
  }
  expect(() => frameLength(Buffer.from('not zstd at all'))).toThrow(RangeError);
});

/** Takes what it is given and keeps only the newest chunk's bytes in sight: a store that is slow and counts. */
class SlowStore extends MemoryStore {
  taken = 0;
  override async create(key: string, body: AsyncIterable<Uint8Array>) {
    const hash = createHash('sha256');
    let size = 0;
    for await (const piece of body) {
      hash.update(piece);
      size += piece.length;
      this.taken += 1;
      if (this.taken % 16 === 0) await new Promise((resolve) => setImmediate(resolve));
    }
    return { size, sha256: hash.digest('hex'), created: true };
  }
}

test('a value of 200 MiB passes through in a fixed number of frames', async () => {
  const store = new SlowStore();
  const { chunks, sink, pool } = packer(store);
  const piece = rowLike(300_000, 1);
  const pieces = Math.ceil((200 * frameBytes) / piece.length);
  let most = 0;
  for (let n = 0; n < pieces; n += 1) {
    await sink.append(piece, 0, piece.length);
    most = Math.max(most, pool.inUse);
  }
  expect(sink.full).toBe(true);
  await sink.endChunk(1);
  await sink.finish();
  expect(chunks).toHaveLength(1);
  expect(chunks[0]?.rawBytes).toBe(pieces * piece.length);
  expect(most).toBeLessThanOrEqual(5);
});

test('a source larger than the pool is copied whole, and the packer asks to wait', async () => {
  const store = new MemoryStore();
  const { chunks, sink } = packer(store);
  const bytes = rowLike(9 * frameBytes, 4);
  const wait = sink.append(bytes, 0, bytes.length);
  expect(wait).toBeInstanceOf(Promise);
  const copy = Buffer.from(bytes);
  bytes.fill(0);
  await wait;
  await sink.endChunk(1);
  await sink.finish();
  expect((await collect(unpack(store, chunks[0] as StoredChunk))).equals(copy)).toBe(true);
});

test('a store that fails ends the task, gives every buffer back, and hangs nobody', async () => {
  class Failing extends MemoryStore {
    override async create(key: string, body: AsyncIterable<Uint8Array>) {
      let pieces = 0;
      for await (const _ of body) {
        pieces += 1;
        if (pieces === 3) {
          throw new TidemarkError({
            code: 'repository-failed',
            operation: 'store',
            subject: key,
            cause: 'disk full',
          });
        }
      }
      return super.create(key, Buffer.alloc(0));
    }
  }
  const { chunks, sink, pool } = packer(new Failing());
  const piece = rowLike(frameBytes, 1);
  const fill = async () => {
    for (let n = 0; n < 50; n += 1) await sink.append(piece, 0, piece.length);
  };
  await expect(fill()).rejects.toMatchObject({ code: 'repository-failed' });
  await expect(sink.endChunk(1)).rejects.toMatchObject({ code: 'repository-failed' });
  await expect(sink.finish()).rejects.toMatchObject({ code: 'repository-failed' });
  await sink.abandon(new Error('over'));
  expect(pool.inUse).toBe(0);
  expect(chunks).toEqual([]);
});

test('an abandoned task stores nothing of the chunk it was in', async () => {
  const store = new MemoryStore();
  const { chunks, sink, pool } = packer(store);
  const piece = rowLike(3 * frameBytes, 1);
  await sink.append(piece, 0, piece.length);
  await sink.abandon(new Error('the connection is gone'));
  expect(await store.size('c/0.copy.zst')).toBeUndefined();
  expect(chunks).toEqual([]);
  expect(pool.inUse).toBe(0);
});

test('a chunk without rows makes no object, and a task may not end inside a chunk', async () => {
  const store = new MemoryStore();
  const { chunks, sink } = packer(store);
  await sink.endChunk(0);
  await sink.finish();
  expect(chunks).toEqual([]);
  await sink.append(Buffer.from('a\n'), 0, 2);
  await expect(sink.finish()).rejects.toMatchObject({ code: 'internal' });
  await sink.abandon(new Error('over'));
});

test('a stream packs and comes back, and one stored as it came is checked the same way', async () => {
  const store = new MemoryStore();
  const bytes = rowLike(frameBytes * 2 + 3, 7);
  async function* source() {
    for (let at = 0; at < bytes.length; at += 70_001) yield bytes.subarray(at, at + 70_001);
  }
  const packed = packStream(source(), 3);
  const object = await store.create('s', packed.body);
  const ref = {
    object: 's',
    offset: 0,
    length: object.size,
    sha256: object.sha256,
    rawBytes: packed.rawBytes(),
  };
  expect((await collect(unpack(store, ref))).equals(bytes)).toBe(true);
  const plain = await store.create('p', bytes);
  const plainRef = { object: 'p', offset: 0, length: plain.size, sha256: plain.sha256, rawBytes: plain.size };
  expect((await collect(readUnpacked(store, plainRef))).equals(bytes)).toBe(true);
  const given: Buffer[] = [];
  const read = async () => {
    for await (const piece of readUnpacked(store, { ...plainRef, sha256: object.sha256 })) given.push(piece);
  };
  await expect(read()).rejects.toMatchObject({ code: 'bad-bytes' });
  expect(Buffer.concat(given).length).toBeLessThan(bytes.length);
});

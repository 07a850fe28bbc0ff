/** Rows of the text protocol, however their bytes are cut, become the form that LOAD DATA reads. */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import {
  PacketReader,
  type RowConsumer,
} from '../../../../../../shard-agent/engines/mysql/connection/packet-reader.ts';
import { TsvRows } from '../../../../../../shard-agent/engines/mysql/backup/tsv.ts';
import type { RawSink } from '../../../../../../shard-agent/engine.ts';

type Row = (Buffer | null)[];

function lengthPrefix(length: number): Buffer {
  if (length < 0xfb) return Buffer.from([length]);
  if (length < 0x1_0000) return Buffer.from([0xfc, length & 0xff, length >> 8]);
  if (length < 0x100_0000) return Buffer.from([0xfd, length & 0xff, (length >> 8) & 0xff, length >> 16]);
  const long = Buffer.alloc(9, 0xfe);
  long.writeBigUInt64LE(BigInt(length), 1);
  return long;
}

function payloadOf(row: Row): Buffer {
  return Buffer.concat(
    row.map((value) =>
      value === null ? Buffer.from([0xfb]) : Buffer.concat([lengthPrefix(value.length), value]),
    ),
  );
}

/** Packets as a server sends them: split at 16 MiB - 1, a full one followed by another. */
function packetsOf(payload: Buffer): Buffer {
  const parts: Buffer[] = [];
  for (let at = 0; ; at += 0xffffff) {
    const part = payload.subarray(at, at + 0xffffff);
    parts.push(Buffer.from([part.length & 0xff, (part.length >> 8) & 0xff, part.length >> 16, 0]), part);
    if (part.length < 0xffffff) return Buffer.concat(parts);
  }
}

/** The manual's own rules, one value after the other. */
function expected(row: Row): string {
  const letters: Record<string, string> = { '\\': '\\\\', '\t': '\\t', '\n': '\\n', '\0': '\\0' };
  return `${row
    .map((value) =>
      value === null ? '\\N' : value.toString('latin1').replace(/[\\\t\n\0]/g, (one) => letters[one] ?? ''),
    )
    .join('\t')}\n`;
}

class Collector implements RawSink {
  text = '';
  readonly chunks: { rows: number; bytes: number }[] = [];
  readonly largestRows: (number | undefined)[] = [];
  #size = 0;
  readonly #limit: number;
  readonly #slow: boolean;

  constructor(limit: number, slow: boolean) {
    this.#limit = limit;
    this.#slow = slow;
  }
  append(source: Uint8Array, start: number, end: number): Promise<void> | undefined {
    this.text += Buffer.from(source.subarray(start, end)).toString('latin1');
    this.#size += end - start;
    return this.#slow ? Promise.resolve() : undefined;
  }
  get full(): boolean {
    return this.#size >= this.#limit;
  }
  endChunk(rows: number, largestRow?: number): Promise<void> {
    this.chunks.push({ rows, bytes: this.#size });
    this.largestRows.push(largestRow);
    this.#size = 0;
    return Promise.resolve();
  }
}

/** Feeds the bytes in pieces of the sizes given, in turn, as a socket would. */
async function read(bytes: Buffer, pieces: readonly number[], sink: Collector): Promise<void> {
  const rows = new TsvRows(sink);
  const consumer: RowConsumer = rows;
  const reader = new PacketReader(
    { next: 0 },
    () => consumer,
    () => undefined,
  );
  for (let at = 0, turn = 0; at < bytes.length; turn += 1) {
    const end = Math.min(bytes.length, at + (pieces[turn % pieces.length] ?? 1));
    // Each read overwrites the one before: nothing may refer to it afterwards.
    const piece = Buffer.from(bytes.subarray(at, end));
    for (let from = 0; from < piece.length || rows.waiting; ) {
      from = reader.read(piece, from, piece.length);
      await rows.settle();
    }
    piece.fill(0xee);
    at = end;
  }
  await rows.finish();
}

/** Many of the bytes that are escaped, and of those beside them. */
const byte = fc.oneof(
  fc.constantFrom(0x00, 0x09, 0x0a, 0x0b, 0x5b, 0x5c, 0x5d),
  fc.integer({ min: 0, max: 255 }),
);
const value = fc.option(
  fc
    .oneof(fc.array(byte, { maxLength: 40 }), fc.array(fc.integer({ min: 0, max: 255 }), { maxLength: 600 }))
    .map((bytes) => Buffer.from(bytes)),
  { nil: null },
);

test('any rows in any pieces give the same text', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.integer({ min: 1, max: 5 }).chain((columns) =>
        fc.array(fc.array(value, { minLength: columns, maxLength: columns }), {
          minLength: 1,
          maxLength: 20,
        }),
      ),
      fc.array(fc.oneof(fc.integer({ min: 1, max: 60 }), fc.integer({ min: 1, max: 20_000 })), {
        minLength: 1,
        maxLength: 5,
      }),
      fc.boolean(),
      async (rows, pieces, slow) => {
        const sink = new Collector(1 << 20, slow);
        await read(Buffer.concat(rows.map((row) => packetsOf(payloadOf(row)))), pieces, sink);
        expect(sink.text).toBe(rows.map(expected).join(''));
        expect(sink.chunks).toEqual([{ rows: rows.length, bytes: sink.text.length }]);
      },
    ),
  );
});

test('values longer than the scratch buffer, and packets of 16 MiB, go through in pieces', async () => {
  for (const length of [65_535, 65_536, 300_000, 0xffffff - 4, 0xffffff - 3, 0xffffff, 0xffffff + 1]) {
    const row: Row = [Buffer.alloc(length, 'abc\t'), null];
    const sink = new Collector(Number.MAX_SAFE_INTEGER, false);
    await read(packetsOf(payloadOf(row)), [8_192, 1_000_000], sink);
    expect(sink.text.length).toBe(expected(row).length);
    expect(sink.text.endsWith('\t\\N\n')).toBe(true);
    expect(sink.chunks).toHaveLength(1);
  }
});

test('chunks end at rows, at the first boundary after the sink is full', async () => {
  const rows: Row[] = Array.from({ length: 1_000 }, (_, index) => [
    Buffer.from(String(index)),
    Buffer.alloc(1_000, 'x'),
  ]);
  const sink = new Collector(200_000, true);
  await read(Buffer.concat(rows.map((row) => packetsOf(payloadOf(row)))), [8_192], sink);
  expect(sink.text).toBe(rows.map(expected).join(''));
  expect(sink.chunks.reduce((sum, chunk) => sum + chunk.rows, 0)).toBe(1_000);
  expect(sink.chunks.length).toBeGreaterThanOrEqual(4);
  for (const chunk of sink.chunks) expect(chunk.bytes).toBeLessThan(200_000 + 66_000);
});

test.each([[300_000], [8_192], [1_000_000, 7]])(
  'the largest row of a chunk is told, whole or in pieces of %i bytes',
  async (...pieces) => {
    const rows = [10, 400_000, 270_000, 20].map((length): Row => [Buffer.alloc(length, 'x'), null]);
    const sink = new Collector(Number.MAX_SAFE_INTEGER, false);
    await read(Buffer.concat(rows.map((row) => packetsOf(payloadOf(row)))), pieces, sink);
    expect(sink.largestRows).toEqual([payloadOf(rows[1] ?? []).length]);
    const small = new Collector(Number.MAX_SAFE_INTEGER, false);
    await read(packetsOf(payloadOf([Buffer.alloc(200_000)])), pieces, small);
    expect(small.largestRows).toEqual([undefined]);
  },
);

test('a table without rows makes no chunk', async () => {
  const sink = new Collector(10, false);
  await read(Buffer.alloc(0), [1], sink);
  expect(sink.chunks).toEqual([]);
});

import fc from 'fast-check';
import type net from 'node:net';
import { expect, test } from 'vitest';
import { copyOut } from '../../../../../../shard-agent/engines/postgres/backup/copy-out.ts';
import type { Wire } from '../../../../../../shard-agent/engines/postgres/connection/wire.ts';
import type { RawSink } from '../../../../../../shard-agent/engine.ts';

const signal = new AbortController().signal;
const asText = { sql: 'COPY t TO STDOUT', binary: false };
const asBinary = { sql: 'COPY t TO STDOUT WITH (FORMAT binary)', binary: true };

function message(type: string, body: Buffer | string): Buffer {
  const bytes = typeof body === 'string' ? Buffer.from(body, 'latin1') : body;
  const header = Buffer.alloc(5);
  header.write(type, 'latin1');
  header.writeInt32BE(bytes.length + 4, 1);
  return Buffer.concat([header, bytes]);
}

/**
 * A server that answers a query with those bytes, cut at those lengths, and then closes; the buffer is spoilt after
 * each read.
 */
function wireWith(answer: Buffer, cuts: () => number): Wire {
  let read: Parameters<Wire['take']>[0];
  let closed: Parameters<Wire['take']>[1];
  const feed = async (): Promise<void> => {
    for (let at = 0; at < answer.length; ) {
      const length = cuts();
      const buffer = Buffer.from(answer.subarray(at, at + length));
      at += length;
      await read(buffer).wait;
      buffer.fill(0xee);
    }
    closed(new Error('the server closed the connection'));
  };
  return {
    socket: { write: () => void feed() } as unknown as net.Socket,
    take: (consumer, failed) => {
      read = consumer;
      closed = failed;
    },
    release: () => undefined,
  };
}

function collect(limit: number, slow: boolean): RawSink & { chunks: { rows: number; text: string }[] } {
  let text = '';
  const chunks: { rows: number; text: string }[] = [];
  return {
    chunks,
    append(source, start, end) {
      text += Buffer.from(source.subarray(start, end)).toString('latin1');
      return slow ? new Promise((resolve) => setImmediate(resolve)) : undefined;
    },
    get full() {
      return text.length >= limit;
    },
    endChunk(rows) {
      chunks.push({ rows, text });
      text = '';
      return Promise.resolve();
    },
  };
}

test('whatever the cuts and the sink, every byte comes once, and chunks end at rows', async () => {
  const rows = fc.array(fc.string({ maxLength: 30 }).map((row) => `${row.replaceAll('\n', ' ')}\n`));
  await fc.assert(
    fc.asyncProperty(
      rows,
      fc.infiniteStream(fc.integer({ min: 1, max: 50 })),
      fc.boolean(),
      fc.integer({ min: 1, max: 100 }),
      async (sent, cuts, slow, limit) => {
        const answer = Buffer.concat([
          message('H', '\0\0\0'),
          ...sent.map((row) => message('d', row)),
          message('c', ''),
          message('C', `COPY ${sent.length}\0`),
          message('Z', 'T'),
        ]);
        const sink = collect(limit, slow);
        const counted = await copyOut(
          wireWith(answer, () => cuts.next().value ?? 1),
          asText,
          sink,
          signal,
        );
        expect(counted).toBe(sent.length);
        expect(sink.chunks.map((chunk) => chunk.text).join('')).toBe(sent.join(''));
        for (const chunk of sink.chunks) expect(chunk.text.split('\n').length - 1).toBe(chunk.rows);
        expect(sink.chunks.every((chunk) => chunk.rows > 0)).toBe(true);
      },
    ),
  );
});

const header = Buffer.from('PGCOPY\n\xff\r\n\0\0\0\0\0\0\0\0\0', 'latin1');
const trailer = Buffer.from([0xff, 0xff]);

/** What a server sends for these rows. Before 18, and in it, the header comes with the first message; it may come alone. */
function binaryAnswer(rows: readonly Buffer[], headerAlone: boolean): Buffer {
  const bodies = [...rows, trailer];
  const first = headerAlone ? [header] : [Buffer.concat([header, bodies.shift() ?? trailer])];
  return Buffer.concat([
    message('H', '\x01\0\0'),
    ...[...first, ...bodies].map((body) => message('d', body)),
    message('c', ''),
    message('C', `COPY ${rows.length}\0`),
    message('Z', 'T'),
  ]);
}

/** One column of these bytes. */
function binaryRow(value: Uint8Array): Buffer {
  const head = Buffer.alloc(6);
  head.writeInt16BE(1, 0);
  head.writeInt32BE(value.length, 2);
  return Buffer.concat([head, value]);
}

test('every chunk of binary rows has a header and a trailer, and the rows in between are the server’s', async () => {
  const rows = fc.array(fc.uint8Array({ maxLength: 30 }).map(binaryRow));
  await fc.assert(
    fc.asyncProperty(
      rows,
      fc.boolean(),
      fc.infiniteStream(fc.integer({ min: 1, max: 50 })),
      fc.boolean(),
      fc.integer({ min: 1, max: 100 }),
      async (sent, headerAlone, cuts, slow, limit) => {
        const answer = binaryAnswer(sent, headerAlone);
        const sink = collect(limit, slow);
        const wire = wireWith(answer, () => cuts.next().value ?? 1);
        expect(await copyOut(wire, asBinary, sink, signal)).toBe(sent.length);
        const chunks = sink.chunks.map(({ text }) => Buffer.from(text, 'latin1'));
        for (const chunk of chunks) {
          expect(chunk.subarray(0, header.length)).toEqual(header);
          expect(chunk.subarray(-2)).toEqual(trailer);
        }
        const inner = chunks.map((chunk) => chunk.subarray(header.length, -2));
        expect(Buffer.concat(inner)).toEqual(Buffer.concat(sent));
        let row = 0;
        for (const [index, bytes] of inner.entries()) {
          const counted = sink.chunks[index]?.rows ?? 0;
          expect(counted).toBeGreaterThan(0);
          expect(bytes).toEqual(Buffer.concat(sent.slice(row, row + counted)));
          row += counted;
        }
      },
    ),
  );
});

test('what does not begin as binary rows do is no copy', async () => {
  const answer = Buffer.concat([message('d', 'PGCOPX\n'), message('C', 'COPY 0\0'), message('Z', 'T')]);
  const wire = wireWith(answer, () => 3);
  await expect(copyOut(wire, asBinary, collect(10, false), signal)).rejects.toThrow(/binary rows/);
});

test("a count that is not the server's is no copy", async () => {
  const answer = Buffer.concat([message('d', 'a\n'), message('C', 'COPY 2\0'), message('Z', 'T')]);
  await expect(
    copyOut(
      wireWith(answer, () => 100),
      asText,
      collect(10, false),
      signal,
    ),
  ).rejects.toThrow(/counted 1 rows/);
});

test('an error of the server is thrown when it is ready again', async () => {
  const answer = Buffer.concat([message('E', 'VERROR\0C22P02\0Mbad\0\0'), message('Z', 'E')]);
  await expect(
    copyOut(
      wireWith(answer, () => 7),
      asText,
      collect(10, false),
      signal,
    ),
  ).rejects.toMatchObject({ code: '22P02' });
});

test('whatever is cut off the end of an answer, what is left is no copy', async () => {
  const answer = Buffer.concat([
    message('N', 'Mnotice\0\0'),
    message('H', '\0\0\0'),
    message('d', 'a\n'),
    message('S', 'TimeZone\0UTC\0'),
    message('d', 'b\n'),
    message('c', ''),
    message('C', 'COPY 2\0'),
    message('Z', 'T'),
  ]);
  for (let length = 0; length < answer.length; length += 1) {
    const wire = wireWith(answer.subarray(0, length), () => 5);
    await expect(copyOut(wire, asText, collect(1, false), signal)).rejects.toThrow(/closed the connection/);
  }
  expect(
    await copyOut(
      wireWith(answer, () => 5),
      asText,
      collect(1, false),
      signal,
    ),
  ).toBe(2);
});

test("the server's last words before it closes are the reason", async () => {
  const answer = message('E', 'VFATAL\0C57P01\0Mterminating connection\0\0');
  await expect(
    copyOut(
      wireWith(answer, () => 7),
      asText,
      collect(10, false),
      signal,
    ),
  ).rejects.toMatchObject({ code: '57P01', severity: 'FATAL' });
});

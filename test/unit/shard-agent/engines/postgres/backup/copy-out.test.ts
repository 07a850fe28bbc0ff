import fc from 'fast-check';
import type net from 'node:net';
import { expect, test } from 'vitest';
import { copyOut } from '../../../../../../shard-agent/engines/postgres/backup/copy-out.ts';
import type { Wire } from '../../../../../../shard-agent/engines/postgres/connection/wire.ts';
import type { RawSink } from '../../../../../../shard-agent/engine.ts';

const signal = new AbortController().signal;

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
          'COPY t TO STDOUT',
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

test("a count that is not the server's is no copy", async () => {
  const answer = Buffer.concat([message('d', 'a\n'), message('C', 'COPY 2\0'), message('Z', 'T')]);
  await expect(
    copyOut(
      wireWith(answer, () => 100),
      '',
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
      '',
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
    await expect(copyOut(wire, '', collect(1, false), signal)).rejects.toThrow(/closed the connection/);
  }
  expect(
    await copyOut(
      wireWith(answer, () => 5),
      '',
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
      '',
      collect(10, false),
      signal,
    ),
  ).rejects.toMatchObject({ code: '57P01', severity: 'FATAL' });
});

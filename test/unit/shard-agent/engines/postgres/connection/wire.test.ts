import fc from 'fast-check';
import { expect, test } from 'vitest';
import { Deframer, ServerError } from '../../../../../../shard-agent/engines/postgres/connection/wire.ts';

interface Message {
  type: number;
  body: Buffer;
}

function frame({ type, body }: Message): Buffer {
  const header = Buffer.alloc(5);
  header[0] = type;
  header.writeInt32BE(body.length + 4, 1);
  return Buffer.concat([header, body]);
}

const messages = fc.array(
  fc.record({
    type: fc.constantFrom(0x64, 0x64, 0x64, 0x4e, 0x43, 0x5a),
    body: fc.uint8Array({ maxLength: 40 }).map((bytes) => Buffer.from(bytes)),
  }),
  { maxLength: 20 },
);

test('whatever the cuts, rows come whole and in order, and other messages between them', () => {
  fc.assert(
    fc.property(messages, fc.infiniteStream(fc.integer({ min: 1, max: 23 })), (sent, cuts) => {
      const got: Message[] = [];
      let row: Buffer[] = [];
      const deframer = new Deframer(
        (bytes, start, end, left) => {
          row.push(Buffer.from(bytes.subarray(start, end)));
          if (left > 0) return;
          got.push({ type: 0x64, body: Buffer.concat(row) });
          row = [];
        },
        (type, body) => got.push({ type, body }),
      );
      const wire = Buffer.concat(sent.map(frame));
      for (let at = 0; at < wire.length; ) {
        const length = cuts.next().value ?? 1;
        deframer.push(Buffer.from(wire.subarray(at, at + length)));
        at += length;
      }
      expect(got).toEqual(sent);
    }),
  );
});

test('a message that is no row and too long to be true is refused', () => {
  const deframer = new Deframer(
    () => undefined,
    () => undefined,
  );
  const header = Buffer.from([0x45, 0x7f, 0xff, 0xff, 0xff]);
  expect(() => deframer.push(Buffer.concat([header, Buffer.alloc(10)]))).toThrow(/a message of \d+ bytes/);
});

test('an error response is read by its fields', () => {
  const error = new ServerError(Buffer.from('SFEHLER\0VERROR\0C55P03\0Mcould not\0Dbecause\0\0', 'latin1'));
  expect(error).toMatchObject({ severity: 'ERROR', code: '55P03', message: 'could not', detail: 'because' });
});

import { expect, test } from 'vitest';
import { rowCounter } from '../../../shard-agent/row-counter.ts';

function binaryRows(rows: readonly (readonly (string | null)[])[]): Buffer {
  const signature = Buffer.from('5047434f50590aff0d0a00', 'hex');
  const int32 = (number: number) => {
    const bytes = Buffer.alloc(4);
    bytes.writeInt32BE(number);
    return bytes;
  };
  const int16 = (number: number) => int32(number).subarray(2);
  const field = (value: string | null) =>
    value === null ? int32(-1) : Buffer.concat([int32(Buffer.byteLength(value)), Buffer.from(value)]);
  const body = rows.flatMap((row) => [int16(row.length), ...row.map(field)]);
  return Buffer.concat([signature, int32(0), int32(3), Buffer.from('ext'), ...body, int16(-1)]);
}

test.each([
  { rows: [] },
  { rows: [['a\nb', null, '']] },
  { rows: [[], []] },
  {
    rows: [
      ['x'.repeat(300), '\n\n'],
      [null, null],
      ['', 'y'],
    ],
  },
])('rows of the binary form are counted whatever they hold and wherever the pieces end', ({ rows }) => {
  const bytes = binaryRows(rows);
  for (const step of [1, 2, 3, 7, bytes.length]) {
    const counter = rowCounter('copy-binary');
    for (let at = 0; at < bytes.length; at += step) counter.push(bytes.subarray(at, at + step));
    expect(counter.rows).toBe(rows.length);
  }
});

test('in the text forms every newline ends a row', () => {
  const counter = rowCounter('tsv');
  for (const piece of ['1\ta', '\n2\t\\n', '\n']) counter.push(Buffer.from(piece));
  expect(counter.rows).toBe(2);
});

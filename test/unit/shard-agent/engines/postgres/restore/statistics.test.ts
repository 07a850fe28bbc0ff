import { expect, test } from 'vitest';
import { batchesOf } from '../../../../../../shard-agent/engines/postgres/restore/statistics.ts';

async function batches(text: string, pieceBytes: number, bytes: number): Promise<string[][]> {
  async function* input(): AsyncIterable<Uint8Array> {
    const all = Buffer.from(text);
    for (let at = 0; at < all.length; at += pieceBytes) yield all.subarray(at, at + pieceBytes);
  }
  return Array.fromAsync(batchesOf(input(), bytes));
}

test('lines stay whole, wherever the pieces end', async () => {
  for (const pieceBytes of [1, 2, 3, 7, 100])
    expect(await batches('one\ntwö\n\u{1f40d}\nfour\n', pieceBytes, 6)).toEqual([
      ['one', 'twö'],
      ['\u{1f40d}', 'four'],
    ]);
});

test('a line that is longer than a batch is one', async () => {
  expect(await batches('a long line\nb\nc\n', 5, 3)).toEqual([['a long line'], ['b', 'c']]);
});

test('a last line that has no end is not lost, and of nothing there is no batch', async () => {
  expect(await batches('a\nb', 1, 100)).toEqual([['a', 'b']]);
  expect(await batches('', 1, 100)).toEqual([]);
});

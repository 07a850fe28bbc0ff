import { expect, test } from 'vitest';
import { hashObject } from '../../../repository/object-check.ts';
import { MemoryStore } from '../../../repository/stores/memory.ts';
import { flipped, sha256 } from './fixtures.ts';
import { expectFailure } from './object-store.conformance.ts';

const body = Buffer.from('one chunk, and another');
const ref = { object: 'shop/a', offset: 4, length: 5, sha256: sha256(body.subarray(4, 9)) };

test('the named bytes of an object are compared, and no others', async () => {
  const store = new MemoryStore();
  await store.create('shop/a', body);
  await hashObject(store, ref);
  for (let at = 0; at < body.length; at++) {
    await store.replace('shop/a', flipped(body, at, 1));
    if (at < 4 || at >= 9) await hashObject(store, ref);
    else await expectFailure(hashObject(store, ref), 'bad-bytes', 'shop/a');
  }
});

test('a missing or shortened object is bad bytes', async () => {
  const store = new MemoryStore();
  await expectFailure(hashObject(store, ref), 'bad-bytes', 'shop/a');
  await store.create('shop/a', body.subarray(0, 8));
  const error = await expectFailure(hashObject(store, ref), 'bad-bytes', 'shop/a');
  expect(error.reason).toContain('8 bytes');
});

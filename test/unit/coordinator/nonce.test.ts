import { expect, test } from 'vitest';
import { beginRepositoryProof } from '../../../coordinator/nonce.ts';
import { MemoryStore } from '../../../repository/stores/memory.ts';
import { keysOf } from './stored-cluster.ts';

test('an agent that writes to the same repository is confirmed, and nothing is left', async () => {
  const store = new MemoryStore();
  const proof = await beginRepositoryProof(store, 'shop');
  const { key, value, replyKey } = proof.nonceFor('shop-00');
  expect((await store.readSmall(key))?.toString()).toBe(value);
  await store.create(replyKey, Buffer.from(value));
  await proof.confirm('shop-00');
  await proof.clear();
  expect(await keysOf(store)).toEqual([]);
});

test('every shard has a reply of its own', async () => {
  const proof = await beginRepositoryProof(new MemoryStore(), 'shop');
  const keys = ['a', 'b', 'a'].map((shard) => proof.nonceFor(shard).replyKey);
  expect(keys[0]).toBe(keys[2]);
  expect(keys[0]).not.toBe(keys[1]);
});

test('no answer, another answer, and another repository are refused', async () => {
  const store = new MemoryStore();
  const proof = await beginRepositoryProof(store, 'shop');
  const { value, replyKey } = proof.nonceFor('shop-00');
  await new MemoryStore().create(replyKey, Buffer.from(value));
  await expect(proof.confirm('shop-00')).rejects.toMatchObject({ code: 'repository-mismatch', exitCode: 2 });
  await store.create(replyKey, Buffer.from('other'));
  await expect(proof.confirm('shop-00')).rejects.toMatchObject({ code: 'repository-mismatch' });
  await expect(proof.confirm('never-asked')).rejects.toMatchObject({ code: 'repository-mismatch' });
});

test('a question that cannot be read back is an error, and is not left behind', async () => {
  const store = new MemoryStore();
  store.readSmall = () => Promise.resolve(undefined);
  await expect(beginRepositoryProof(store, 'shop')).rejects.toMatchObject({ code: 'repository-failed' });
  expect(await keysOf(store)).toEqual([]);
});

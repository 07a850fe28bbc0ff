/** Orders that no coordinator of this version sends, to an agent that does not rely on that. */
import { randomBytes } from 'node:crypto';
import { expect, test } from 'vitest';
import type { Load } from '../../../proto/gen/tidemark/v1/Load.ts';
import type { Prepare } from '../../../proto/gen/tidemark/v1/Prepare.ts';
import { nonceKey, sealKey } from '../../../repository/layout.ts';
import {
  backUp,
  BarrierTalk,
  contextOf,
  fillShop,
  openAgent,
  prepareOf,
  runCopy,
  set,
  takeCut,
} from './agent-fixture.ts';

test.each<[string, Partial<Prepare>, RegExp]>([
  ['no lanes', { lanes: 0 }, /lanes 0/],
  ['thousands of lanes', { lanes: 5000 }, /lanes 5000/],
  ['chunks without a size', { chunkBytes: 0 }, /chunk bytes 0/],
  ['a hold of an hour', { holdLimitMs: 3_600_000 }, /hold limit 3600000/],
  ['a hold that is no number', { holdLimitMs: Number.NaN }, /hold limit NaN/],
  ['a hold without end', { holdLimitMs: Number.POSITIVE_INFINITY }, /hold limit Infinity/],
  ['snapshots for ever', { copyLimitMs: Number.POSITIVE_INFINITY }, /copy limit/],
  ['globals in a way of its own', { globals: 'all' }, /"all" is no way to store globals/],
  ['a grace without end', { graceMs: Number.POSITIVE_INFINITY }, /grace/],
  ['a wait of less than nothing', { cancelAutovacuumMs: -1 }, /wait for an autovacuum -1/],
  ['a set that is a path', { context: contextOf(1, { set: '../../x' }) }, /no id of a backup set/],
  ['no cluster', { context: contextOf(1, { cluster: '' }) }, /no cluster/],
  [
    'a lease number beyond counting',
    { context: contextOf(1, { leaseNumber: '18446744073709551615' }) },
    /lease/,
  ],
])('a backup with %s is refused, and nothing is held', async (_, more, reason) => {
  const { client, server } = await openAgent();
  const refused = new BarrierTalk(client).ask({ prepare: prepareOf(1, more) });
  await expect(refused).rejects.toMatchObject({ code: 'internal', reason: expect.stringMatching(reason) });
  expect(server.openSessions).toBe(0);
});

test.each<[string, Partial<Load>]>([
  ['an id that is no name', { restore: 'r1; DROP DATABASE x' }],
  ['no id', { restore: '' }],
  ['too long an id', { restore: 'r'.repeat(25) }],
  ['no lanes', { lanes: 0 }],
])('a restore with %s is refused before anything is made', async (_, more) => {
  const { client, server } = await openAgent();
  fillShop(server);
  const manifest = await backUp(client);
  const call = client.restore();
  const load = { context: contextOf(0), restore: 'r1', sourceShard: 'shop-00', manifest, lanes: 2, ...more };
  call.send({ load });
  await expect(call[Symbol.asyncIterator]().next()).rejects.toMatchObject({ code: 'internal' });
  expect([server.staged.size, server.openSessions]).toEqual([0, 0]);
});

test('an agent writes no other object than a nonce of the cluster for a coordinator', async () => {
  const { client, store } = await openAgent();
  const value = randomBytes(8).toString('hex');
  const key = nonceKey('shop', 'question');
  await store.create(key, Buffer.from(value));
  for (const replyKey of [sealKey('shop', set), nonceKey('other', 'answer'), '../outside']) {
    const { findings } = await client.check({ context: contextOf(), nonce: { key, value, replyKey } });
    expect(findings).toMatchObject([{ code: 'internal', cause: expect.stringContaining('no nonces') }]);
  }
  expect(await store.size(sealKey('shop', set))).toBeUndefined();
});

test('a copy without a lease is refused', async () => {
  const { client, server } = await openAgent();
  fillShop(server);
  await takeCut(client);
  await expect(runCopy(client, contextOf(0))).rejects.toMatchObject({ code: 'internal' });
  expect(await client.abort({ context: contextOf() })).toEqual({ aborted: 'cut' });
});

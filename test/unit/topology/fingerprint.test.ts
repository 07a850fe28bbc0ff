import { expect, test } from 'vitest';
import { topologyFingerprint } from '../../../topology/fingerprint.ts';

const shards = [
  { name: 'shop-00', family: 'postgresql' },
  { name: 'shop-01', family: 'mariadb' },
];
const fingerprint = topologyFingerprint('shop', shards);

test('it is a SHA-256 that stays the same from version to version', () => {
  expect(fingerprint).toBe('12b18ef1059352a65ef90f1d068b8e1f0c1e0018d325543fe862563c6a160fb3');
});

test('the order of the shards does not matter', () => {
  expect(topologyFingerprint('shop', shards.toReversed())).toBe(fingerprint);
});

test('what is not part of it does not matter', () => {
  const moved = shards.map((shard) => ({ ...shard, agent: 'elsewhere:1', version: '99' }));
  expect(topologyFingerprint('shop', moved)).toBe(fingerprint);
});

test.each([
  ['another cluster', 'shop2', shards],
  ['a shard more', 'shop', [...shards, { name: 'shop-02', family: 'mariadb' }]],
  ['a shard less', 'shop', shards.slice(1)],
  ['another name', 'shop', [{ name: 'shop-0', family: 'postgresql' }, ...shards.slice(1)]],
  ['another family', 'shop', [{ name: 'shop-00', family: 'mysql' }, ...shards.slice(1)]],
  [
    'families exchanged',
    'shop',
    [
      { name: 'shop-00', family: 'mariadb' },
      { name: 'shop-01', family: 'postgresql' },
    ],
  ],
])('%s has another fingerprint', (_, cluster, others) => {
  expect(topologyFingerprint(cluster, others)).not.toBe(fingerprint);
});

test('names that run together stay apart', () => {
  expect(topologyFingerprint('a', [{ name: 'b', family: 'c' }])).not.toBe(
    topologyFingerprint('ab', [{ name: '', family: 'c' }]),
  );
});

import fc from 'fast-check';
import { expect, test } from 'vitest';
import { assertKey, isKeyComponent } from '../../../repository/key.ts';
import * as layout from '../../../repository/layout.ts';

const anyName = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 200 }),
  fc.string({
    unit: fc.constantFrom('a', 'A', '.', '/', '%', '_', '~', '2', 'E', 'é', ' ', '\0'),
    maxLength: 12,
  }),
  fc.string({ unit: fc.constantFrom('长', 'a', '/'), minLength: 30, maxLength: 300 }),
);

test('any name becomes one valid component of at most 120 bytes', () => {
  fc.assert(
    fc.property(anyName, (name) => {
      const encoded = layout.encodeComponent(name);
      expect(isKeyComponent(encoded)).toBe(true);
      expect(encoded.length).toBeLessThanOrEqual(120);
      expect(encoded).not.toMatch(/%(?![0-9A-F]{2})/);
    }),
    { numRuns: 2000 },
  );
});

test('different names have different components', () => {
  fc.assert(
    fc.property(anyName, anyName, (a, b) => {
      fc.pre(a !== b);
      expect(layout.encodeComponent(a)).not.toBe(layout.encodeComponent(b));
    }),
    { numRuns: 5000 },
  );
});

test('a name that was not cut can be read back by percent-decoding', () => {
  fc.assert(
    fc.property(anyName, (name) => {
      const encoded = layout.encodeComponent(name);
      fc.pre(name !== '' && !encoded.includes('~'));
      expect(decodeURIComponent(encoded)).toBe(name);
    }),
    { numRuns: 2000 },
  );
});

test('all keys of any names are valid, and different tables never share one', () => {
  const table = fc.record({ database: anyName, schema: anyName, name: anyName });
  fc.assert(
    fc.property(anyName, anyName, table, table, (cluster, shard, a, b) => {
      const set = '20261120T083012Z-full';
      const keyA = layout.chunkKey(cluster, set, shard, a, '0-0', 'copy');
      const keyB = layout.chunkKey(cluster, set, shard, b, '0-0', 'copy');
      for (const key of [
        keyA,
        layout.leaseKey(cluster, 1),
        layout.intentKey(cluster, set),
        layout.manifestKey(cluster, set, shard),
        layout.schemaKey(cluster, set, shard, a.database, a.name),
        layout.nonceKey(cluster, shard),
        layout.restoreKey(cluster, shard, 'decision'),
      ]) {
        assertKey(key, 'test');
        expect(key.startsWith(layout.clusterPrefix(cluster))).toBe(true);
      }
      const same = a.database === b.database && a.schema === b.schema && a.name === b.name;
      expect(keyA === keyB).toBe(same);
    }),
    { numRuns: 1000 },
  );
});

test.each([
  ['accounts', 'accounts'],
  ['order-items_2', 'order-items_2'],
  ['v1.2', 'v1.2'],
  ['', '_'],
  ['_', '%5F'],
  ['__', '__'],
  ['.', '%2E'],
  ['..', '%2E.'],
  ['.tmp', '%2Etmp'],
  ['a/b', 'a%2Fb'],
  ['a~b', 'a%7Eb'],
  ['100%', '100%25'],
  ['é', '%C3%A9'],
  ['a'.repeat(120), 'a'.repeat(120)],
])('%j is written as %s', (name, encoded) => {
  expect(layout.encodeComponent(name)).toBe(encoded);
});

test('a long name is cut at a whole byte and carries a digest of all of it', () => {
  const [one, two] = [`${'ü'.repeat(60)}1`, `${'ü'.repeat(60)}2`];
  expect(layout.encodeComponent(one)).toMatch(/^(%[0-9A-F]{2})+~[0-9a-f]{32}$/);
  expect(layout.encodeComponent(one)).not.toBe(layout.encodeComponent(two));
});

test('half a surrogate pair is refused instead of being taken for another name', () => {
  expect(() => layout.encodeComponent('a\ud800')).toThrow(expect.objectContaining({ code: 'not-supported' }));
});

test('the keys are those of the design', () => {
  const set = '20261120T083012Z-full';
  const table = { database: 'shop', schema: 'public', name: 'orders' };
  expect(layout.leaseKey('shop', 7)).toBe('shop/lease/7.json');
  expect(layout.intentKey('shop', set)).toBe(`shop/sets/${set}/intent.json`);
  expect(layout.cutKey('shop', set)).toBe(`shop/sets/${set}/cut.json`);
  expect(layout.sealKey('shop', set)).toBe(`shop/sets/${set}/seal.json`);
  const shard = `shop/sets/${set}/shards/s0`;
  expect(layout.manifestKey('shop', set, 's0')).toBe(`${shard}/manifest.jsonl.zst`);
  expect(layout.schemaKey('shop', set, 's0', 'shop', 'archive.dump')).toBe(
    `${shard}/schema/shop/archive.dump`,
  );
  expect(layout.schemaKey('shop', set, 's0', '', 'globals.sql.zst')).toBe(
    `${shard}/schema/_/globals.sql.zst`,
  );
  expect(layout.sharedKey('shop', set, 's0', 1, 12)).toBe(`shop/sets/${set}/shards/s0/shared/1-12.zst`);
  expect(layout.chunkKey('shop', set, 's0', table, '3', 'copy')).toBe(
    `${shard}/data/shop/public/orders/3.copy.zst`,
  );
  expect(layout.chunkKey('shop', set, 's0', { ...table, schema: '' }, '3', 'tsv')).toBe(
    `${shard}/data/shop/_/orders/3.tsv.zst`,
  );
});

test('only a key of a lease has a lease number', () => {
  expect(layout.leaseNumberOf('12.json')).toBe(12);
  for (const name of ['0.json', '01.json', '1', '-1.json', '1.json.bak', 'x.json', '9999999999999999.json']) {
    expect(layout.leaseNumberOf(name), name).toBeUndefined();
  }
});

test('an id says second and type, and follows the newest', () => {
  const now = new Date('2026-11-20T08:30:12.999Z');
  expect(layout.newSetId(now, 'full', undefined)).toBe('20261120T083012Z-full');
  expect(layout.newSetId(now, 'full', '20261119T000000Z-full')).toBe('20261120T083012Z-full');
  expect(layout.newSetId(now, 'full', '20261120T083012Z-incr')).toBe('20261120T083013Z-full');
  expect(layout.newSetId(now, 'full', '20261231T235959Z-full')).toBe('20270101T000000Z-full');
});

test('ids sort by time, whatever the clock does', () => {
  const second = fc.integer({ min: 0, max: 4_000_000_000 });
  fc.assert(
    fc.property(fc.array(second, { minLength: 2, maxLength: 20 }), (seconds) => {
      const ids: string[] = [];
      for (const at of seconds) ids.push(layout.newSetId(new Date(at * 1000 + 999), 'full', ids.at(-1)));
      expect(ids.toSorted()).toEqual(ids);
      expect(new Set(ids).size).toBe(ids.length);
      expect(ids.every(layout.isSetId)).toBe(true);
    }),
  );
});

test.each([
  '',
  '20261120T083012Z',
  '20261320T083012Z-full',
  '20261120T083012Z-big',
  'latest',
  '../x',
  '20260230T000000Z-full',
])('%j is no id of a set', (id) => expect(layout.isSetId(id)).toBe(false));

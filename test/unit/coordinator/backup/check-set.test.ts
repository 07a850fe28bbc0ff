/** Step 6 of a backup: nothing that is not so gets a seal. */
import { expect, test } from 'vitest';
import { checkSet } from '../../../../coordinator/backup/check-set.ts';
import type { ShardEvidence } from '../../../../coordinator/barrier.ts';
import type { CopiedShard } from '../../../../coordinator/backup/copy-shards.ts';
import type { PreparedShard } from '../../../../coordinator/backup/prepare-shards.ts';
import { MemoryStore } from '../../../../repository/stores/memory.ts';
import { cluster, damageObject, keysOf, position, set, topology, writeShard } from '../stored-cluster.ts';

interface Copied {
  readonly store: MemoryStore;
  readonly prepared: PreparedShard[];
  readonly copied: CopiedShard[];
  readonly evidence: { readonly shards: ShardEvidence[] };
}

async function copied(): Promise<Copied> {
  const store = new MemoryStore();
  const shards: CopiedShard[] = [];
  for (const { name: shard } of topology.shards) {
    const { ref, sums } = await writeShard(store, shard);
    const server = {
      family: 'postgresql' as const,
      version: '15.18',
      identity: `server of ${shard}`,
      databases: ['shop'],
      bytes: 1,
    };
    shards.push({ shard, manifest: ref, sums, server });
  }
  const prepared = shards.map(({ shard, server }) => ({ shard, server }));
  const cuts = shards.map(({ shard }) => ({
    name: shard,
    holdMs: 8,
    cancelledAutovacuums: [],
    snapshotMs: 1,
    position: position(shard),
  }));
  return { store, prepared, copied: shards, evidence: { shards: cuts } };
}

const check = ({ store, prepared, evidence, copied: shards }: Copied) =>
  checkSet({ store, topology, set, globals: undefined }, prepared, evidence, shards);

test('a set of which all is true', async () => {
  const checked = await check(await copied());
  expect(checked.shards.map(({ line }) => line.shard)).toEqual(['shop-00', 'shop-01']);
  expect(checked.invariants).toEqual([{ name: 'money', across: 'sum', answer: '1000.00' }]);
});

type Change = (given: Copied) => Copied | Promise<Copied>;
const withSecond = (given: Copied, change: (shard: CopiedShard) => CopiedShard): Copied => ({
  ...given,
  copied: given.copied.map((shard, n) => (n === 1 ? change(shard) : shard)),
});
const onObject =
  (pattern: RegExp, damage: (bytes: Buffer) => Buffer | undefined): Change =>
  async (given) => {
    const key = (await keysOf(given.store)).find((stored) => pattern.test(stored)) ?? '';
    await damageObject(given.store, key, damage);
    return given;
  };

test.each<[string, Change, string, RegExp]>([
  [
    'a shard did not answer',
    (given) => ({ ...given, copied: given.copied.slice(1) }),
    'set-incomplete',
    /shop-00 did not answer/,
  ],
  [
    'a shard copied another cut than the barrier reached',
    ({ evidence: { shards }, ...given }) => ({
      ...given,
      evidence: {
        shards: shards.map((cut, n) =>
          n === 1 ? { ...cut, position: { ...position(cut.name), lsn: '0/1A2B3C4E' } } : cut,
        ),
      },
    }),
    'set-incomplete',
    /shop-01 copied the cut at .*0\/1A2B3C4D.*, the barrier reached .*0\/1A2B3C4E/,
  ],
  ['a chunk is missing', onObject(/shop-01\/data/, () => undefined), 'set-incomplete', /shop-01.*missing/],
  [
    'a chunk is cut',
    onObject(/shop-01\/data/, (bytes) => bytes.subarray(1)),
    'set-incomplete',
    /bytes instead of/,
  ],
  [
    'a manifest changed',
    onObject(/shop-01\/manifest/, (bytes) => bytes.subarray(1)),
    'bad-bytes',
    /manifest/,
  ],
  [
    'an agent sums up otherwise',
    (given) => withSecond(given, (shard) => ({ ...shard, sums: { ...shard.sums, rows: 31 } })),
    'set-incomplete',
    /shop-01.*rows 31 instead of 30/,
  ],
  [
    'the manifest is that of another shard',
    (given) =>
      withSecond(given, (shard) => ({ ...shard, manifest: given.copied[0]?.manifest ?? shard.manifest })),
    'set-incomplete',
    /shop-01 stored its manifest at .*shop-00/,
  ],
  [
    'another server answers than was prepared',
    (given) => withSecond(given, (shard) => ({ ...shard, server: { ...shard.server, identity: 'another' } })),
    'shard-refused',
    /another server/,
  ],
  [
    'the manifest is of another server',
    (given) => ({
      ...given,
      prepared: given.prepared.map((shard) => ({ ...shard, server: { ...shard.server, identity: 'moved' } })),
      copied: given.copied.map((shard) => ({ ...shard, server: { ...shard.server, identity: 'moved' } })),
    }),
    'set-incomplete',
    /another shard, set or server/,
  ],
])('%s', async (_, change, code, message) => {
  const failure = await check(await change(await copied())).catch((error: unknown) => error);
  expect(failure).toMatchObject({ code });
  expect(String(failure)).toMatch(message);
});

test('an agent that stores other globals than were ordered fails the set', async () => {
  const { store, prepared, evidence, copied: shards } = await copied();
  const order = { store, topology, set, globals: 'with-passwords' } as const;
  await expect(checkSet(order, prepared, evidence, shards)).rejects.toMatchObject({
    code: 'set-incomplete',
    reason: 'shop-00 stored as globals: none, ordered was: with-passwords',
  });
});

test('an object that nothing names takes nothing from the set', async () => {
  const given = await copied();
  const key = given.copied[0]?.manifest.key.replace(/[^/]+$/, 'data/shop/public/accounts/9-1.copy.zst') ?? '';
  await given.store.create(key, Buffer.from('begun again'));
  expect((await check(given)).shards).toHaveLength(2);
  expect(key).toContain(cluster);
});

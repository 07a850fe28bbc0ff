/** Complete runs over gRPC in one process, no database: backup, list, check, verify, restore. */
import { describe, expect, test } from 'vitest';
import { backup } from '../../../coordinator/backup.ts';
import { check } from '../../../coordinator/check.ts';
import { restore } from '../../../coordinator/restore.ts';
import { show } from '../../../coordinator/show.ts';
import { verify } from '../../../coordinator/verify.ts';
import type { SealBody } from '../../../repository/seal.ts';
import { openAgent } from '../shard-agent/agent-fixture.ts';
import type { FakeServer } from '../shard-agent/fake-server.ts';
import {
  atStep,
  backUp,
  contentOf,
  expectNothingLeft,
  isUntouched,
  openCluster,
  runOf,
  statesOf,
} from './agents-in-memory.ts';

const shards3 = ['shop-00', 'shop-01', 'shop-02'];

test('backup, list, check, verify, restore: what comes back is what was there', async () => {
  const source = await openCluster({ filled: true });
  const taken = await backup(runOf(source));
  expect(taken.document).toMatchObject({
    type: 'full',
    cluster: 'shop',
    consistency: 'atomic',
    attempts: 1,
    shards: shards3.map((name) => ({ name, family: 'postgresql' })),
    invariants: [{ name: 'money', across: 'sum' }],
  });
  const sums = taken.document['sums'] as { rows: number; tables: number };
  expect(sums).toMatchObject({ rows: 1200 + 1201 + 1202, tables: 6 });
  expect(await statesOf(source)).toEqual(['sealed']);
  expect((await check(runOf(source))).failure).toBeUndefined();
  const verified = await verify(runOf(source), 'latest', { decode: true });
  expect(verified.failure).toBeUndefined();
  expect(verified.document).toMatchObject({ ok: true, decoded: true, unnamed: [] });

  const target = await openCluster({ store: source.store });
  const options = { target: target.topology, mappings: [], globals: false, dryRun: false };
  const dry = await restore(runOf(source), 'latest', { ...options, dryRun: true });
  expect(dry.failure).toBeUndefined();
  expect(target.servers.every(isUntouched)).toBe(true);
  const restored = await restore(runOf(source), 'latest', options);
  expect(restored.document).toMatchObject({
    sums: { rows: sums.rows },
    invariants: taken.document['invariants'],
  });
  expect(target.servers.map(contentOf)).toEqual(source.servers.map(contentOf));
  expect(target.servers.every(({ staged }) => staged.size === 0)).toBe(true);
  await expectNothingLeft(source);
});

describe('invariants that the set recorded and a target does not declare', () => {
  const money = { name: 'money', database: 'shop', sql: 'sum accounts' };
  const reason = "the target agent's file does not declare it";

  test('are named in the plan and in the report, and do not stop the restore', async () => {
    const source = await openCluster({ filled: true });
    await backUp(source);
    // A third one, which the set has no answer for, is not asked either, and nobody misses it.
    const later = { name: 'later', database: 'shop', sql: 'no such question' };
    const target = await openCluster({
      store: source.store,
      invariants: (n) => (n === 1 ? [later] : [money, later]),
    });
    const options = { target: target.topology, mappings: [], globals: false, dryRun: false };
    const dry = await restore(runOf(source), 'latest', { ...options, dryRun: true });
    expect(dry.failure).toBeUndefined();
    expect((dry.document['shards'] as { notAsked: unknown }[]).map(({ notAsked }) => notAsked)).toEqual([
      [],
      [{ name: 'money', reason }],
      [],
    ]);
    expect(dry.text).toContain(`shop-01: invariant money: ${reason}`);

    const restored = await restore(runOf(source), 'latest', options);
    expect(restored.failure).toBeUndefined();
    // A sum over some of the shards would be another sum.
    expect(restored.document).toMatchObject({
      invariants: [],
      notAsked: [{ shard: 'shop-01', name: 'money', reason }],
    });
    expect(restored.text).toContain(`invariant money of shop-01 was not asked: ${reason}`);
    expect(target.servers.map(contentOf)).toEqual(source.servers.map(contentOf));
  });

  test('the others still fail it when they differ', async () => {
    const source = await openCluster({ filled: true });
    await backUp(source);
    const target = await openCluster({
      store: source.store,
      invariants: (n) => (n === 1 ? [] : [{ ...money, sql: n === 2 ? 'count accounts' : money.sql }]),
    });
    const options = { target: target.topology, mappings: [], globals: false, dryRun: false };
    const run = restore(runOf(source), 'latest', options);
    await expect(run).rejects.toMatchObject({ code: 'invariant-differs', exitCode: 4 });
    await expect(run).rejects.toThrow(/shop-02/);
    expect(target.servers.every(isUntouched)).toBe(true);
  });
});

test('shards copy one after the other when told so, from the same cut', async () => {
  const source = await openCluster({ filled: true, copyShards: 1 });
  atStep('coordinator.cut-stored', () => source.servers[2]?.table('shop', 'accounts', ['later\t1']));
  await backUp(source);
  const target = await openCluster({ store: source.store });
  await restore(runOf(source), 'latest', {
    target: target.topology,
    mappings: [],
    globals: false,
    dryRun: false,
  });
  expect(contentOf(target.servers[2] as never)['shop.accounts']).toHaveLength(1202);
});

test('the seal names evidence and sums that add up', async () => {
  const source = await openCluster({ filled: true });
  const { document } = await backup(runOf(source));
  const shards = document['shards'] as SealBody['shards'];
  const total = shards.reduce((rows, shard) => rows + shard.sums.rows, 0);
  expect((document['sums'] as SealBody['sums']).rows).toBe(total);
  expect(document['longestHoldMs']).toBeGreaterThan(0);
});
test.each([
  [0, 'cancelled autovacuums  2: shop-00 (shop.public.accounts), shop-02 (shop.public.accounts)'],
  [30_000, 'cancelled autovacuums  none'],
])(
  'the topology says when autovacuums are cancelled (after %d ms), and the set which were',
  async (afterMs, line) => {
    const source = await openCluster({ filled: true, barrier: { cancelAutovacuumMs: afterMs } });
    for (const n of [0, 2]) (source.servers[n] as FakeServer).autovacuum = 'shop.public.accounts';
    const taken = await backup(runOf(source));
    const cancelled = afterMs === 0 ? ['shop.public.accounts'] : [];
    expect(taken.document['shards']).toMatchObject(
      shards3.map((_, n) => ({ cancelledAutovacuums: n === 1 ? [] : cancelled })),
    );
    expect(taken.text.includes('cancelled autovacuums 2: shop-00')).toBe(afterMs === 0);
    const shown = await show(runOf(source), 'latest', { tables: false });
    expect(shown.text).toContain(line);
    expect(shown.text).toMatch(/longest hold +[\d.]+ ms of 100 ms\n/);
    expect(shown.text).toMatch(/hold limit +100 ms, .* at the latest 500 ms later\n/);
  },
);

describe('what is no cluster', () => {
  test('two agents before one server', async () => {
    const source = await openCluster({ filled: true, names: ['shop-00'] });
    const twin = await openAgent({
      shard: 'shop-01',
      store: source.store,
      server: source.servers[0] as never,
    });
    const shards = [...source.topology.shards, { name: 'shop-01', agent: twin.agent.address }];
    const run = runOf({ ...source, topology: { ...source.topology, shards } });
    await expect(backup(run)).rejects.toThrow(/shop-00 and shop-01.*same server/);
    const { failure } = await check(run);
    expect(failure?.exitCode).toBe(7);
  });

  test('the agent of another shard', async () => {
    const source = await openCluster({ filled: true, names: ['shop-00'] });
    const shards = [{ name: 'shop-09', agent: source.fixtures[0]?.agent.address ?? '' }];
    const run = runOf({ ...source, topology: { ...source.topology, shards } });
    await expect(backup(run)).rejects.toMatchObject({ code: 'agent-mismatch', exitCode: 7 });
  });

  test('an agent with another repository', async () => {
    const source = await openCluster({ filled: true, names: ['shop-00'] });
    const elsewhere = { ...source.topology, repository: { url: 'file:///srv/elsewhere' } };
    await expect(backup(runOf({ ...source, topology: elsewhere }))).rejects.toMatchObject({
      code: 'repository-mismatch',
      exitCode: 2,
    });
  });

  test('an agent that says the same repository and means another', async () => {
    const source = await openCluster({ filled: true, names: ['shop-00'] });
    const other = await openAgent({ shard: 'shop-01' });
    const shards = [...source.topology.shards, { name: 'shop-01', agent: other.agent.address }];
    const run = runOf({ ...source, topology: { ...source.topology, shards } });
    await expect(backup(run)).rejects.toMatchObject({ code: 'repository-mismatch', exitCode: 2 });
    const { document, failure } = await check(run);
    expect(failure?.exitCode).toBe(2);
    expect(document['findings']).toMatchObject([{ shard: 'shop-01', code: 'repository-mismatch' }]);
  });
});

test('check reports what every agent finds, with its remedy, and ends with 1', async () => {
  const source = await openCluster({ filled: true });
  for (const [n, { engine }] of source.fixtures.entries()) {
    const subject = `table t${n}`;
    engine.findings = [
      {
        code: 'privilege-missing',
        subject,
        cause: 'no SELECT',
        remedy: `GRANT SELECT ON t${n};`,
        warning: n === 2,
      },
    ];
  }
  const { document, text, failure } = await check(runOf(source));
  expect(failure?.exitCode).toBe(1);
  expect(document['findings']).toMatchObject(
    [0, 1, 2].map((n) => ({ shard: `shop-0${n}`, remedy: `GRANT SELECT ON t${n};`, warning: n === 2 })),
  );
  expect(text).toContain('GRANT SELECT ON t1;');
  for (const { engine } of source.fixtures.slice(0, 2)) engine.findings = [];
  expect((await check(runOf(source))).failure).toBeUndefined();
});

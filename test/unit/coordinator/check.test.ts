/** `check` over gRPC, real agents before servers in memory: what it says where something is missing. */
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { backup } from '../../../coordinator/backup.ts';
import { check } from '../../../coordinator/check.ts';
import { MemoryStore } from '../../../repository/stores/memory.ts';
import type { Topology } from '../../../topology/topology.ts';
import { openAgent } from '../shard-agent/agent-fixture.ts';
import { openCluster, runOf, statesOf } from './agents-in-memory.ts';
import { ReadOnlyStore } from './read-only-store.ts';
import { keysOf } from './stored-cluster.ts';

interface Found {
  readonly shard: string;
  readonly code: string;
  readonly subject: string;
  readonly cause: string;
  readonly remedy: string;
}

const findingsOf = (outcome: { document: Record<string, unknown> }): Found[] =>
  outcome.document['findings'] as Found[];

test('a repository that an agent may read and not write is told as that, with path and user, and with its other findings', async () => {
  const cluster = await openCluster({ names: ['shop-00'], filled: true });
  const agent = await openAgent({ shard: 'shop-01', store: new ReadOnlyStore(cluster.store), lease: false });
  const grant = {
    code: 'privilege-missing',
    subject: 'accounts',
    cause: 'no UPDATE',
    remedy: 'GRANT UPDATE;',
  };
  agent.engine.findings = [{ ...grant, code: 'privilege-missing', warning: false }];
  const shards = [...cluster.topology.shards, { name: 'shop-01', agent: agent.agent.address }];
  const topology = { ...cluster.topology, shards };
  const outcome = await check(runOf(cluster, { topology }));
  expect(outcome.failure).toMatchObject({ code: 'not-ready', exitCode: 1 });
  expect(findingsOf(outcome)).toMatchObject([
    { shard: 'shop-01', ...grant },
    { shard: 'shop-01', code: 'repository-failed' },
  ]);
  const [, unwritable] = findingsOf(outcome);
  expect(unwritable?.cause).toContain('/srv/tidemark/shop/.tmp/1');
  expect(unwritable?.remedy).toMatch(
    /Let user \S+ \(uid \d+\) read and write \/srv\/tidemark\/shop\/\.tmp\/1/,
  );
  await expect(backup(runOf(cluster, { topology }))).rejects.toMatchObject({ code: 'repository-failed' });
});

test('another repository is still told as another, with the other findings of that agent', async () => {
  const cluster = await openCluster({ names: ['shop-00'] });
  const agent = await openAgent({ shard: 'shop-01', store: new MemoryStore('memory:') });
  agent.engine.findings = [
    { code: 'privilege-missing', subject: 'accounts', cause: 'c', remedy: 'r', warning: false },
  ];
  const shards = [...cluster.topology.shards, { name: 'shop-01', agent: agent.agent.address }];
  const outcome = await check(runOf(cluster, { topology: { ...cluster.topology, shards } }));
  expect(outcome.failure).toMatchObject({ code: 'repository-mismatch', exitCode: 2 });
  expect(
    findingsOf(outcome)
      .map(({ code }) => code)
      .sort(),
  ).toEqual(['privilege-missing', 'repository-mismatch']);
});

const withRule = (topology: Topology, name: string): Topology => ({
  ...topology,
  invariants: [...topology.invariants, { name, across: 'each' }],
});

test('an invariant that the topology names and no agent declares is found by check, and by backup before the barrier', async () => {
  const cluster = await openCluster({ filled: true });
  const topology = withRule(cluster.topology, 'stock');
  const outcome = await check(runOf(cluster, { topology }));
  expect(outcome.failure).toMatchObject({ code: 'not-ready', exitCode: 1 });
  expect(findingsOf(outcome)).toMatchObject([
    { shard: '', subject: 'invariant stock', cause: expect.stringContaining('no agent declares it') },
  ]);
  await expect(backup(runOf(cluster, { topology }))).rejects.toMatchObject({
    code: 'not-ready',
    subject: 'invariant stock',
  });
  expect((await keysOf(cluster.store)).filter((key) => key.endsWith('cut.json'))).toEqual([]);
  expect(await statesOf(cluster)).not.toContain('sealed');
});

test('an invariant that fails is found by check, and by backup before the barrier', async () => {
  const cluster = await openCluster({ filled: true, names: ['shop-00', 'shop-01'] });
  cluster.fixtures[1]?.engine.failingInvariants.add('money');
  const outcome = await check(runOf(cluster));
  expect(findingsOf(outcome)).toMatchObject([
    {
      shard: 'shop-01',
      code: 'not-ready',
      subject: 'database shop: invariant money',
      cause: expect.stringContaining('no such table'),
    },
  ]);
  await expect(backup(runOf(cluster))).rejects.toMatchObject({
    code: 'not-ready',
    reason: expect.stringContaining('no such table'),
  });
  expect((await keysOf(cluster.store)).filter((key) => key.endsWith('cut.json'))).toEqual([]);
});

test('a shard whose agent may not back up is a finding, and nothing more is asked of it', async () => {
  const cluster = await openCluster({ names: ['shop-00'], filled: true });
  const agent = await openAgent({ shard: 'shop-01', store: cluster.store, allow: ['restore'] });
  agent.engine.findings = [
    { code: 'privilege-missing', subject: 'accounts', cause: 'c', remedy: 'r', warning: false },
  ];
  const shards = [...cluster.topology.shards, { name: 'shop-01', agent: agent.agent.address }];
  const outcome = await check(runOf(cluster, { topology: { ...cluster.topology, shards } }));
  expect(outcome.failure).toMatchObject({ code: 'not-ready', exitCode: 1 });
  expect(findingsOf(outcome)).toMatchObject([
    { shard: 'shop-01', code: 'operation-not-allowed', remedy: expect.stringContaining('`allow`') },
  ]);
  expect(outcome.document['shards']).toMatchObject([{ ok: true }, { ok: false }]);
});

test('agents are told of the lanes and the consistency of the backup that is to be possible', async () => {
  const cluster = await openCluster({
    names: ['shop-00'],
    filled: true,
    barrier: { consistency: 'simultaneous' },
  });
  const topology = { ...cluster.topology, copy: { ...cluster.topology.copy, lanes: 17 } };
  await check(runOf(cluster, { topology }), { globals: 'without-passwords' });
  expect(cluster.fixtures[0]?.engine.checked).toEqual({
    lanes: 17,
    locks: false,
    globals: 'without-passwords',
  });
});

test('TLS files of the coordinator that cannot be used are named before any agent is asked', async () => {
  const cluster = await openCluster({ names: ['shop-00'] });
  const pem = (name: string): string => fileURLToPath(new URL(`../proto/tls/${name}`, import.meta.url));
  const transport = {
    kind: 'tls',
    caPath: pem('authority.crt'),
    certPath: pem('coordinator.crt'),
    keyPath: pem('agent.key'),
  } as const;
  const outcome = await check(runOf(cluster, { topology: { ...cluster.topology, transport } }));
  expect(outcome.failure).toMatchObject({ code: 'file-invalid', exitCode: 2 });
  expect(findingsOf(outcome)).toMatchObject([
    {
      shard: '',
      code: 'file-invalid',
      subject: pem('agent.key'),
      cause: expect.stringMatching(/does not belong/),
    },
  ]);
  expect(outcome.document['shards']).toMatchObject([{ ok: false }]);
});

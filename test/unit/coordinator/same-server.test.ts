/** Shards whose servers have one identity: split from one server by a base backup, or one server with two agents. */
import { expect, test } from 'vitest';
import { backup } from '../../../coordinator/backup.ts';
import { check } from '../../../coordinator/check.ts';
import { restore } from '../../../coordinator/restore.ts';
import { TidemarkError } from '../../../proto/errors.ts';
import { openAgent } from '../shard-agent/agent-fixture.ts';
import type { AgentFixture } from '../shard-agent/agent-fixture.ts';
import { backUp, contentOf, expectNothingLeft, openCluster, runOf } from './agents-in-memory.ts';
import type { MemoryCluster } from './agents-in-memory.ts';

const identity = '7300000000000000001';

/** The same cluster with one more shard, whose agent is before a server that another has already. */
async function withTwin(source: MemoryCluster, of: number, shard: string): Promise<MemoryCluster> {
  const { store, servers, topology, fixtures } = source;
  const twin = await openAgent({ shard, store, server: servers[of] as never });
  const shards = [...topology.shards, { name: shard, agent: twin.agent.address }];
  return { ...source, fixtures: [...fixtures, twin], topology: { ...topology, shards } };
}

function fixtureOf({ fixtures }: MemoryCluster, index: number): AgentFixture {
  const fixture = fixtures[index];
  if (fixture === undefined) throw new Error('no such shard');
  return fixture;
}

test('copies of one server are backed up, checked and restored to as shards of their own', async () => {
  const source = await openCluster({ filled: true, identity });
  const { document } = await backup(runOf(source));
  expect(document).toMatchObject({ sums: { rows: 1200 + 1201 + 1202 } });
  expect((await check(runOf(source))).failure).toBeUndefined();
  const target = await openCluster({ store: source.store, identity });
  const options = { target: target.topology, mappings: [], globals: false, dryRun: false };
  expect((await restore(runOf(source), 'latest', options)).failure).toBeUndefined();
  expect(target.servers.map(contentOf)).toEqual(source.servers.map(contentOf));
  for (const { marks } of [...source.servers, ...target.servers]) expect(marks.size).toBe(0);
  await expectNothingLeft(source);
});

test('two agents on one server are refused among copies of it, and both are named', async () => {
  const source = await withTwin(await openCluster({ filled: true, identity }), 1, 'shop-03');
  await expect(backup(runOf(source))).rejects.toMatchObject({
    code: 'agent-mismatch',
    subject: 'shop-01 and shop-03',
    reason: expect.stringMatching(/same server \(7300000000000000001\)/),
  });
  const { failure, document } = await check(runOf(source));
  expect(failure?.exitCode).toBe(7);
  expect(document['findings']).toMatchObject([{ shard: 'shop-03', code: 'agent-mismatch' }]);
});

test('two target agents on one server are refused before anything is restored', async () => {
  const source = await openCluster({ filled: true, names: ['shop-00', 'shop-01'] });
  await backUp(source);
  const one = await openCluster({ store: source.store, names: ['shop-00'] });
  const target = await withTwin(one, 0, 'shop-01');
  const options = { target: target.topology, mappings: [], globals: false, dryRun: false };
  await expect(restore(runOf(source), 'latest', options)).rejects.toMatchObject({ code: 'agent-mismatch' });
  expect(one.servers[0]?.databases.size).toBe(0);
});

test('where identities differ no server is marked', async () => {
  const source = await openCluster({ filled: true });
  for (const { engine } of source.fixtures)
    engine.setMark = () => Promise.reject(new Error('asked for nothing'));
  await backUp(source);
});

test('servers that do not say who they are are asked all the same', async () => {
  const source = await openCluster({ filled: true, names: ['shop-00', 'shop-01'], identity: '' });
  await backUp(source);
  const twins = await withTwin(source, 0, 'shop-02');
  await expect(backup(runOf(twins))).rejects.toMatchObject({ subject: 'shop-00 and shop-02' });
});

test('a server that cannot be marked is told by its own words; the others are checked', async () => {
  const source = await openCluster({ filled: true, identity });
  const words = { operation: 'mark the server', subject: 'db-01', cause: 'too many connections' };
  fixtureOf(source, 1).engine.setMark = () =>
    Promise.reject(new TidemarkError({ code: 'database-unreachable', ...words }));
  await expect(backup(runOf(source))).rejects.toMatchObject({ code: 'database-unreachable' });
  const { document } = await check(runOf(source));
  expect(document['findings']).toMatchObject([{ shard: 'shop-01', cause: 'too many connections' }]);
});

test('a mark that its own agent does not see proves nothing: the shard is refused', async () => {
  const source = await openCluster({ filled: true, identity });
  fixtureOf(source, 2).engine.seeMarks = () => Promise.resolve([]);
  await expect(backup(runOf(source))).rejects.toMatchObject({
    code: 'shard-refused',
    reason: expect.stringMatching(/pooler or proxy/),
  });
});

test('a mark that was lost while the others looked proves nothing: the shard is refused', async () => {
  const source = await openCluster({ filled: true, identity });
  const { engine, server } = fixtureOf(source, 0);
  const see = engine.seeMarks.bind(engine);
  engine.seeMarks = async (marks) => {
    const seen = await see(marks);
    server.marks.clear();
    return seen;
  };
  await expect(backup(runOf(source))).rejects.toThrow(/shop-00.*the mark was lost/);
});

test('an interruption while servers are marked leaves no mark', async () => {
  const source = await openCluster({ filled: true, identity });
  const controller = new AbortController();
  const { engine } = fixtureOf(source, 0);
  engine.seeMarks = () => {
    const fields = { operation: 'test', subject: 'tidemark', cause: 'SIGINT' };
    controller.abort(new TidemarkError({ code: 'interrupted', ...fields }));
    return new Promise(() => undefined);
  };
  await expect(backup(runOf(source, { signal: controller.signal }))).rejects.toMatchObject({
    code: 'interrupted',
  });
  await expect.poll(() => source.servers.map(({ marks }) => marks.size)).toEqual([0, 0, 0]);
});

test('an address that leads to another server once the shards were told apart is refused', async () => {
  const source = await openCluster({ filled: true });
  const { engine } = fixtureOf(source, 1);
  const other = await openAgent({ shard: 'elsewhere', server: source.servers[0] as never });
  engine.prepareBackup = (order) => other.engine.prepareBackup(order);
  await expect(backup(runOf(source))).rejects.toMatchObject({
    code: 'shard-refused',
    subject: 'shop-01',
    reason: expect.stringMatching(/another server answers/),
  });
});

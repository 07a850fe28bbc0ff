/** Complete runs over gRPC in one process, no database: backup, verify, restore, and all that can come between. */
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, test } from 'vitest';
import { backup } from '../../../coordinator/backup.ts';
import { check } from '../../../coordinator/check.ts';
import { list } from '../../../coordinator/list.ts';
import { restore } from '../../../coordinator/restore.ts';
import type { Run } from '../../../coordinator/run.ts';
import type { BadObject } from '../../../coordinator/verify-objects.ts';
import { verify } from '../../../coordinator/verify.ts';
import { takeLease } from '../../../repository/lease.ts';
import type { SealBody } from '../../../repository/seal.ts';
import type { MemoryStore } from '../../../repository/stores/memory.ts';
import type { AgentFixture } from '../shard-agent/agent-fixture.ts';
import { openAgent } from '../shard-agent/agent-fixture.ts';
import type { MemoryCluster, Wire } from './agents-in-memory.ts';
import { atStep, contentOf, interrupt, isUntouched, openCluster } from './agents-in-memory.ts';
import { damageObject, damages, keysOf, runOver, swapObjects } from './stored-cluster.ts';

const shards3 = ['shop-00', 'shop-01', 'shop-02'];
const runOf = ({ store, topology }: MemoryCluster, more: Partial<Run> = {}): Run =>
  runOver(store, { topology, now: () => new Date(), ...more });

async function backUp(cluster: MemoryCluster): Promise<string> {
  const { document } = await backup(runOf(cluster));
  return String(document['id']);
}

/** The agent leaves, and another one takes its place before the same server. */
async function startAgain(fixture: AgentFixture, store: MemoryStore, wire: Wire | undefined): Promise<void> {
  await fixture.agent.leave();
  const { agent } = await openAgent({ shard: 'shop-00', store, server: fixture.server });
  wire?.redirect(agent.address);
}

async function statesOf(cluster: MemoryCluster): Promise<string[]> {
  const { document } = await list(runOf(cluster));
  return (document['sets'] as { state: string }[]).map(({ state }) => state);
}

/** No shard is left with a lock, a snapshot or a session; the next backup needs nobody to clean up. */
async function expectNothingLeft(cluster: MemoryCluster): Promise<void> {
  for (const { identity, locked, openSessions, openSnapshots } of cluster.servers) {
    expect({ identity, locked, openSessions, openSnapshots }).toEqual({
      identity,
      locked: false,
      openSessions: 0,
      openSnapshots: 0,
    });
  }
  expect((await keysOf(cluster.store)).filter((key) => key.includes('/nonce/'))).toEqual([]);
  await backUp(cluster);
  expect((await statesOf(cluster)).at(-1)).toBe('sealed');
}

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
  const options = { target: target.topology, mappings: [], dryRun: false };
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

test('shards copy one after the other when told so, from the same cut', async () => {
  const source = await openCluster({ filled: true, copyShards: 1 });
  atStep('coordinator.cut-stored', () => source.servers[2]?.table('shop', 'accounts', ['later\t1']));
  await backUp(source);
  const target = await openCluster({ store: source.store });
  await restore(runOf(source), 'latest', { target: target.topology, mappings: [], dryRun: false });
  expect(contentOf(target.servers[2] as never)['shop.accounts']).toHaveLength(1202);
});

describe('a barrier that cannot drain', () => {
  const barrier = { deadlineMs: 400, holdLimitMs: 50 };

  test('is given up with exit code 3, the writer named, nothing stored but the intent', async () => {
    const source = await openCluster({ filled: true, barrier });
    const writer = source.servers[1]?.beginWriter();
    const failure = await backup(runOf(source)).catch((error: unknown) => error);
    expect(failure).toMatchObject({ code: 'barrier-not-reached', exitCode: 3 });
    expect(String(failure)).toContain('shop-01');
    expect(String(failure)).toContain('UPDATE accounts');
    const stored = (await keysOf(source.store)).filter((key) => key.includes('/sets/'));
    expect(stored.map((key) => key.split('/').at(-1))).toEqual(['intent.json']);
    writer?.commit();
    await expectNothingLeft(source);
  });

  test('falls back to simultaneous snapshots where the topology says so, and the set says it', async () => {
    const source = await openCluster({ filled: true, barrier: { ...barrier, onDeadline: 'simultaneous' } });
    const writer = source.servers[1]?.beginWriter();
    const { document } = await backup(runOf(source));
    expect(document).toMatchObject({ consistency: 'simultaneous' });
    writer?.commit();
  });

  test('does not matter with consistency: simultaneous', async () => {
    const source = await openCluster({ filled: true, barrier: { ...barrier, consistency: 'simultaneous' } });
    const writer = source.servers[1]?.beginWriter();
    expect((await backup(runOf(source))).document).toMatchObject({ consistency: 'simultaneous' });
    writer?.commit();
  });
});

describe('a backup that is interrupted', () => {
  test.each([
    'coordinator.lease-taken',
    'coordinator.prepared',
    'coordinator.frozen',
    'coordinator.cut-stored',
    'coordinator.copying',
    'coordinator.before-seal',
  ] as const)('at %s ends with 130, without a seal, and cleaned up', async (point) => {
    const source = await openCluster({ filled: true });
    const controller = new AbortController();
    atStep(point, () => {
      if (!controller.signal.aborted) interrupt(controller);
    });
    await expect(backup(runOf(source, { signal: controller.signal }))).rejects.toMatchObject({
      code: 'interrupted',
      exitCode: 130,
    });
    expect(await statesOf(source)).not.toContain('sealed');
    await expectNothingLeft(source);
  });

  test('while copying', async () => {
    const source = await openCluster({ filled: true });
    const controller = new AbortController();
    const [server] = source.servers;
    if (server !== undefined) server.beforeRead = () => Promise.resolve(interrupt(controller));
    await expect(backup(runOf(source, { signal: controller.signal }))).rejects.toMatchObject({
      exitCode: 130,
    });
    await expectNothingLeft(source);
  });
});

describe('the lease', () => {
  test('held by another: exit code 5, and no agent is bothered', async () => {
    const source = await openCluster({ filled: true });
    const lease = await takeLease(source.store, 'shop', { operation: 'prune' });
    await expect(backup(runOf(source))).rejects.toMatchObject({ code: 'lease-held', exitCode: 5 });
    expect(await statesOf(source)).toEqual([]);
    await lease.release();
    await expectNothingLeft(source);
  });

  test('lost before the seal: exit code 5, and the set is abandoned', async () => {
    const source = await openCluster({ filled: true });
    let once = true;
    atStep('coordinator.before-seal', async () => {
      if (!once) return;
      once = false;
      // Another takes us for dead.
      const other = await takeLease(source.store, 'shop', { operation: 'backup' }, { lifeOf: () => 'dead' });
      await other.release();
    });
    await expect(backup(runOf(source))).rejects.toMatchObject({ code: 'lease-lost', exitCode: 5 });
    expect(await statesOf(source)).toEqual(['abandoned']);
    await expectNothingLeft(source);
  });
});

describe('while copying', () => {
  test('a lost connection is made again, and the set is sealed', async () => {
    const wires: Wire[] = [];
    const source = await openCluster({ filled: true, wires });
    let reads = 0;
    const [server] = source.servers;
    if (server === undefined) throw new Error('no server');
    server.beforeRead = async () => {
      reads += 1;
      if (reads === 3) wires[0]?.cut();
      await sleep(20);
    };
    const { document } = await backup(runOf(source));
    expect(document).toMatchObject({ attempts: 1 });
    expect(reads).toBeGreaterThan(3);
    expect((await verify(runOf(source), 'latest', { decode: true })).failure).toBeUndefined();
  });

  test('an agent that was started again has no snapshot: no seal, and the others let go', async () => {
    const wires: Wire[] = [];
    const source = await openCluster({ filled: true, wires });
    const [fixture] = source.fixtures;
    if (fixture === undefined) throw new Error('no agent');
    let again: Promise<void> | undefined;
    fixture.server.beforeRead = async () => {
      again ??= startAgain(fixture, source.store, wires[0]);
      await sleep(5);
    };
    const failure = await backup(runOf(source)).catch((error: unknown) => error);
    expect(failure).toMatchObject({ code: 'snapshot-lost', exitCode: 1 });
    expect(String(failure)).toContain('shop-00');
    await again;
    expect(await statesOf(source)).toEqual(['unsealed']);
    fixture.server.beforeRead = () => Promise.resolve();
    await expectNothingLeft(source);
  });

  test('a shard whose lanes are all gone fails the set', async () => {
    const source = await openCluster({ filled: true });
    for (const lane of [0, 1]) source.servers[1]?.deadLanes.add(lane);
    const failure = await backup(runOf(source)).catch((error: unknown) => error);
    expect(failure).toMatchObject({ code: 'snapshot-lost', exitCode: 1 });
    expect(String(failure)).toContain('shop-01');
    source.servers[1]?.deadLanes.clear();
    await expectNothingLeft(source);
  });
});

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

describe('a stored object that is not what it was', async () => {
  const kinds: [string, RegExp][] = [
    ['seal', /seal\.json$/],
    ['intent', /sets.*intent\.json$/],
    ['cut', /cut\.json$/],
    ['manifest', /shop-01\/manifest/],
    ['packed schema', /shop-01\/schema\/.*\.zst$/],
    ['schema as it came', /shop-01\/schema\/.*\.dump$/],
    ['chunk', /shop-01\/data\/.*accounts/],
  ];
  const cases = kinds.flatMap(([kind, pattern]) =>
    damages.map(({ name, damage }) => ({ kind, pattern, name, damage })),
  );

  test.each(cases)(
    '$kind $name: verify names it, restore touches nothing',
    async ({ kind, pattern, name, damage }) => {
      const source = await openCluster({ filled: true, names: ['shop-00', 'shop-01'] });
      const set = await backUp(source);
      const target = await openCluster({ store: source.store, names: ['shop-00', 'shop-01'] });
      const key = (await keysOf(source.store)).find((stored) => pattern.test(stored));
      if (key === undefined) throw new Error(`no ${kind}`);
      await damageObject(source.store, key, damage);
      const restoring = (): Promise<unknown> =>
        restore(runOf(source), set, { target: target.topology, mappings: [], dryRun: false });
      if (kind === 'seal' && name === 'removed') {
        await expect(verify(runOf(source), set, { decode: false })).rejects.toMatchObject({
          code: 'not-sealed',
        });
        await expect(restoring()).rejects.toMatchObject({ code: 'not-sealed', exitCode: 6 });
      } else {
        const { document, failure } = await verify(runOf(source), set, { decode: true });
        expect(failure?.exitCode).toBe(4);
        expect((document['bad'] as BadObject[]).map(({ object }) => object)).toEqual([key]);
        await expect(restoring).rejects.toMatchObject({ code: 'bad-bytes', exitCode: 4 });
        await expect(restoring).rejects.toThrow(key);
      }
      expect(target.servers.every(isUntouched)).toBe(true);
    },
  );

  test.each([
    ['manifests', /shop-00\/manifest/, /shop-01\/manifest/],
    ['chunks of a table', /shop-00\/data\/.*accounts\/0-/, /shop-00\/data\/.*accounts\/1-/],
    ['chunks of two shards', /shop-00\/data\/.*accounts/, /shop-01\/data\/.*accounts/],
    ['schema of two databases or shards', /shop-00\/schema/, /shop-00\/data\/.*accounts/],
  ])('swapped %s', async (_, one, other) => {
    const source = await openCluster({ filled: true, names: ['shop-00', 'shop-01'] });
    const set = await backUp(source);
    const target = await openCluster({ store: source.store, names: ['shop-00', 'shop-01'] });
    const keys = [one, other].map(
      (pattern) => async () => (await keysOf(source.store)).find((key) => pattern.test(key)) ?? '',
    );
    const [first = '', second = ''] = await Promise.all(keys.map((find) => find()));
    await swapObjects(source.store, first, second);
    const { document } = await verify(runOf(source), set, { decode: false });
    expect((document['bad'] as BadObject[]).map(({ object }) => object).toSorted()).toEqual(
      [first, second].toSorted(),
    );
    await expect(
      restore(runOf(source), set, { target: target.topology, mappings: [], dryRun: false }),
    ).rejects.toMatchObject({ exitCode: 4 });
    expect(target.servers.every(isUntouched)).toBe(true);
  });
});

describe('a restore', () => {
  async function both(): Promise<{
    source: MemoryCluster;
    target: MemoryCluster;
    go: (more?: Partial<Run>) => ReturnType<typeof restore>;
  }> {
    const source = await openCluster({ filled: true });
    await backUp(source);
    const target = await openCluster({ store: source.store });
    const options = { target: target.topology, mappings: [], dryRun: false };
    return { source, target, go: (more = {}) => restore(runOf(source, more), 'latest', options) };
  }

  test('by --map onto other names', async () => {
    const source = await openCluster({ filled: true });
    await backUp(source);
    const target = await openCluster({ store: source.store, names: ['shop-00', 'spare-1', 'spare-2'] });
    const mappings = [['shop-01', 'spare-2'] as const, ['shop-02', 'spare-1'] as const];
    await restore(runOf(source), 'latest', { target: target.topology, mappings, dryRun: false });
    const [zero, one, two] = source.servers.map(contentOf);
    expect(target.servers.map(contentOf)).toEqual([zero, two, one]);
  });

  test('onto a target that is not empty is refused on all, with the exit code a dry run has', async () => {
    const { source, target, go } = await both();
    target.servers[2]?.table('shop', 'precious', ['1']);
    const refused = await go();
    expect(refused.failure).toMatchObject({ code: 'target-not-empty', exitCode: 6 });
    const dry = await restore(runOf(source), 'latest', {
      target: target.topology,
      mappings: [],
      dryRun: true,
    });
    expect(dry.failure?.exitCode).toBe(6);
    expect(target.servers.map(contentOf)).toEqual([{}, {}, { 'shop.precious': ['1'] }]);
    expect(target.servers.every(({ staged }) => staged.size === 0)).toBe(true);
  });

  test('that fails on one shard while loading is undone on all', async () => {
    const { target, go } = await both();
    const [, server] = target.servers;
    if (server === undefined) throw new Error('no server');
    server.beforeLoad = () => Promise.reject(new Error('disk full'));
    await expect(go()).rejects.toThrow(/shop-01.*disk full/);
    expect(target.servers.every(isUntouched)).toBe(true);
  });

  test('whose other shards still load when one fails does not wait for them to finish', async () => {
    const { target, go } = await both();
    const [first, second] = target.servers;
    if (first === undefined || second === undefined) throw new Error('no server');
    const failed = Promise.withResolvers<void>();
    let loads = 0;
    first.beforeLoad = async () => {
      loads += 1;
      await failed.promise;
      await sleep(20);
    };
    second.beforeLoad = () => {
      failed.resolve();
      return Promise.reject(new Error('disk full'));
    };
    await expect(go()).rejects.toThrow('disk full');
    expect(loads).toBeLessThan(8);
    expect(target.servers.every(isUntouched)).toBe(true);
  });

  test('interrupted before the decision is undone', async () => {
    const { target, go } = await both();
    const controller = new AbortController();
    atStep('coordinator.restore-loaded', () => interrupt(controller));
    await expect(go({ signal: controller.signal })).rejects.toMatchObject({
      code: 'interrupted',
      exitCode: 130,
    });
    expect(target.servers.every(isUntouched)).toBe(true);
  });

  test('interrupted after the decision is carried through', async () => {
    const { source, target, go } = await both();
    const controller = new AbortController();
    atStep('coordinator.restore-decided', () => interrupt(controller));
    expect((await go({ signal: controller.signal })).failure).toBeUndefined();
    expect(target.servers.map(contentOf)).toEqual(source.servers.map(contentOf));
  });

  test('whose switch fails at first is rolled forward', async () => {
    const { source, target, go } = await both();
    target.servers[1]?.switchFailures.push(new Error('somebody is connected'));
    expect((await go()).failure).toBeUndefined();
    expect(target.servers.map(contentOf)).toEqual(source.servers.map(contentOf));
  });

  test('whose connections break after the decision is rolled forward by the agents, and waited for', async () => {
    const source = await openCluster({ filled: true });
    await backUp(source);
    const wires: Wire[] = [];
    const target = await openCluster({ store: source.store, wires });
    atStep('coordinator.restore-decided', () => {
      for (const wire of wires) wire.cut();
    });
    const done = await restore(runOf(source), 'latest', {
      target: target.topology,
      mappings: [],
      dryRun: false,
    });
    expect(done.failure).toBeUndefined();
    expect(target.servers.map(contentOf)).toEqual(source.servers.map(contentOf));
  });

  test('whose connections break before the decision is undone by the agents', async () => {
    const source = await openCluster({ filled: true });
    await backUp(source);
    const wires: Wire[] = [];
    const target = await openCluster({ store: source.store, wires });
    for (const server of target.servers) {
      server.beforeLoad = async () => {
        wires[1]?.cut();
        await sleep(10);
      };
    }
    const run = restore(runOf(source), 'latest', { target: target.topology, mappings: [], dryRun: false });
    await expect(run).rejects.toMatchObject({ code: 'agent-unreachable', exitCode: 7 });
    await expect.poll(() => target.servers.every(isUntouched), { timeout: 10_000 }).toBe(true);
  });

  test('of an invariant that comes out otherwise is undone', async () => {
    const { source, target } = await both();
    const [server] = target.servers;
    if (server === undefined) throw new Error('no server');
    atStep('coordinator.restore-loaded', () => {
      throw new Error('not reached');
    });
    const tampering = server.staged.set.bind(server.staged);
    server.staged.set = (id, staging) => {
      const accounts = staging.databases.get('shop');
      accounts?.set('accounts', ['extra\t5']);
      return tampering(id, staging);
    };
    const run = restore(runOf(source), 'latest', { target: target.topology, mappings: [], dryRun: false });
    await expect(run).rejects.toMatchObject({ code: 'invariant-differs', exitCode: 4 });
    expect(target.servers.every(isUntouched)).toBe(true);
  });
});

test('the seal names evidence and sums that add up', async () => {
  const source = await openCluster({ filled: true });
  const { document } = await backup(runOf(source));
  const shards = document['shards'] as SealBody['shards'];
  const total = shards.reduce((rows, shard) => rows + shard.sums.rows, 0);
  expect((document['sums'] as SealBody['sums']).rows).toBe(total);
  expect(document['longestHoldMs']).toBeGreaterThan(0);
});

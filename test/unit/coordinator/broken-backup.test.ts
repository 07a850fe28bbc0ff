/** What can come between a backup and its seal: no barrier, an interruption, another holder, lost agents. */
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, test } from 'vitest';
import { backup } from '../../../coordinator/backup.ts';
import { verify } from '../../../coordinator/verify.ts';
import { TidemarkError } from '../../../proto/errors.ts';
import { takeLease } from '../../../repository/lease.ts';
import type { MemoryStore } from '../../../repository/stores/memory.ts';
import type { AgentFixture } from '../shard-agent/agent-fixture.ts';
import { openAgent } from '../shard-agent/agent-fixture.ts';
import type { Wire } from './agents-in-memory.ts';
import { atStep, expectNothingLeft, interrupt, openCluster, runOf, statesOf } from './agents-in-memory.ts';
import { keysOf } from './stored-cluster.ts';

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
  test('held by another: exit code 5, and no agent is asked for more than who it is', async () => {
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

/** The agent leaves, and another one takes its place before the same server. */
async function startAgain(fixture: AgentFixture, store: MemoryStore, wire: Wire | undefined): Promise<void> {
  await fixture.agent.leave();
  const { agent } = await openAgent({ shard: 'shop-00', store, server: fixture.server });
  wire?.redirect(agent.address);
}

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

describe('a repository that fails at the seal', () => {
  const failing = async (stores: boolean) => {
    const source = await openCluster({ filled: true });
    const create = source.store.create.bind(source.store);
    source.store.create = async (key, body) => {
      const stored = key.endsWith('/seal.json') && !stores ? undefined : await create(key, body);
      if (stored !== undefined && !key.endsWith('/seal.json')) return stored;
      const fields = { operation: 'store an object', subject: key, cause: 'EIO' };
      throw new TidemarkError({ code: 'repository-failed', ...fields });
    };
    return { source, mend: () => (source.store.create = create) };
  };

  test('after storing it: the backup says that the set is sealed, and what is not confirmed', async () => {
    const { source, mend } = await failing(true);
    const { document, text, failure } = await backup(runOf(source));
    expect(await statesOf(source)).toEqual(['sealed']);
    expect(text).toMatch(/not confirmed.*EIO[^]*sealed 2/);
    expect(failure).toMatchObject({ code: 'repository-failed', exitCode: 1 });
    expect(failure?.message).toContain(`${String(document['id'])}: cannot confirm that the seal survives`);
    expect(failure?.remedy).toMatch(/^The set is sealed/);
    expect((await verify(runOf(source), 'latest', { decode: true })).failure).toBeUndefined();
    mend();
    await expectNothingLeft(source);
  });

  test('before storing it: the backup fails, and there is no set', async () => {
    const { source, mend } = await failing(false);
    await expect(backup(runOf(source))).rejects.toMatchObject({ code: 'repository-failed', exitCode: 1 });
    expect(await statesOf(source)).toEqual(['unsealed']);
    mend();
    await expectNothingLeft(source);
  });
});

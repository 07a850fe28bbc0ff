/** All shards or none, whatever comes between. */
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, test } from 'vitest';
import { restore } from '../../../coordinator/restore.ts';
import type { Run } from '../../../coordinator/run.ts';
import type { MemoryCluster, Wire } from './agents-in-memory.ts';
import { atStep, backUp, contentOf, interrupt, isUntouched, openCluster, runOf } from './agents-in-memory.ts';

describe('a restore', () => {
  async function both(): Promise<{
    source: MemoryCluster;
    target: MemoryCluster;
    go: (more?: Partial<Run>) => ReturnType<typeof restore>;
  }> {
    const source = await openCluster({ filled: true });
    await backUp(source);
    const target = await openCluster({ store: source.store });
    const options = { target: target.topology, mappings: [], globals: false, dryRun: false };
    return { source, target, go: (more = {}) => restore(runOf(source, more), 'latest', options) };
  }

  test('by --map onto other names', async () => {
    const source = await openCluster({ filled: true });
    await backUp(source);
    const target = await openCluster({ store: source.store, names: ['shop-00', 'spare-1', 'spare-2'] });
    const mappings = [['shop-01', 'spare-2'] as const, ['shop-02', 'spare-1'] as const];
    await restore(runOf(source), 'latest', {
      target: target.topology,
      mappings,
      globals: false,
      dryRun: false,
    });
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
      globals: false,
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
      globals: false,
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
    const run = restore(runOf(source), 'latest', {
      target: target.topology,
      mappings: [],
      globals: false,
      dryRun: false,
    });
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
    const run = restore(runOf(source), 'latest', {
      target: target.topology,
      mappings: [],
      globals: false,
      dryRun: false,
    });
    await expect(run).rejects.toMatchObject({ code: 'invariant-differs', exitCode: 4 });
    expect(target.servers.every(isUntouched)).toBe(true);
  });
});

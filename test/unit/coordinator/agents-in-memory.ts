/** Whole clusters in one process: real agents over gRPC before servers in memory, one repository in memory. */
import { createServer, connect, type Socket } from 'node:net';
import { expect, onTestFinished } from 'vitest';
import { backup } from '../../../coordinator/backup.ts';
import { list } from '../../../coordinator/list.ts';
import type { Run } from '../../../coordinator/run.ts';
import { TidemarkError } from '../../../proto/errors.ts';
import type { StepPoint } from '../../../proto/step-points.ts';
import { MemoryStore } from '../../../repository/stores/memory.ts';
import type { AgentFile } from '../../../topology/agent-file.ts';
import type { BarrierConfig, Topology } from '../../../topology/topology.ts';
import type { AgentFixture } from '../shard-agent/agent-fixture.ts';
import { openAgent } from '../shard-agent/agent-fixture.ts';
import { FakeServer } from '../shard-agent/fake-server.ts';
import { keysOf, runOver, topology as basis } from './stored-cluster.ts';

export interface MemoryCluster {
  readonly store: MemoryStore;
  readonly topology: Topology;
  readonly fixtures: readonly AgentFixture[];
  readonly servers: readonly FakeServer[];
}

export interface MemoryClusterOptions {
  readonly store?: MemoryStore;
  readonly names?: readonly string[];
  /** Fills every server with the shop's tables. */
  readonly filled?: boolean;
  readonly barrier?: Partial<BarrierConfig>;
  readonly copyShards?: number;
  /** Of every server, as if all had been split from one by a base backup; else each has its own. */
  readonly identity?: string;
  /** Those that the file of each agent declares, by its number; default: the same `money` on each. */
  readonly invariants?: (n: number) => AgentFile['invariants'];
  /** Connections to the agents go through one that can be cut. */
  readonly wires?: Wire[];
}

/** Agents and servers are checked for leaks, and left, at the end of the test. */
export async function openCluster(options: MemoryClusterOptions = {}): Promise<MemoryCluster> {
  const store = options.store ?? new MemoryStore('memory:');
  const names = options.names ?? ['shop-00', 'shop-01', 'shop-02'];
  const fixtures: AgentFixture[] = [];
  const shards: { name: string; agent: string }[] = [];
  for (const [n, shard] of names.entries()) {
    const server = new FakeServer(options.identity ?? `server ${Math.random()}`);
    if (options.filled === true) fillShop(server, n);
    const declared = options.invariants === undefined ? {} : { invariants: options.invariants(n) };
    const fixture = await openAgent({ shard, store, server, lease: false, ...declared });
    fixtures.push(fixture);
    let { address } = fixture.agent;
    if (options.wires !== undefined) {
      const wire = await openWire(address);
      options.wires.push(wire);
      ({ address } = wire);
    }
    shards.push({ name: shard, agent: address });
  }
  const topology: Topology = {
    ...basis,
    shards,
    barrier: { ...basis.barrier, ...options.barrier },
    copy: { ...basis.copy, chunkBytes: 2000, shards: options.copyShards ?? 8 },
  };
  return { store, topology, fixtures, servers: fixtures.map(({ server }) => server) };
}

/** No two shards hold the same bytes. */
function fillShop(server: FakeServer, n: number): void {
  const accounts = Array.from({ length: 1200 + n }, (_, id) => `${id}\t${(id * 7919) % (1000 + n)}`);
  server.table('shop', 'accounts', accounts);
  server.table('shop', 'notes', []);
}

/** A connection to an agent that a test can cut. */
export interface Wire {
  readonly address: string;
  /** Breaks what is connected; new connections pass. */
  cut(): void;
  /** New connections go to another agent. */
  redirect(to: string): void;
}

async function openWire(first: string): Promise<Wire> {
  const sockets = new Set<Socket>();
  let to = first;
  const server = createServer((incoming) => {
    const [host = '', port = ''] = to.split(':');
    const outgoing = connect(Number(port), host);
    for (const [one, other] of [
      [incoming, outgoing],
      [outgoing, incoming],
    ] as const) {
      sockets.add(one);
      one.pipe(other);
      one.on('error', () => other.destroy());
      one.on('close', () => {
        sockets.delete(one);
        other.destroy();
      });
    }
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const cut = (): void => {
    for (const socket of sockets) socket.destroy();
  };
  onTestFinished(async () => {
    cut();
    await new Promise((resolve) => server.close(resolve));
  });
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('no port');
  return {
    address: `127.0.0.1:${address.port}`,
    cut,
    redirect: (other) => {
      to = other;
    },
  };
}

/** Runs `work` when the coordinator comes to `point`, until the end of the test. */
export function atStep(point: StepPoint, work: () => void | Promise<void>): void {
  const slot = Symbol.for('tidemark.stepPoint');
  const hooks = globalThis as { [slot]?: (reached: StepPoint) => void | Promise<void> };
  const before = hooks[slot];
  hooks[slot] = async (reached) => {
    await before?.(reached);
    if (reached === point) await work();
  };
  onTestFinished(() => {
    if (before === undefined) delete hooks[slot];
    else hooks[slot] = before;
  });
}

/** As Ctrl-C would do it. */
export function interrupt(controller: AbortController): void {
  const fields = { operation: 'test', subject: 'tidemark', cause: 'SIGINT' };
  controller.abort(new TidemarkError({ code: 'interrupted', ...fields }));
}

/** Table contents of a server, rows in any order. */
export function contentOf(server: FakeServer): Record<string, string[]> {
  const content: Record<string, string[]> = {};
  for (const [database, tables] of server.databases) {
    for (const [table, rows] of tables) content[`${database}.${table}`] = rows.toSorted();
  }
  return content;
}

/** Nothing of any restore is on the server, neither staged nor switched. */
export function isUntouched(server: FakeServer): boolean {
  return server.databases.size === 0 && server.staged.size === 0;
}

/** A command's run over this cluster. */
export const runOf = ({ store, topology }: MemoryCluster, more: Partial<Run> = {}): Run =>
  runOver(store, { topology, now: () => new Date(), ...more });

/** Takes a set and gives its id. */
export async function backUp(cluster: MemoryCluster): Promise<string> {
  const { document } = await backup(runOf(cluster));
  return String(document['id']);
}

/** The states of all sets, oldest first. */
export async function statesOf(cluster: MemoryCluster): Promise<string[]> {
  const { document } = await list(runOf(cluster));
  return (document['sets'] as { state: string }[]).map(({ state }) => state);
}

/** No shard is left with a lock, a snapshot or a session; the next backup needs nobody to clean up. */
export async function expectNothingLeft(cluster: MemoryCluster): Promise<void> {
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

/** A real agent over gRPC on loopback, before a server in memory; and a coordinator's half of its calls. */
import { onTestFinished } from 'vitest';
import { connectAgent, protocolVersion, type AgentCall, type AgentClient } from '../../../proto/channel.ts';
import type { BarrierReply__Output as BarrierReply } from '../../../proto/gen/tidemark/v1/BarrierReply.ts';
import type { BarrierRequest } from '../../../proto/gen/tidemark/v1/BarrierRequest.ts';
import type { CopyDone__Output as CopyDone } from '../../../proto/gen/tidemark/v1/CopyDone.ts';
import type { OperationContext } from '../../../proto/gen/tidemark/v1/OperationContext.ts';
import type { Prepare } from '../../../proto/gen/tidemark/v1/Prepare.ts';
import { createLease, type LeaseRecord } from '../../../repository/lease-record.ts';
import type { ManifestRef } from '../../../repository/manifest-entries.ts';
import type { ObjectStore } from '../../../repository/object-store.ts';
import { MemoryStore } from '../../../repository/stores/memory.ts';
import { startAgent, type RunningAgent } from '../../../shard-agent/agent.ts';
import type { AgentFile } from '../../../topology/agent-file.ts';
import { pino } from 'pino';
import { FakeEngine } from './fake-engine.ts';
import { FakeServer } from './fake-server.ts';

export const repositoryUrl = 'memory:';
export const set = '20261120T083012Z-full';

export interface AgentFixture {
  readonly agent: RunningAgent;
  readonly client: AgentClient;
  readonly server: FakeServer;
  readonly engine: FakeEngine;
  readonly store: ObjectStore;
}

export interface FixtureOptions {
  readonly shard?: string;
  readonly store?: ObjectStore;
  readonly server?: FakeServer;
  /** Over `server`; default a new one. */
  readonly engine?: FakeEngine;
  readonly allow?: AgentFile['allow'];
  /** Default: `money` of the shop. */
  readonly invariants?: AgentFile['invariants'];
  /** Default: a free port of the loopback address. */
  readonly listen?: string;
  /** False: the repository gets no lease, for tests whose coordinators take their own. Default: that of number 1. */
  readonly lease?: boolean;
}

/** Leaves at the end of the test, and fails it when a session or snapshot is still open then. */
export async function openAgent(options: FixtureOptions = {}): Promise<AgentFixture> {
  const shard = options.shard ?? 'shop-00';
  const server = options.server ?? new FakeServer(`id-${shard}`);
  const store = options.store ?? new MemoryStore(repositoryUrl);
  if (options.lease ?? true) await grantLease(store, 1);
  const engine = options.engine ?? new FakeEngine(server);
  const file = {
    shard,
    listen: options.listen ?? '127.0.0.1:0',
    transport: { kind: 'default' } as const,
    repository: { url: repositoryUrl },
    invariants: options.invariants ?? [{ name: 'money', database: 'shop', sql: 'sum accounts' }],
    allow: options.allow ?? (['backup', 'restore'] as const),
  };
  const agent = await startAgent({ file, engine, store, log: pino({ level: 'silent' }) });
  const client = connectAgent(agent.address, { kind: 'default' });
  onTestFinished(async () => {
    client.close();
    await agent.leave();
    const { openSessions, openSnapshots, locked } = server;
    if (openSessions + openSnapshots > 0 || locked) {
      throw new Error(`leaked: ${openSessions} sessions, ${openSnapshots} snapshots, locked ${locked}`);
    }
  });
  return { agent, client, server, engine, store };
}

/** Makes a lease of cluster `shop` that is released, for orders that no coordinator sends. */
export async function grantLease(store: ObjectStore, number: number): Promise<void> {
  await createLease(store, leaseOf(number));
}

function leaseOf(number: number): LeaseRecord {
  const at = '2026-11-20T08:30:00.000Z';
  const holder = { id: `test-${number}`, host: 'test', pid: 1, world: '', started: '' };
  const times = { takenAt: at, beat: 0, beatAt: at, beatMonotonicMs: 0 };
  return { cluster: 'shop', number, operation: 'test', set: null, holder, ...times, released: true };
}

/** `accounts` with a sum to check and `notes`, which is empty. */
export function fillShop(server: FakeServer, rows = 2300): void {
  server.table(
    'shop',
    'accounts',
    Array.from({ length: rows }, (_, n) => `${n}\t${(n * 7919) % 1000}`),
  );
  server.table('shop', 'notes', []);
}

export function contextOf(leaseNumber = 1, more: Partial<OperationContext> = {}): OperationContext {
  return { protocolVersion, cluster: 'shop', shard: 'shop-00', set, leaseNumber, repositoryUrl, ...more };
}

export function prepareOf(leaseNumber = 1, more: Partial<Prepare> = {}): Prepare {
  return {
    context: contextOf(leaseNumber),
    lanes: 3,
    chunkBytes: 2000,
    compressionLevel: 1,
    holdLimitMs: 100,
    copyLimitMs: 60_000,
    graceMs: 60_000,
    locks: true,
    ...more,
  };
}

export class BarrierTalk {
  readonly call: AgentCall<BarrierRequest, BarrierReply>;
  readonly #replies: AsyncIterator<BarrierReply>;

  constructor(client: AgentClient) {
    this.call = client.barrier();
    this.#replies = this.call[Symbol.asyncIterator]();
  }

  /** The next reply; throws when the call has ended. */
  async reply(): Promise<BarrierReply> {
    const next = await this.#replies.next();
    if (next.done === true) throw new Error('the call ended');
    return next.value;
  }

  async ask(request: BarrierRequest): Promise<BarrierReply> {
    this.call.send(request);
    return this.reply();
  }

  /** Ends our side and waits for the agent to end its own. */
  async finish(): Promise<void> {
    this.call.finish();
    await this.#replies.next();
  }
}

/** Prepares, freezes and cuts; the call is over when it resolves. */
export async function takeCut(client: AgentClient, prepare = prepareOf()): Promise<void> {
  const talk = new BarrierTalk(client);
  expectReply(await talk.ask({ prepare }), 'prepared');
  expectReply(await talk.ask({ freeze: { attempt: 1, drainMs: 50 } }), 'frozen');
  expectReply(await talk.ask({ cut: { attempt: 1 } }), 'cutTaken');
  await talk.finish();
}

export function expectReply(reply: BarrierReply, kind: BarrierReply['reply']): void {
  if (reply.reply !== kind) throw new Error(`expected ${kind}, got ${JSON.stringify(reply)}`);
}

export async function runCopy(client: AgentClient, context = contextOf()): Promise<CopyDone> {
  for await (const reply of client.copy({ context })) if (reply.done) return reply.done;
  throw new Error('the copy ended without done');
}

/** A whole backup of this shard. */
export async function backUp(client: AgentClient, prepare = prepareOf()): Promise<ManifestRef> {
  await takeCut(client, prepare);
  const { manifest } = await runCopy(client, prepare.context as OperationContext);
  if (manifest === null) throw new Error('no manifest');
  return { key: manifest.key, size: Number(manifest.size), sha256: manifest.sha256 };
}

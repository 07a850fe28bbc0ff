/** A sealed set of two shards whose every object has real bytes, and a run of a command over it: no agent, no database. */
import { pino } from 'pino';
import type { Progress } from '../../../coordinator/progress.ts';
import type { Run } from '../../../coordinator/run.ts';
import { totalSums } from '../../../coordinator/sums.ts';
import { writeCut, writeIntent } from '../../../repository/backup-set.ts';
import { chunkKey, manifestKey, schemaKey } from '../../../repository/layout.ts';
import { manifestFormat } from '../../../repository/manifest-entries.ts';
import type { ManifestRef, Sums } from '../../../repository/manifest-entries.ts';
import { ManifestWriter } from '../../../repository/manifest.ts';
import type { ObjectStore } from '../../../repository/object-store.ts';
import { sealSet } from '../../../repository/seal.ts';
import type { SealBody } from '../../../repository/seal.ts';
import type { Topology } from '../../../topology/topology.ts';

export const cluster = 'shop';
export const set = '20261120T083012Z-full';
export const shardNames = ['shop-00', 'shop-01'] as const;

export const topology: Topology = {
  path: 'topology.yaml',
  cluster,
  repository: { url: 'memory:' },
  transport: { kind: 'default' },
  barrier: {
    consistency: 'atomic',
    holdLimitMs: 100,
    deadlineMs: 30_000,
    maxHoldPerMinuteMs: 6_000,
    onDeadline: 'fail',
  },
  copy: { lanes: 2, shards: 8, chunkBytes: 1024, compressionLevel: 1, limitMs: 60_000 },
  invariants: [{ name: 'money', across: 'sum' }],
  shards: shardNames.map((name, n) => ({ name, agent: `127.0.0.1:${7420 + n}` })),
};

const silentProgress: Progress = {
  step: () => {},
  shard: () => {},
  done: () => {},
  note: () => {},
  write: () => {},
  end: () => {},
};

export function runOver(store: ObjectStore, more: Partial<Run> = {}): Run {
  return {
    topology,
    store,
    progress: silentProgress,
    log: pino({ level: 'silent' }),
    signal: new AbortController().signal,
    now: () => new Date('2026-11-20T12:00:00Z'),
    ...more,
  };
}

const barrier = {
  attempts: 2,
  holdLimitMs: 100,
  longestHoldMs: 8.25,
  windowMs: 1.5,
  shards: shardNames.map((name) => ({ name, holdMs: 8 })),
};

export async function writeShard(
  store: ObjectStore,
  shard: string,
): Promise<{ ref: ManifestRef; sums: Sums }> {
  const writer = ManifestWriter.open(store, manifestKey(cluster, set, shard));
  await writer.write({
    kind: 'shard',
    format: manifestFormat,
    cluster,
    set,
    shard,
    family: 'postgresql',
    version: '15.18',
    identity: `server of ${shard}`,
    position: position(shard),
    engine: {},
  });
  await writer.write({ kind: 'database', name: 'shop', sourceBytes: 1000, engine: {} });
  const archive = schemaKey(cluster, set, shard, 'shop', 'archive.dump');
  const schema = await store.create(archive, Buffer.from(`schema of ${shard}`));
  await writer.write({
    kind: 'schema',
    database: 'shop',
    name: 'archive',
    rawBytes: schema.size,
    object: archive,
    offset: 0,
    length: schema.size,
    sha256: schema.sha256,
  });
  const table = { database: 'shop', schema: 'public', name: 'accounts' };
  await writer.write({
    kind: 'table',
    table: 0,
    ...table,
    format: 'copy',
    columns: ['id', 'balance'],
    engine: {},
  });
  for (const n of [0, 1, 2]) {
    const object = chunkKey(cluster, set, shard, table, `${n}`, 'copy');
    const chunk = await store.create(object, Buffer.from(`${n}th chunk of ${shard} `.repeat(n + 1)));
    await writer.write({
      kind: 'chunk',
      table: 0,
      rows: 10,
      rawBytes: 100,
      rawSha256: chunk.sha256,
      range: { from: n },
      object,
      offset: 0,
      length: chunk.size,
      sha256: chunk.sha256,
    });
  }
  await writer.write({
    kind: 'invariant',
    name: 'money',
    database: 'shop',
    sql: 'SELECT 1',
    answer: '500.00',
  });
  return writer.finish();
}

/** Writes the whole set, the seal last. */
export async function writeSet(store: ObjectStore, seal = true): Promise<SealBody> {
  const startedAt = '2026-11-20T08:30:12.000Z';
  const intent = await writeIntent(store, {
    cluster,
    set,
    type: 'full',
    tidemark: '0.1.0',
    leaseNumber: 3,
    startedAt,
    startedBy: { host: 'ops', user: 'backup', pid: 4711 },
    topologyFingerprint: 'fingerprint',
    consistency: 'atomic',
    shards: [...shardNames],
  });
  const cut = await writeCut(store, {
    cluster,
    set,
    leaseNumber: 3,
    cutAt: '2026-11-20T08:30:13.100Z',
    consistency: 'atomic',
    barrier,
    shards: shardNames.map((name) => ({
      name,
      family: 'postgresql' as const,
      version: '15.18',
      identity: `server of ${name}`,
      position: position(name),
    })),
  });
  const shards: SealBody['shards'] = [];
  for (const name of shardNames) {
    const { ref, sums } = await writeShard(store, name);
    const identity = `server of ${name}`;
    shards.push({
      name,
      family: 'postgresql',
      version: '15.18',
      identity,
      manifest: ref,
      sums,
      position: position(name),
    });
  }
  const body: SealBody = {
    cluster,
    set,
    type: 'full',
    tidemark: '0.1.0',
    topologyFingerprint: 'fingerprint',
    leaseNumber: 3,
    startedAt,
    sealedAt: '2026-11-20T08:31:00.000Z',
    consistency: 'atomic',
    barrier,
    intent,
    cut,
    shards,
    sums: totalSums(shards.map(({ sums }) => sums)),
  };
  if (seal) await sealSet(store, body);
  return body;
}

export async function keysOf(store: ObjectStore): Promise<string[]> {
  const keys: string[] = [];
  for await (const { key } of store.list('')) keys.push(key);
  return keys;
}

/** What a test does to a stored object; each leaves something that must be found. */
export const damages: readonly { name: string; damage: (bytes: Buffer) => Buffer | undefined }[] = [
  { name: 'removed', damage: () => undefined },
  { name: 'cut short', damage: (bytes) => bytes.subarray(0, bytes.length - 1) },
  { name: 'longer', damage: (bytes) => Buffer.concat([bytes, Buffer.from('x')]) },
  { name: 'with a bit flipped', damage: flipMiddle },
];

/** Stores other bytes under a key, or none. */
export async function damageObject(
  store: ObjectStore,
  key: string,
  damage: (bytes: Buffer) => Buffer | undefined,
): Promise<void> {
  const bytes = await store.readSmall(key);
  if (bytes === undefined) throw new Error(`${key} is missing`);
  const damaged = damage(bytes);
  if (damaged === undefined) await store.delete(key);
  else await store.replace(key, damaged);
}

/** Each of the two gets the other's bytes. */
export async function swapObjects(store: ObjectStore, one: string, other: string): Promise<void> {
  const first = await store.readSmall(one);
  await damageObject(store, other, (second) => {
    void store.replace(one, second);
    return first;
  });
}

function flipMiddle(bytes: Buffer): Buffer {
  const copy = Buffer.from(bytes);
  const at = Math.floor(copy.length / 2);
  copy[at] = (copy[at] ?? 0) ^ 4;
  return copy;
}

export function position(shard: string) {
  return { kind: 'wal', lsn: '0/1A2B3C4D', timeline: 1, systemIdentifier: `server of ${shard}` } as const;
}

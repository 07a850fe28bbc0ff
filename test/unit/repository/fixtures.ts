/** One small, complete backup set, as a backup would write it. */
import { createHash } from 'node:crypto';
import { type CutRecord, type Intent, writeCut, writeIntent } from '../../../repository/backup-set.ts';
import { chunkKey, manifestKey, schemaKey } from '../../../repository/layout.ts';
import { ManifestWriter } from '../../../repository/manifest.ts';
import {
  type ChunkLine,
  type EndLine,
  type ManifestLine,
  type ManifestRef,
  manifestFormat,
  type Sums,
  type TableLine,
} from '../../../repository/manifest-entries.ts';
import type { ObjectStore } from '../../../repository/object-store.ts';
import { type SealBody, sealSet } from '../../../repository/seal.ts';

export const cluster = 'shop';
export const set = '20261120T083012Z-full';
export const shardName = 'shop-00';

const position = {
  kind: 'wal',
  lsn: '0/1A2B3C4D',
  timeline: 1,
  systemIdentifier: '7300000000000000001',
} as const;

export type BodyLine = Exclude<ManifestLine, EndLine>;

export function sha256(bytes: string | Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex');
}

export function tableLine(table: number, name = `t${table}`): TableLine {
  return {
    kind: 'table',
    table,
    database: 'shop',
    schema: 'public',
    name,
    format: 'copy',
    columns: ['id', 'balance'],
    engine: { oid: 16384 + table },
  };
}

export function chunkLine(table: number, n: number, shard = shardName): ChunkLine {
  return {
    kind: 'chunk',
    table,
    rows: 10 + n,
    rawBytes: 100 + n,
    rawSha256: sha256(`raw ${table} ${n}`),
    range: { from: n, to: n + 1 },
    object: chunkKey(
      cluster,
      set,
      shard,
      { database: 'shop', schema: 'public', name: `t${table}` },
      `${n}`,
      'copy',
    ),
    offset: 0,
    length: 50 + n,
    sha256: sha256(`stored ${table} ${n}`),
  };
}

/** The lines of a whole manifest without its end. */
export function bodyLines(shard = shardName): BodyLine[] {
  return [
    {
      kind: 'shard',
      format: manifestFormat,
      cluster,
      set,
      shard,
      family: 'postgresql',
      version: '15.18',
      identity: '7300000000000000001',
      position,
      engine: { encoding: 'UTF8' },
    },
    { kind: 'database', name: 'shop', sourceBytes: 8_000_000, engine: {} },
    {
      kind: 'schema',
      database: 'shop',
      name: 'archive',
      rawBytes: 1000,
      object: schemaKey(cluster, set, shard, 'shop', 'archive.dump'),
      offset: 0,
      length: 1000,
      sha256: sha256('archive'),
    },
    tableLine(0),
    tableLine(1),
    chunkLine(0, 0, shard),
    chunkLine(1, 0, shard),
    chunkLine(0, 1, shard),
    {
      kind: 'invariant',
      name: 'money',
      database: 'shop',
      sql: 'SELECT SUM(balance) FROM accounts',
      answer: '1000.00',
    },
  ];
}

export async function writeManifest(
  store: ObjectStore,
  shard = shardName,
  lines: readonly BodyLine[] = bodyLines(shard),
): Promise<{ ref: ManifestRef; sums: Sums }> {
  const writer = ManifestWriter.open(store, manifestKey(cluster, set, shard));
  for (const line of lines) await writer.write(line);
  return writer.finish();
}

const barrier = {
  attempts: 2,
  holdLimitMs: 100,
  longestHoldMs: 8.25,
  windowMs: 1.5,
  shards: [{ name: shardName, holdMs: 8.25 }],
};

export const intent: Intent = {
  cluster,
  set,
  type: 'full',
  tidemark: '0.1.0',
  leaseNumber: 3,
  startedAt: '2026-11-20T08:30:12.000Z',
  startedBy: { host: 'ops', user: 'backup', pid: 4711 },
  topologyFingerprint: sha256('topology'),
  consistency: 'atomic',
  shards: [shardName],
};

export const cut: CutRecord = {
  cluster,
  set,
  leaseNumber: 3,
  cutAt: '2026-11-20T08:30:13.100Z',
  consistency: 'atomic',
  barrier,
  shards: [
    { name: shardName, family: 'postgresql', version: '15.18', identity: '7300000000000000001', position },
  ],
};

/** Writes a set in its order, up to but without the seal, and gives the seal's body. */
export async function unsealedSet(
  store: ObjectStore,
  manifestLines?: readonly BodyLine[],
): Promise<SealBody> {
  const intentDigest = await writeIntent(store, intent);
  const cutDigest = await writeCut(store, cut);
  const { ref, sums } = await writeManifest(store, shardName, manifestLines);
  return {
    cluster,
    set,
    type: 'full',
    tidemark: '0.1.0',
    topologyFingerprint: intent.topologyFingerprint,
    leaseNumber: 3,
    startedAt: intent.startedAt,
    sealedAt: '2026-11-20T08:31:00.000Z',
    consistency: 'atomic',
    barrier,
    intent: intentDigest,
    cut: cutDigest,
    shards: [
      {
        name: shardName,
        family: 'postgresql',
        version: '15.18',
        identity: '7300000000000000001',
        manifest: ref,
        sums,
        position,
      },
    ],
    sums,
  };
}

export async function sealedSet(store: ObjectStore): Promise<SealBody> {
  const body = await unsealedSet(store);
  await sealSet(store, body);
  return body;
}

/** The same bytes with one bit of one byte turned. */
export function flipped(bytes: Buffer, at: number, bit: number): Buffer {
  const copy = Buffer.from(bytes);
  copy[at] = (copy[at] ?? 0) ^ (1 << bit);
  return copy;
}

/** What a changed record must be taken for: its format's number may read as that of a newer one, everything else is damage. */
export function changedCode(bytes: Buffer): 'bad-bytes' | 'newer-format' {
  const newer = /^\{\s+"format": "tidemark-[a-z]+(-[a-z]+)*-([2-9]|[1-9][0-9]{1,8})"/;
  return newer.test(String(bytes)) ? 'newer-format' : 'bad-bytes';
}

export async function stored(store: ObjectStore, key: string): Promise<Buffer> {
  const bytes = await store.readSmall(key);
  if (bytes === undefined) throw new Error(`${key} is missing`);
  return bytes;
}

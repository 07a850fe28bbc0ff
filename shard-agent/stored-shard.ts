/** One shard's part of a backup set, as its manifest tells it. */
import { TidemarkError } from '../proto/errors.ts';
import { tableText } from '../repository/layout.ts';
import type {
  ChunkLine,
  DatabaseLine,
  InvariantLine,
  ManifestRef,
  SchemaLine,
  ShardLine,
  Sums,
  TableLine,
} from '../repository/manifest-entries.ts';
import { readManifest } from '../repository/manifest.ts';
import type { ObjectStore } from '../repository/object-store.ts';
import type { PieceSource } from '../repository/read-ahead.ts';
import type { StoredShard } from './engine.ts';
import { readUnpacked, unpack, type PackedRef } from './pipeline/unpack.ts';

/** What the coordinator says the manifest is of; checked against its shard line. */
export interface StoredName {
  readonly set: string;
  readonly shard: string;
}

export interface OpenStoredShard extends StoredShard {
  /** What the manifest's lines add up to, checked. */
  readonly sums: Sums;
  /** The chunk lines, read again from the repository with every check: memory does not grow with them. */
  chunks(): AsyncGenerator<ChunkLine, undefined>;
}

/**
 * Reads the whole manifest once, keeps what the catalogue bounds, and lets the chunk lines pass.
 * Throws `bad-bytes` when the manifest is damaged or is of another set or shard.
 */
export async function openStoredShard(
  store: ObjectStore,
  ref: ManifestRef,
  name: StoredName,
): Promise<OpenStoredShard> {
  let shard: ShardLine | undefined;
  let sums: Sums | undefined;
  const databases: DatabaseLine[] = [];
  const schema: SchemaLine[] = [];
  const tables: TableLine[] = [];
  const rows = new Map<number, number>();
  const largestRows = new Map<number, number>();
  const invariants: InvariantLine[] = [];
  for await (const line of readManifest(store, ref)) {
    switch (line.kind) {
      case 'shard':
        shard = line;
        break;
      case 'database':
        databases.push(line);
        break;
      case 'schema':
        schema.push(line);
        break;
      case 'table':
        tables.push(line);
        break;
      case 'invariant':
        invariants.push(line);
        break;
      case 'end':
        sums = line.sums;
        break;
      case 'chunk':
        rows.set(line.table, (rows.get(line.table) ?? 0) + line.rows);
        noteLargestRow(largestRows, line);
        break;
    }
  }
  if (shard === undefined || sums === undefined) throw bad(ref, 'it has no shard line or no end');
  if (shard.set !== name.set || shard.shard !== name.shard) {
    throw bad(ref, `it is of set ${shard.set}, shard ${shard.shard}, not of ${name.set}, ${name.shard}`);
  }
  return {
    shard,
    sums,
    databases,
    schema,
    tables,
    rows,
    largestRows,
    invariants,
    openSchema: (line) => openPiece(store, line),
    openChunk: (table, chunk) => unpack(store, { ...chunk, of: tableText(table) }),
    chunks: () => chunkLines(store, ref),
  };
}

/** Older sets do not tell. */
export function noteLargestRow(largestRows: Map<number, number>, { table, range }: ChunkLine): void {
  const { largestRow } = range;
  if (typeof largestRow !== 'number') return;
  largestRows.set(table, Math.max(largestRow, largestRows.get(table) ?? 0));
}

/** The raw bytes of a schema piece or any other object that may have been stored as it came. */
export function openPiece(store: PieceSource, ref: PackedRef): AsyncGenerator<Buffer> {
  // What the engine had packed already (a pg_dump archive) is stored under its own name, without `.zst`.
  return ref.object.endsWith('.zst') ? unpack(store, ref) : readUnpacked(store, ref);
}

/** Throws `does-not-fit` when the set was taken without globals. */
export function requireGlobals({ shard }: StoredShard): void {
  if (shard.globals !== undefined) return;
  throw new TidemarkError({
    code: 'does-not-fit',
    operation: 'restore globals',
    subject: `${shard.shard}: ${shard.set}`,
    cause: 'the set was taken without globals',
    remedy: 'Restore without --globals, or name a set that was taken with --globals (`tidemark show`).',
  });
}

async function* chunkLines(store: ObjectStore, ref: ManifestRef): AsyncGenerator<ChunkLine, undefined> {
  for await (const line of readManifest(store, ref)) if (line.kind === 'chunk') yield line;
  return undefined;
}

function bad(ref: ManifestRef, cause: string): TidemarkError {
  return new TidemarkError({ code: 'bad-bytes', operation: 'read a manifest', subject: ref.key, cause });
}

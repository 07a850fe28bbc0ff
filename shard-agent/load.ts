/** Loading the chunks of a stored shard over several lanes. */
import { TidemarkError } from '../proto/errors.ts';
import { tableText } from '../repository/layout.ts';
import type { ChunkLine, Sums, TableLine } from '../repository/manifest-entries.ts';
import type { ObjectStore } from '../repository/object-store.ts';
import { readAhead, type ReadablePiece } from '../repository/read-ahead.ts';
import { sumsDifference } from '../repository/sums.ts';
import type { RestoreSession, WriteLane } from './engine.ts';
import { unpack } from './pipeline/unpack.ts';
import type { Progress } from './progress.ts';
import type { OpenStoredShard } from './stored-shard.ts';
import { together } from './together.ts';

export interface LoadOrder {
  readonly shard: string;
  readonly store: ObjectStore;
  readonly stored: OpenStoredShard;
  readonly session: RestoreSession;
  readonly progress: Progress;
  readonly signal: AbortSignal;
}

/**
 * Loads every chunk, each lane taking the next line of the manifest. The first failure stops all lanes, is waited for and
 * thrown. Resolves with what was loaded, which is what the manifest adds up to; else throws `bad-bytes`.
 */
export async function loadChunks(order: LoadOrder): Promise<Sums> {
  const { stored, session } = order;
  const tables = new Map(stored.tables.map((table) => [table.table, table]));
  const pieces = readAhead(order.store, stored.chunks());
  const loaded = { chunks: 0, rows: 0, rawBytes: 0 };
  const runLane = async (lane: WriteLane, signal: AbortSignal): Promise<void> => {
    for (let next = await pieces.next(); next.done !== true; next = await pieces.next()) {
      const { ref } = next.value;
      signal.throwIfAborted();
      await loadChunk(order, lane, tableOf(tables, ref), next.value, signal);
      loaded.chunks += 1;
      loaded.rows += ref.rows;
      loaded.rawBytes += ref.rawBytes;
    }
  };
  const lanes = await session.writeLanes();
  try {
    await together(
      order.signal,
      lanes.map((lane) => (signal) => runLane(lane, signal)),
    );
  } finally {
    // After a failure nobody has read to its end: lets go of the manifest's file.
    await pieces.return(undefined);
  }
  const { storedBytes, objects } = stored.sums;
  const sums: Sums = { ...loaded, tables: stored.tables.length, storedBytes, objects };
  const difference = sumsDifference(sums, stored.sums);
  if (difference !== '') throw differs(order.shard, difference);
  return sums;
}

async function loadChunk(
  order: LoadOrder,
  lane: WriteLane,
  table: TableLine,
  { ref: chunk, source }: ReadablePiece<ChunkLine>,
  signal: AbortSignal,
): Promise<void> {
  const { progress, shard } = order;
  const raw = unpack(source, { ...chunk, of: tableText(table) });
  const rows = await lane.load(table, chunk, counted(raw, progress), signal);
  if (rows !== chunk.rows) {
    throw new TidemarkError({
      code: 'bad-bytes',
      operation: 'load a chunk',
      subject: `${shard}: ${chunk.object}: ${tableText(table)}`,
      cause: `the server took ${rows} rows, the manifest says ${chunk.rows}`,
    });
  }
  progress.chunks += 1;
  progress.rows += rows;
  progress.storedBytes += chunk.length;
}

async function* counted(source: AsyncIterable<Buffer>, progress: Progress): AsyncGenerator<Buffer> {
  for await (const piece of source) {
    progress.bytes += piece.length;
    yield piece;
  }
}

function tableOf(tables: ReadonlyMap<number, TableLine>, chunk: ChunkLine): TableLine {
  const table = tables.get(chunk.table);
  if (table !== undefined) return table;
  throw new TidemarkError({
    code: 'bad-bytes',
    operation: 'load a chunk',
    subject: chunk.object,
    cause: `the manifest has no table ${chunk.table}`,
  });
}

function differs(shard: string, difference: string): TidemarkError {
  return new TidemarkError({
    code: 'bad-bytes',
    operation: 'compare what was loaded with the manifest',
    subject: shard,
    cause: difference,
  });
}

/** The copy of one shard, from the cut to its stored manifest. Reads as the list in `copyShard`. */
import { TidemarkError, asTidemarkError } from '../proto/errors.ts';
import { reached } from '../proto/step-points.ts';
import { manifestKey, schemaKey } from '../repository/layout.ts';
import {
  type InvariantLine,
  manifestFormat,
  type ManifestRef,
  type Sums,
} from '../repository/manifest-entries.ts';
import { ManifestWriter } from '../repository/manifest.ts';
import type { ObjectStore } from '../repository/object-store.ts';
import type { InvariantQuery } from '../topology/agent-file.ts';
import type { BackupSession, ReadLane, SchemaPiece, ServerDescription } from './engine.ts';
import { refuseLongAnswers } from './invariant-answers.ts';
import { CopyLane, laneError, type LaneOrder, type LaneReport, type LaneSpec } from './lane.ts';
import { LaneLines } from './lane-lines.ts';
import { countStream, packStream } from './pipeline/pack-stream.ts';
import type { Progress } from './progress.ts';
import { TaskBoard } from './task-board.ts';
import { together } from './together.ts';

export interface CopyOrder extends LaneSpec {
  readonly store: ObjectStore;
  readonly backup: BackupSession;
  readonly invariants: readonly InvariantQuery[];
  readonly progress: Progress;
  readonly signal: AbortSignal;
}

export interface CopyResult {
  readonly manifest: ManifestRef;
  readonly sums: Sums;
  readonly server: ServerDescription;
}

/**
 * Copies what the cut holds into the repository. On failure nothing under the manifest's key is stored, and every lane
 * has stopped; the session is still the caller's to close. `snapshot-lost` when no lane is left.
 */
export async function copyShard(order: CopyOrder): Promise<CopyResult> {
  const { store, cluster, set, shard, backup, progress } = order;
  const manifest = ManifestWriter.open(store, manifestKey(cluster, set, shard));
  try {
    progress.phase = 'schema';
    const answers = await backup.invariants(order.invariants);
    refuseLongAnswers(answers, shard);
    progress.phase = 'data';
    await reached('agent.copying');
    // At once, so that no core idles while databases and schema are described. Every other line waits for the first ones.
    const head = writeHead(order, manifest, answers);
    const steps = [() => head, storeSchema, copyTables];
    await together(
      order.signal,
      steps.map((step) => (signal) => step({ ...order, signal }, { manifest, head })),
    );
    progress.phase = 'manifest';
    await reached('agent.before-manifest');
    await backup.confirmServer();
    order.signal.throwIfAborted();
    return { ...(await finish(manifest)), server: backup.server };
  } catch (error) {
    const failure = order.signal.aborted ? order.signal.reason : error;
    const known = asTidemarkError(failure, { code: 'internal', operation: 'copy the shard', subject: shard });
    await manifest.abort(known);
    throw known;
  }
}

/** A manifest whose first lines are being written; they are there when `head` has resolved. */
interface OpenManifest {
  readonly manifest: ManifestWriter;
  readonly head: Promise<void>;
}

async function writeHead(
  { cluster, set, shard, backup }: CopyOrder,
  manifest: ManifestWriter,
  answers: readonly InvariantLine[],
): Promise<void> {
  await manifest.write({
    kind: 'shard',
    format: manifestFormat,
    cluster,
    set,
    shard,
    ...(await backup.shardLine()),
  });
  for (const line of await backup.databaseLines()) await manifest.write(line);
  for (const line of answers) await manifest.write(line);
}

async function storeSchema(order: CopyOrder, open: OpenManifest): Promise<void> {
  for await (const piece of order.backup.schema()) {
    order.signal.throwIfAborted();
    await storePiece(order, open, piece);
  }
}

async function storePiece(
  order: CopyOrder,
  { manifest, head }: OpenManifest,
  piece: SchemaPiece,
): Promise<void> {
  const { store, cluster, set, shard, compressionLevel, progress } = order;
  const body = until(order.signal, piece.body);
  const packed = piece.packed ? countStream(body) : packStream(body, compressionLevel);
  const fileName = piece.packed ? piece.fileName : `${piece.fileName}.zst`;
  const key = schemaKey(cluster, set, shard, piece.database, fileName);
  const object = await store.create(key, packed.body);
  progress.storedBytes += object.size;
  await head;
  await manifest.write({
    kind: 'schema',
    database: piece.database,
    name: piece.name,
    object: key,
    offset: 0,
    length: object.size,
    sha256: object.sha256,
    rawBytes: packed.rawBytes(),
  });
}

async function* until(signal: AbortSignal, body: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  for await (const bytes of body) {
    signal.throwIfAborted();
    yield bytes;
  }
}

/** Lanes take the tasks in their order; a lane that dies gives its task back to the others. */
async function copyTables(order: CopyOrder, { manifest, head }: OpenManifest): Promise<void> {
  const { backup, progress } = order;
  const listed = listTables(order, manifest, head);
  // A failure is met by every lane, and here.
  listed.catch(() => undefined);
  const orders = backup.tasks().map((task): LaneOrder => {
    const table = backup.tables[task.table];
    if (table === undefined) throw unknownTable(order.shard, task.table);
    const { database, schema, name, format } = table;
    return { task, table: { database, schema, name, format, table: table.table }, attempt: 0 };
  });
  progress.totalChunks = orders.length;
  progress.totalBytes = backup.estimatedBytes;
  const board = new TaskBoard(orders);
  const losses: TidemarkError[] = [];
  const lanes = (await backup.readLanes()).map((reader, number) => async (signal: AbortSignal) => {
    const lines = new LaneLines(manifest, order.progress, listed);
    const lost = await runLane(order, lines, { reader, number }, board, signal);
    if (lost !== undefined) losses.push(lost);
  });
  await together(order.signal, lanes);
  await listed;
  if (board.left > 0) throw noLaneLeft(order.shard, board.left, losses);
}

async function listTables(
  { backup }: CopyOrder,
  manifest: ManifestWriter,
  head: Promise<void>,
): Promise<void> {
  await head;
  for (const table of backup.tables) await manifest.write(table);
}

/** Resolves with the error that killed the lane, or undefined when there was nothing more to do. */
async function runLane(
  order: CopyOrder,
  lines: LaneLines,
  { reader, number }: { reader: ReadLane; number: number },
  board: TaskBoard<LaneOrder>,
  signal: AbortSignal,
): Promise<TidemarkError | undefined> {
  const report = (told: LaneReport): void => lines.take(told);
  const lane = new CopyLane(order, { lane: number, store: order.store, reader, report });
  try {
    const lost = await runTasks(lane, lines, board, signal);
    // A dead lane too: what it has read of tasks that were done is part of the copy.
    const outcome = await lane.finish();
    if (outcome.kind === 'failed') throw laneError(outcome.error);
    await lines.written();
    return lost;
  } catch (error) {
    await lane.abandon(asTidemarkError(error, { code: 'internal', operation: 'copy', subject: order.shard }));
    throw error;
  }
}

async function runTasks(
  lane: CopyLane,
  lines: LaneLines,
  board: TaskBoard<LaneOrder>,
  signal: AbortSignal,
): Promise<TidemarkError | undefined> {
  for (;;) {
    const next = await board.take();
    if (next === undefined) return undefined;
    let giveBack: LaneOrder | undefined;
    try {
      signal.throwIfAborted();
      lines.begin();
      const outcome = await lane.run(next, signal);
      if (outcome.kind === 'done') {
        lines.append();
        await lines.written();
        continue;
      }
      const error = laneError(outcome.error);
      if (error.code !== 'snapshot-lost' || !lines.retractable || signal.aborted) throw error;
      lines.retract();
      giveBack = { ...next, attempt: next.attempt + 1 };
      return error;
    } finally {
      board.settle(giveBack);
    }
  }
}

/** The sums are the manifest's own count of its lines. */
async function finish(manifest: ManifestWriter): Promise<{ manifest: ManifestRef; sums: Sums }> {
  const { ref, sums } = await manifest.finish();
  return { manifest: ref, sums };
}

function unknownTable(shard: string, table: number): TidemarkError {
  const cause = `a task names table ${table}, which is not in the catalogue`;
  return new TidemarkError({ code: 'internal', operation: 'plan the copy', subject: shard, cause });
}

function noLaneLeft(shard: string, tasks: number, losses: readonly TidemarkError[]): TidemarkError {
  const last = losses.at(-1);
  return new TidemarkError(
    {
      code: 'snapshot-lost',
      operation: 'copy the shard',
      subject: shard,
      cause: `no lane is left and ${tasks} tasks are not done; the last lane was lost because: ${last?.reason ?? 'unknown'}`,
    },
    { cause: last },
  );
}

/**
 * A lane of a copy, as seen by whoever hands out the work: orders and reports are plain data, so that what runs them
 * can move to a worker thread.
 */
import { TidemarkError, asTidemarkError, type ErrorFields } from '../proto/errors.ts';
import { chunkKey, sharedKey, type TableName } from '../repository/layout.ts';
import type { ChunkLine, TableLine } from '../repository/manifest-entries.ts';
import type { ObjectStore } from '../repository/object-store.ts';
import type { ReadLane, ReadTask } from './engine.ts';
import { FramePool } from './pipeline/frame-pool.ts';
import { ChunkPacker, type StoredChunk } from './pipeline/pack.ts';
import { SharedObjects } from './pipeline/shared-objects.ts';

/** Raw frames of one lane: one being filled, one being packed, one that the store is taking. */
const laneFrames = 3;

/** What does not change between the tasks of one copy. */
export interface LaneSpec {
  readonly cluster: string;
  readonly set: string;
  readonly shard: string;
  readonly chunkBytes: number;
  readonly compressionLevel: number;
}

export interface LaneOrder {
  readonly task: ReadTask;
  readonly table: TableName & Pick<TableLine, 'table' | 'format'>;
  /** How often the task has failed on other lanes: each attempt stores under names of its own. */
  readonly attempt: number;
}

export type LaneReport =
  /** The repository has taken a frame of the running task. */
  | { readonly kind: 'frame'; readonly rawBytes: number; readonly storedBytes: number }
  /** A chunk of the running task is durable. */
  | { readonly kind: 'chunk'; readonly line: ChunkLine }
  /** Small chunks of tasks that are done have become durable as the pieces of one object. */
  | { readonly kind: 'shared'; readonly lines: readonly ChunkLine[] };

export type LaneOutcome =
  | { readonly kind: 'done' }
  /** `snapshot-lost` means that the lane is dead and the task may be given to another. */
  | { readonly kind: 'failed'; readonly error: ErrorFields };

export interface LaneParts {
  /** Tells this lane from the others of its copy. */
  readonly lane: number;
  readonly store: ObjectStore;
  readonly reader: ReadLane;
  readonly report: (report: LaneReport) => void;
}

export class CopyLane {
  readonly #spec: LaneSpec;
  readonly #parts: LaneParts;
  readonly #pool = new FramePool(laneFrames);
  readonly #shared: SharedObjects<LaneOrder>;

  constructor(spec: LaneSpec, parts: LaneParts) {
    this.#spec = spec;
    this.#parts = parts;
    const { cluster, set, shard } = spec;
    this.#shared = new SharedObjects(parts.store, {
      keyOf: (object) => sharedKey(cluster, set, shard, parts.lane, object),
      onObject: (pieces) => {
        const lines = pieces.map(({ tag, chunk }) => chunkLine(tag, chunk));
        parts.report({ kind: 'shared', lines });
      },
    });
  }

  /**
   * Reads one task into the repository. One at a time. Never throws; after `failed` nothing of the task runs any more.
   * After `done` its last chunk may still wait for others: it is reported when it is durable, after `finish` at the latest,
   * whatever becomes of the tasks that follow.
   */
  async run(order: LaneOrder, signal: AbortSignal): Promise<LaneOutcome> {
    const { cluster, set, shard, chunkBytes, compressionLevel } = this.#spec;
    const { store, reader, report } = this.#parts;
    const { task, table, attempt } = order;
    const suffix = attempt === 0 ? '' : `-r${attempt}`;
    const sink = new ChunkPacker(store, this.#pool, {
      level: compressionLevel,
      chunkBytes,
      keyOf: (part) => chunkKey(cluster, set, shard, table, `${task.task}-${part}${suffix}`, table.format),
      onFrame: (rawBytes, storedBytes) => report({ kind: 'frame', rawBytes, storedBytes }),
      onChunk: (chunk) => report({ kind: 'chunk', line: chunkLine(order, chunk) }),
      share: (chunk) => this.#shared.add(order, chunk),
    });
    try {
      await reader.read(task, sink, signal);
      await sink.finish();
      return { kind: 'done' };
    } catch (error) {
      const subject = [shard, table.database, table.schema, table.name]
        .filter((part) => part !== '')
        .join(': ');
      const failure = asTidemarkError(error, { code: 'internal', operation: 'copy a table', subject });
      await sink.abandon(failure);
      return { kind: 'failed', error: failure.toJSON() };
    }
  }

  /** After the last `run`, also when the lane is dead: every chunk of a task that was done is durable and reported. Never throws. */
  async finish(): Promise<LaneOutcome> {
    try {
      await this.#shared.finish();
      return { kind: 'done' };
    } catch (error) {
      const subject = this.#spec.shard;
      const failure = asTidemarkError(error, { code: 'internal', operation: 'copy small tables', subject });
      return { kind: 'failed', error: failure.toJSON() };
    }
  }

  /** Instead of `finish`: gives up what is not durable. Resolves when nothing of the lane runs any more. Never throws. */
  async abandon(error: TidemarkError): Promise<void> {
    await this.#shared.abandon(error);
  }
}

function chunkLine({ task, table }: LaneOrder, { part, largestRow, ...stored }: StoredChunk): ChunkLine {
  const told = largestRow === undefined ? {} : { largestRow };
  return { kind: 'chunk', ...stored, table: table.table, range: { ...task.range, part, ...told } };
}

/** The error of a failed outcome, as it may be thrown again on this side. */
export function laneError(fields: ErrorFields): TidemarkError {
  return new TidemarkError(fields);
}

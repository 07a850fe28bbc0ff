/**
 * A lane of a copy, as seen by whoever hands out the work: orders and reports are plain data, so that what runs them
 * can move to a worker thread.
 */
import { TidemarkError, asTidemarkError, type ErrorFields } from '../proto/errors.ts';
import { chunkKey, type TableName } from '../repository/layout.ts';
import type { ChunkLine, TableLine } from '../repository/manifest-entries.ts';
import type { ObjectStore } from '../repository/object-store.ts';
import type { ReadLane, ReadTask } from './engine.ts';
import { FramePool } from './pipeline/frame-pool.ts';
import { ChunkPacker } from './pipeline/pack.ts';

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
  /** The repository has taken a frame. */
  | { readonly kind: 'frame'; readonly rawBytes: number; readonly storedBytes: number }
  /** A chunk is durable. */
  | { readonly kind: 'chunk'; readonly line: ChunkLine };

export type LaneOutcome =
  | { readonly kind: 'done' }
  /** `snapshot-lost` means that the lane is dead and the task may be given to another. */
  | { readonly kind: 'failed'; readonly error: ErrorFields };

export class CopyLane {
  readonly #spec: LaneSpec;
  readonly #store: ObjectStore;
  readonly #reader: ReadLane;
  readonly #pool = new FramePool(laneFrames);

  constructor(spec: LaneSpec, store: ObjectStore, reader: ReadLane) {
    this.#spec = spec;
    this.#store = store;
    this.#reader = reader;
  }

  /** Reads one task into the repository. One at a time. Never throws; after `failed` nothing of the task runs any more. */
  async run(
    order: LaneOrder,
    report: (report: LaneReport) => void,
    signal: AbortSignal,
  ): Promise<LaneOutcome> {
    const { cluster, set, shard, chunkBytes, compressionLevel } = this.#spec;
    const { task, table, attempt } = order;
    const suffix = attempt === 0 ? '' : `-r${attempt}`;
    const sink = new ChunkPacker(this.#store, this.#pool, {
      level: compressionLevel,
      chunkBytes,
      keyOf: (part) => chunkKey(cluster, set, shard, table, `${task.task}-${part}${suffix}`, table.format),
      onFrame: (rawBytes, storedBytes) => report({ kind: 'frame', rawBytes, storedBytes }),
      onChunk: ({ part, ...stored }) => {
        const range = { ...task.range, part };
        report({ kind: 'chunk', line: { kind: 'chunk', ...stored, table: table.table, range } });
      },
    });
    try {
      await this.#reader.read(task, sink, signal);
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
}

/** The error of a failed outcome, as it may be thrown again on this side. */
export function laneError(fields: ErrorFields): TidemarkError {
  return new TidemarkError(fields);
}

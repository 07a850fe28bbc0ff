/**
 * From raw bytes to stored chunks: frames are packed side by side and stream into the repository in order.
 *
 * Memory is the lane's frame pool and the packed form of the frames in it, whatever the size of values and tables.
 */
import { createHash } from 'node:crypto';
import { TidemarkError, asTidemarkError } from '../../proto/errors.ts';
import type { ObjectStore } from '../../repository/object-store.ts';
import type { ObjectRef } from '../../repository/manifest-entries.ts';
import type { RawSink } from '../engine.ts';
import { frameBytes, packFrame, type PackedFrame } from './frame.ts';
import type { FramePool } from './frame-pool.ts';

/** A chunk that is durable in the repository. */
export interface StoredChunk extends ObjectRef {
  /** Number of the chunk within its task, from 0. */
  readonly part: number;
  readonly rows: number;
  readonly rawBytes: number;
  readonly rawSha256: string;
  readonly largestRow?: number;
}

/** A chunk of one frame, the last of a task that has been read to its end. */
export interface SmallChunk {
  readonly packed: Promise<PackedFrame>;
  readonly part: number;
  readonly rows: number;
  readonly rawBytes: number;
}

export interface PackOrder {
  /** zstd level. */
  readonly level: number;
  /** Raw bytes at which the sink says it is full. */
  readonly chunkBytes: number;
  /** Key of the chunk with this number. */
  readonly keyOf: (part: number) => string;
  /** Called in the order of the chunks, when each is durable. */
  readonly onChunk: (chunk: StoredChunk) => void;
  /** Called for every frame that the store has taken. */
  readonly onFrame?: (rawBytes: number, storedBytes: number) => void;
  /**
   * Takes the task's last chunk when that is a single frame; it is then no object of its own, and `finish` does not wait
   * until it is durable.
   */
  readonly share?: (chunk: SmallChunk) => Promise<void>;
}

/**
 * The sink of one task. While one chunk is being made durable the next is already filled; never more than two are open.
 * A failure of the store is thrown by the next `append` or `endChunk`, or by `finish`.
 */
export class ChunkPacker implements RawSink {
  readonly #store: ObjectStore;
  readonly #pool: FramePool;
  readonly #order: PackOrder;
  #frame: Buffer<ArrayBuffer> | undefined;
  #filled = 0;
  #chunk: ChunkInTheMaking | undefined;
  #rawBytes = 0;
  #parts = 0;
  /** The chunk of one frame that was ended last: stored as an object of its own when another follows it in its task. */
  #kept: KeptChunk | undefined;
  #storing: Promise<void> = Promise.resolve();
  #failure: TidemarkError | undefined;

  constructor(store: ObjectStore, pool: FramePool, order: PackOrder) {
    this.#store = store;
    this.#pool = pool;
    this.#order = order;
  }

  get full(): boolean {
    return this.#rawBytes >= this.#order.chunkBytes;
  }

  append(source: Uint8Array, start: number, end: number): Promise<void> | undefined {
    if (this.#failure !== undefined) return Promise.reject(this.#failure);
    let at = start;
    if (at < end) this.#storeKept();
    while (at < end) {
      this.#frame ??= this.#pool.take();
      const count = Math.min(end - at, frameBytes - this.#filled);
      Buffer.prototype.copy.call(source, this.#frame, this.#filled, at, at + count);
      this.#filled += count;
      at += count;
      if (this.#filled === frameBytes) this.#flush();
    }
    this.#rawBytes += end - start;
    return this.#pool.overdrawn ? this.#room() : undefined;
  }

  async endChunk(rows: number, largestRow?: number): Promise<void> {
    if (this.#failure !== undefined) throw this.#failure;
    if (this.#rawBytes === 0) {
      // A range without rows makes no object.
      if (rows === 0) return;
      throw this.#fail(defect(`${rows} rows without a byte`));
    }
    const before = this.#storing;
    if (this.#order.share !== undefined && this.#chunk === undefined && this.#frame !== undefined) {
      this.#kept = { frame: this.#frame, rows, rawBytes: this.#filled };
      this.#frame = undefined;
      this.#filled = 0;
      this.#rawBytes = 0;
    } else this.#storeChunk(rows, largestRow);
    await before;
  }

  /** After the task's last `endChunk`: resolves when every chunk is durable, but for one that is shared. */
  async finish(): Promise<void> {
    if (this.#rawBytes > 0 && this.#failure === undefined) {
      throw this.#fail(defect('a task ended in the middle of a chunk'));
    }
    await this.#storing;
    if (this.#failure !== undefined) throw this.#failure;
    const kept = this.#kept;
    if (kept === undefined || this.#order.share === undefined) return;
    this.#kept = undefined;
    const { frame, rows, rawBytes } = kept;
    const packed = packFrame(frame.subarray(0, rawBytes), this.#order.level);
    const release = (): void => this.#pool.give(frame);
    packed.then(release, release);
    await this.#order.share({ packed, part: this.#parts, rows, rawBytes });
  }

  /** Gives up: no chunk that is not yet durable will be stored. Resolves when nothing of it runs any more. Never throws. */
  async abandon(error: unknown): Promise<void> {
    this.#fail(asTidemarkError(error, { code: 'internal', operation: 'pack a chunk', subject: 'pipeline' }));
    await this.#storing.catch(() => undefined);
    if (this.#chunk !== undefined) await this.#chunk.object.catch(() => undefined);
    for (const frame of [this.#frame, this.#kept?.frame]) if (frame !== undefined) this.#pool.give(frame);
    this.#frame = undefined;
    this.#kept = undefined;
    this.#filled = 0;
    await this.#pool.idle();
  }

  /** Ends the chunk that has been filled, which has at least one frame, and begins to make it durable. */
  #storeChunk(rows: number, largestRow?: number): void {
    if (this.#filled > 0) this.#flush();
    const chunk = this.#chunk;
    if (chunk === undefined) throw this.#fail(defect('a chunk without a frame'));
    const rawBytes = this.#rawBytes;
    this.#chunk = undefined;
    this.#rawBytes = 0;
    chunk.end();
    const told = largestRow === undefined ? {} : { largestRow };
    this.#storing = this.#stored(chunk, { rows, rawBytes, ...told }, this.#storing);
    // Failures are kept in #failure; this promise is awaited only to bound how many chunks are open.
    this.#storing.catch(() => undefined);
  }

  #storeKept(): void {
    const kept = this.#kept;
    if (kept === undefined) return;
    this.#kept = undefined;
    this.#frame = kept.frame;
    this.#filled = kept.rawBytes;
    this.#rawBytes = kept.rawBytes;
    this.#storeChunk(kept.rows);
  }

  #flush(): void {
    const frame = this.#frame;
    if (frame === undefined) return;
    const packed = packFrame(frame.subarray(0, this.#filled), this.#order.level);
    const rawBytes = this.#filled;
    this.#frame = undefined;
    this.#filled = 0;
    this.#chunk ??= this.#begin();
    this.#chunk.add(packed, rawBytes, () => this.#pool.give(frame));
  }

  #begin(): ChunkInTheMaking {
    const part = this.#parts;
    this.#parts += 1;
    const chunk = new ChunkInTheMaking(this.#store, this.#order.keyOf(part), part, this.#order.onFrame);
    chunk.object.catch((error: unknown) => {
      this.#fail(
        asTidemarkError(error, { code: 'repository-failed', operation: 'store a chunk', subject: chunk.key }),
      );
    });
    return chunk;
  }

  async #stored(
    chunk: ChunkInTheMaking,
    told: Pick<StoredChunk, 'rows' | 'rawBytes' | 'largestRow'>,
    before: Promise<void>,
  ): Promise<void> {
    const object = await chunk.object;
    await before;
    // After a failure the task is given to another lane, which stores all of it again.
    if (this.#failure !== undefined) return;
    this.#order.onChunk({
      part: chunk.part,
      object: chunk.key,
      offset: 0,
      length: object.size,
      sha256: object.sha256,
      ...told,
      rawSha256: chunk.rawSha256(),
    });
  }

  async #room(): Promise<void> {
    await this.#pool.room();
    if (this.#failure !== undefined) throw this.#failure;
  }

  #fail(error: TidemarkError): TidemarkError {
    this.#failure ??= error;
    this.#chunk?.fail(this.#failure);
    return this.#failure;
  }
}

interface KeptChunk {
  readonly frame: Buffer<ArrayBuffer>;
  readonly rows: number;
  readonly rawBytes: number;
}

interface WaitingFrame {
  readonly packed: Promise<PackedFrame>;
  readonly rawBytes: number;
  readonly release: () => void;
}

/** One object: frames go in as they are filled, the store takes their packed form in the same order. */
class ChunkInTheMaking {
  readonly key: string;
  readonly part: number;
  readonly object: Promise<{ readonly size: number; readonly sha256: string }>;
  readonly #frames: WaitingFrame[] = [];
  readonly #digests = createHash('sha256');
  readonly #onFrame: PackOrder['onFrame'];
  #state: 'open' | 'ended' | 'closed' = 'open';
  #error: TidemarkError | undefined;
  #wake: (() => void) | undefined;

  constructor(store: ObjectStore, key: string, part: number, onFrame: PackOrder['onFrame']) {
    this.key = key;
    this.part = part;
    this.#onFrame = onFrame;
    this.object = store.create(key, this.#body()).finally(() => this.#close());
  }

  add(packed: Promise<PackedFrame>, rawBytes: number, release: () => void): void {
    packed.catch(() => undefined);
    const frame = { packed, rawBytes, release };
    if (this.#state === 'closed') discard(frame);
    else this.#frames.push(frame);
    this.#wake?.();
  }

  end(): void {
    if (this.#state === 'open') this.#state = 'ended';
    this.#wake?.();
  }

  fail(error: TidemarkError): void {
    this.#error ??= error;
    this.#wake?.();
  }

  /** After `object` has resolved. */
  rawSha256(): string {
    return this.#digests.digest('hex');
  }

  async *#body(): AsyncGenerator<Uint8Array> {
    for (;;) {
      if (this.#error !== undefined) throw this.#error;
      const frame = this.#frames.shift();
      if (frame !== undefined) {
        yield* this.#hand(frame);
        continue;
      }
      if (this.#state !== 'open') return;
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
  }

  /** The buffer is given back only when the store has taken the packed bytes: that bounds what waits for a slow store. */
  async *#hand(frame: WaitingFrame): AsyncGenerator<Uint8Array> {
    try {
      const { stored, rawDigest } = await frame.packed;
      yield stored;
      this.#digests.update(rawDigest);
      this.#onFrame?.(frame.rawBytes, stored.length);
    } finally {
      frame.release();
    }
  }

  #close(): void {
    this.#state = 'closed';
    for (const frame of this.#frames.splice(0)) discard(frame);
  }
}

/** The packer reads the buffer until it has settled. */
function discard(frame: WaitingFrame): void {
  frame.packed.then(frame.release, frame.release);
}

function defect(cause: string): TidemarkError {
  return new TidemarkError({ code: 'internal', operation: 'pack a chunk', subject: 'pipeline', cause });
}

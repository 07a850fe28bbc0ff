/** The raw frame buffers of one lane: what bounds its memory. */
import { frameBytes } from './frame.ts';

/** Beyond the bound: what one read of the socket fills before the sink can say that it must wait. */
const overdraft = 2;

/**
 * Hands out at most `frames` buffers before it asks to wait. Buffers are allocated when first needed and kept.
 *
 * What is not guaranteed: `take` always gives a buffer, beyond the bound too, because a sink must copy all it is given
 * before it returns. Whoever takes must wait for `room` afterwards; buffers are dropped on return beyond the bound and what
 * is commonly taken beyond it, which would otherwise be new memory for more than half of all frames.
 */
export class FramePool {
  readonly #frames: number;
  readonly #free: Buffer<ArrayBuffer>[] = [];
  readonly #waiting: (() => void)[] = [];
  #inUse = 0;

  constructor(frames: number) {
    this.#frames = frames;
  }

  /** Buffers handed out and not yet given back. */
  get inUse(): number {
    return this.#inUse;
  }

  /** True when more is handed out than the bound. */
  get overdrawn(): boolean {
    return this.#inUse > this.#frames;
  }

  take(): Buffer<ArrayBuffer> {
    this.#inUse += 1;
    return this.#free.pop() ?? Buffer.allocUnsafeSlow(frameBytes);
  }

  give(buffer: Buffer<ArrayBuffer>): void {
    this.#inUse -= 1;
    if (this.#free.length + this.#inUse < this.#frames + overdraft) this.#free.push(buffer);
    for (const wake of this.#waiting.splice(0)) wake();
  }

  /** Resolves when no more is handed out than the bound. Never rejects: every buffer comes back, after a failure too. */
  async room(): Promise<void> {
    while (this.overdrawn) await this.#oneBack();
  }

  /** Resolves when every buffer has come back. Never rejects. */
  async idle(): Promise<void> {
    while (this.#inUse > 0) await this.#oneBack();
  }

  #oneBack(): Promise<void> {
    return new Promise((resolve) => {
      this.#waiting.push(resolve);
    });
  }
}

/**
 * The pauses between the attempts of one retry loop. A loop that takes them makes a bounded number of attempts per second, even
 * when every attempt fails at once, and ends as soon as it is told to stop.
 */
import { setTimeout as sleep } from 'node:timers/promises';

export class RetryPauses {
  readonly #firstMs: number;
  readonly #longestMs: number;
  #nextMs: number;

  /** The first pause is `firstMs`, each later one twice as long, none longer than `longestMs`. */
  constructor(firstMs: number, longestMs: number) {
    this.#firstMs = firstMs;
    this.#longestMs = longestMs;
    this.#nextMs = firstMs;
  }

  /** Waits before the next attempt. Throws the reason of `signal` as soon as that is aborted, also when it was aborted before. */
  async next(signal: AbortSignal): Promise<void> {
    signal.throwIfAborted();
    const pauseMs = this.#nextMs;
    this.#nextMs = Math.min(pauseMs * 2, this.#longestMs);
    try {
      await sleep(pauseMs, undefined, { signal });
    } catch (error) {
      signal.throwIfAborted();
      throw error;
    }
  }

  /**
   * Says how long an attempt lasted before it failed. After one that lasted longer than the longest pause, the next pause is
   * the first one again: the number of attempts stays bounded, because the attempt itself took the time.
   */
  lasted(ms: number): void {
    if (ms > this.#longestMs) this.#nextMs = this.#firstMs;
  }
}

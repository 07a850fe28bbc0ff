/** Time as the lease needs it, handed in so that tests can turn it. */
import { setTimeout as delay } from 'node:timers/promises';

export interface Clock {
  /** Milliseconds that only ever grow; for patience. On Linux since the host's boot, the same for all its processes. */
  monotonicMs(): number;
  /** The time of day; for records that people read. */
  now(): Date;
  /**
   * Resolves after `ms`, or at once when `signal` fires. `background`: does not keep the process alive.
   */
  wait(ms: number, options?: { signal?: AbortSignal; background?: boolean }): Promise<void>;
}

export const systemClock: Clock = {
  monotonicMs: () => Number(process.hrtime.bigint() / 1000n) / 1000,
  now: () => new Date(),
  async wait(ms, { signal, background = false } = {}) {
    try {
      await delay(ms, undefined, { ref: !background, ...(signal && { signal }) });
    } catch (error) {
      if (!signal?.aborted) throw error;
    }
  },
};

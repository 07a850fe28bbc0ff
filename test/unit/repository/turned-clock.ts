/** A clock that stands still until a test turns it. */
import { setImmediate } from 'node:timers/promises';
import type { Clock } from '../../../repository/clock.ts';

interface Waiter {
  readonly untilMs: number;
  readonly wake: () => void;
}

export class TurnedClock implements Clock {
  #ms = 1_000_000;
  readonly #waiters = new Set<Waiter>();

  monotonicMs(): number {
    return this.#ms;
  }

  now(): Date {
    return new Date(Date.UTC(2026, 10, 20) + this.#ms);
  }

  wait(ms: number, { signal }: { signal?: AbortSignal } = {}): Promise<void> {
    if (signal?.aborted) return Promise.resolve();
    return new Promise((resolve) => {
      const wake = (): void => {
        this.#waiters.delete(waiter);
        signal?.removeEventListener('abort', wake);
        resolve();
      };
      const waiter = { untilMs: this.#ms + ms, wake };
      this.#waiters.add(waiter);
      signal?.addEventListener('abort', wake);
    });
  }

  /** How many wait: none once everything has been released. */
  get waiting(): number {
    return this.#waiters.size;
  }

  /** Lets time pass, waking whoever waits, in order; each finishes what it can before time goes on. */
  async turn(ms: number): Promise<void> {
    const end = this.#ms + ms;
    await settle();
    for (;;) {
      const next = [...this.#waiters].sort((a, b) => a.untilMs - b.untilMs)[0];
      if (next === undefined || next.untilMs > end) break;
      this.#ms = Math.max(this.#ms, next.untilMs);
      next.wake();
      await settle();
    }
    this.#ms = end;
    await settle();
  }
}

/** Lets all that does not wait for the clock run to its end: the stores of these tests answer without I/O. */
async function settle(): Promise<void> {
  for (let i = 0; i < 10; i++) await setImmediate();
}

/** Trying again what must be done in the end, such as rolling a decided restore forward. */
import { pause, systemClock, type Clock } from '../proto/clock.ts';
import { asTidemarkError, type TidemarkError } from '../proto/errors.ts';

const firstPauseMs = 500;
const longestPauseMs = 15_000;

export class Persistence {
  readonly #leave: AbortSignal;
  readonly #onFailure: (operation: string, error: TidemarkError) => void;
  readonly clock: Clock;

  /** `leave` ends all trying, when the agent stops; `onFailure` hears of every attempt that failed. */
  constructor(
    leave: AbortSignal,
    onFailure: (operation: string, error: TidemarkError) => void,
    clock: Clock = systemClock,
  ) {
    this.#leave = leave;
    this.#onFailure = onFailure;
    this.clock = clock;
  }

  /**
   * Runs an idempotent step until it succeeds, with growing pauses; `onFailure` hears of every attempt that failed. Rejects with
   * the step's last error only when the agent leaves; the next start finds what is left.
   */
  async until<Result>(
    operation: string,
    step: () => Promise<Result>,
    onFailure?: (error: TidemarkError) => void,
  ): Promise<Result> {
    for (let pauseMs = firstPauseMs; ; pauseMs = Math.min(pauseMs * 2, longestPauseMs)) {
      try {
        return await step();
      } catch (error) {
        const known = asTidemarkError(error, { code: 'internal', operation, subject: 'agent' });
        this.#onFailure(operation, known);
        onFailure?.(known);
        if (this.#leave.aborted) throw known;
        // Woken because the agent leaves, the step is tried once more; then its error ends it.
        await pause(this.clock, pauseMs, this.#leave);
      }
    }
  }
}

/** Trying again what must be done in the end, such as rolling a decided restore forward. */
import { asTidemarkError, type TidemarkError } from '../proto/errors.ts';
import { RetryPauses } from '../proto/retry-pauses.ts';

const firstPauseMs = 500;
const longestPauseMs = 15_000;

export class Persistence {
  readonly #leave: AbortSignal;
  readonly #onFailure: (operation: string, error: TidemarkError) => void;

  /** `leave` ends all trying, when the agent stops; `onFailure` hears of every attempt that failed. */
  constructor(leave: AbortSignal, onFailure: (operation: string, error: TidemarkError) => void) {
    this.#leave = leave;
    this.#onFailure = onFailure;
  }

  /**
   * Runs an idempotent step until it succeeds, with growing pauses. Rejects with the step's last error only when the
   * agent leaves; the next start finds what is left.
   */
  async until<Result>(operation: string, step: () => Promise<Result>): Promise<Result> {
    const pauses = new RetryPauses(firstPauseMs, longestPauseMs);
    for (;;) {
      try {
        return await step();
      } catch (error) {
        const known = asTidemarkError(error, { code: 'internal', operation, subject: 'agent' });
        this.#onFailure(operation, known);
        if (this.#leave.aborted) throw known;
        try {
          await pauses.next(this.#leave);
        } catch (early) {
          // The agent leaves: the step is tried once more, then its error ends it.
          if (!this.#leave.aborted) throw early;
        }
      }
    }
  }
}

/** An order to a database server that is lost when it arrives before the statement it is meant to end: it is sent again. */
import { RetryPauses } from '../proto/retry-pauses.ts';

const firstPauseMs = 5;
const longestPauseMs = 100;

/**
 * Sends until `over` has settled: at once, then with growing pauses. Resolves when `over` has settled and nothing is being sent.
 * `over` must be bounded by its maker; `send` handles its own failures.
 */
export async function sendUntil(over: Promise<unknown>, send: () => Promise<void>): Promise<void> {
  const settled = new AbortController();
  const end = (): void => settled.abort();
  over.then(end, end);
  const pauses = new RetryPauses(firstPauseMs, longestPauseMs);
  while (!settled.signal.aborted) {
    await send();
    try {
      await pauses.next(settled.signal);
    } catch (error) {
      if (!settled.signal.aborted) throw error;
    }
  }
}

import { expect, test } from 'vitest';
import { RetryPauses } from '../../../proto/retry-pauses.ts';

/** How long `work` took, in ms. */
async function timed(work: () => Promise<unknown>): Promise<number> {
  const began = performance.now();
  await work();
  return performance.now() - began;
}

test('pauses grow up to the longest, and start again after an attempt that lasted', async () => {
  const never = new AbortController().signal;
  const pauses = new RetryPauses(20, 50);
  const took: number[] = [];
  for (let n = 0; n < 4; n += 1) took.push(await timed(() => pauses.next(never)));
  // Timers may fire a millisecond early.
  expect(took.map((ms, n) => ms >= ([20, 40, 50, 50][n] ?? 0) - 2)).toEqual([true, true, true, true]);
  pauses.lasted(50);
  expect(await timed(() => pauses.next(never))).toBeGreaterThan(48);
  pauses.lasted(51);
  expect(await timed(() => pauses.next(never))).toBeLessThan(48);
});

test('a loop that is told to stop ends with the reason: in the middle of a pause, and before one', async () => {
  const stop = new AbortController();
  const pauses = new RetryPauses(60_000, 60_000);
  const waiting = pauses.next(stop.signal);
  const reason = new Error('enough');
  setImmediate(() => stop.abort(reason));
  await expect(waiting).rejects.toBe(reason);
  await expect(pauses.next(stop.signal)).rejects.toBe(reason);
});

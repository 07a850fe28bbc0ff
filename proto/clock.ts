/**
 * Time as a thing handed in, so that the barrier's two drivers can run under a simulated clock.
 * Nothing that decides between right and wrong data may depend on it: clocks decide only patience.
 */
export interface Clock {
  /** Milliseconds on a clock that never goes back; only differences mean anything. */
  now(): number;
  /** Calls `fire` once, no sooner than `ms` from now, never before this has returned. The result cancels it; calling that again does nothing. */
  setTimer(ms: number, fire: () => void): () => void;
}

export const systemClock: Clock = {
  now: () => performance.now(),
  setTimer(ms, fire) {
    const timer = setTimeout(fire, Math.ceil(Math.max(0, ms)));
    return () => clearTimeout(timer);
  },
};

/** Resolves after `ms`, or as soon as one of the signals fires, or has fired. Leaves no timer and no listener behind. */
export function pause(clock: Clock, ms: number, ...signals: readonly AbortSignal[]): Promise<void> {
  if (signals.some(({ aborted }) => aborted)) return Promise.resolve();
  const { promise, resolve } = Promise.withResolvers<void>();
  const wake = (): void => resolve();
  const cancel = clock.setTimer(ms, wake);
  for (const signal of signals) signal.addEventListener('abort', wake);
  return promise.finally(() => {
    cancel();
    for (const signal of signals) signal.removeEventListener('abort', wake);
  });
}

/** Work that is done side by side, and is worth nothing when a part of it fails. */

/**
 * Runs all at once, each with a signal that is aborted with `signal` and by the first failure, which is waited for and thrown:
 * it is the reason of all the others. Resolves when all have ended well.
 */
export async function together(
  signal: AbortSignal,
  works: readonly ((signal: AbortSignal) => Promise<void>)[],
): Promise<void> {
  const stop = new AbortController();
  const either = AbortSignal.any([signal, stop.signal]);
  await Promise.allSettled(
    works.map((work) =>
      work(either).catch((error: unknown) => {
        stop.abort(error);
      }),
    ),
  );
  either.throwIfAborted();
}

/** Sessions that are opened side by side. */

/** Waits for all, so that whoever closes what they open finds it; then throws what the first of them threw. */
export async function allEnded(works: readonly Promise<void>[]): Promise<void> {
  for (const work of await Promise.allSettled(works)) if (work.status === 'rejected') throw work.reason;
}

/** Waiting in tests: never longer than said, never by sleeping. */

/** Rejects when the statement has not ended after `ms`: a writer that is held. */
export async function within<T>(ms: number, what: string, promise: Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`${what} took longer than ${ms} ms`)), ms);
  });
  try {
    return await Promise.race([promise, late]);
  } finally {
    clearTimeout(timer);
  }
}

/** Asks until the answer is the one wanted, for at most `limitMs`; what came last. */
export async function eventually<T>(ask: () => Promise<T>, wanted: T, limitMs = 5_000): Promise<T> {
  const until = performance.now() + limitMs;
  for (;;) {
    const answer = await ask();
    if (answer === wanted || performance.now() > until) return answer;
  }
}

/** Many statements over several sessions at once: most of their time the server waits for its disk. */
import { openSession } from './connection.ts';
import type { Endpoint } from './handshake.ts';
import type { Wire } from './wire.ts';

/** Each item on the next session that is free. After a failure no further item is begun; it is thrown when all have stopped. */
export async function spread<T>(
  wires: readonly Wire[],
  items: Iterable<T> | AsyncIterable<T>,
  work: (wire: Wire, item: T) => Promise<void>,
): Promise<void> {
  const left = Symbol.asyncIterator in items ? items[Symbol.asyncIterator]() : items[Symbol.iterator]();
  let failed = false;
  const ended = await Promise.allSettled(
    wires.map(async (wire) => {
      try {
        for (let next = await left.next(); next.done !== true && !failed; next = await left.next()) {
          await work(wire, next.value);
        }
      } catch (error) {
        failed = true;
        throw error;
      }
    }),
  );
  const failure = ended.find((result) => result.status === 'rejected');
  if (failure === undefined) return;
  await left.return?.();
  throw failure.reason;
}

/** At most so many: a server that makes tables, or their statistics, gains little from more. */
export const mostSessions = 4;

/** Sessions for this many items, for the length of `work`. */
export async function withSessions<T>(
  endpoint: Endpoint,
  name: string,
  items: number,
  work: (wires: readonly Wire[]) => Promise<T>,
): Promise<T> {
  const count = Math.min(mostSessions, items);
  const opened = await Promise.allSettled(
    Array.from({ length: count }, () => openSession(endpoint, { name })),
  );
  const wires = opened.flatMap((result) => (result.status === 'fulfilled' ? [result.value.wire] : []));
  try {
    const failed = opened.find((result) => result.status === 'rejected');
    if (failed !== undefined) throw failed.reason;
    return await work(wires);
  } finally {
    await Promise.all(wires.map((wire) => wire.close()));
  }
}

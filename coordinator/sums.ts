/** Sums of shards and of sets: rows(B) = Σ rows(B_i), bytes(B) = Σ bytes(B_i). */
import { TidemarkError } from '../proto/errors.ts';
import type { Sums__Output as WireSums } from '../proto/gen/tidemark/v1/Sums.ts';
import type { Sums } from '../repository/manifest-entries.ts';
import { addSums, noSums } from '../repository/sums.ts';

/** Adds up the sums of all shards. Of no shard: all zero. */
export function totalSums(parts: readonly Sums[]): Sums {
  return parts.reduce(addSums, noSums);
}

/** Sums as an agent sent them. Throws `internal` when a field is missing or beyond 2^53. */
export function sumsFromWire(shard: string, wire: WireSums | null | undefined): Sums {
  const read = (field: keyof Sums): number => {
    const value = Number(wire?.[field]);
    if (Number.isSafeInteger(value) && value >= 0) return value;
    throw new TidemarkError({
      code: 'internal',
      operation: 'read the sums the agent sent',
      subject: shard,
      cause: `${field} is ${wire?.[field] ?? 'missing'}`,
    });
  };
  return {
    tables: read('tables'),
    rows: read('rows'),
    chunks: read('chunks'),
    rawBytes: read('rawBytes'),
    storedBytes: read('storedBytes'),
    objects: read('objects'),
  };
}

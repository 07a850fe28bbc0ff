/** Sums over a shard manifest and over a set: `bytes(B) = Σ bytes(B_i)`, `rows(B) = Σ rows(B_i)`. */
import type { ManifestLine, Sums } from './manifest-entries.ts';

export const noSums: Sums = { tables: 0, rows: 0, chunks: 0, rawBytes: 0, storedBytes: 0, objects: 0 };

export function addSums(a: Sums, b: Sums): Sums {
  return {
    tables: a.tables + b.tables,
    rows: a.rows + b.rows,
    chunks: a.chunks + b.chunks,
    rawBytes: a.rawBytes + b.rawBytes,
    storedBytes: a.storedBytes + b.storedBytes,
    objects: a.objects + b.objects,
  };
}

/** What differs, for messages: `rows 3 instead of 4, chunks 1 instead of 2`. Empty when nothing does. */
export function sumsDifference(found: Sums, expected: Sums): string {
  return (Object.keys(noSums) as (keyof Sums)[])
    .filter((field) => found[field] !== expected[field])
    .map((field) => `${field} ${found[field]} instead of ${expected[field]}`)
    .join(', ');
}

/**
 * Adds up the lines of one manifest in constant memory. `rawBytes` and `rows` are of the chunks; `storedBytes`
 * and `objects` of chunks and schema pieces. Consecutive pieces of one object count as one object: whoever packs several
 * pieces into an object must write their lines one after the other.
 */
export class SumsCounter {
  #sums: Sums = noSums;
  #lastObject = '';

  add(line: ManifestLine): void {
    if (line.kind === 'table') this.#sums = { ...this.#sums, tables: this.#sums.tables + 1 };
    if (line.kind !== 'chunk' && line.kind !== 'schema') return;
    const chunk = line.kind === 'chunk' ? line : undefined;
    this.#sums = addSums(this.#sums, {
      tables: 0,
      rows: chunk?.rows ?? 0,
      chunks: chunk === undefined ? 0 : 1,
      rawBytes: chunk?.rawBytes ?? 0,
      storedBytes: line.length,
      objects: line.object === this.#lastObject ? 0 : 1,
    });
    this.#lastObject = line.object;
  }

  get sums(): Sums {
    return this.#sums;
  }
}

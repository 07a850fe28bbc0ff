/** In which order tasks are read, which is about the order in which a restore loads what was read. */
import type { ReadTask } from './engine.ts';

/** What a restore spends on a row beside its bytes is what it spends on so many: of 62-byte rows a MiB takes 3 times as long as of images. */
const bytesOfARow = 200;

/** A task of more than so many times what was aimed at is one that could not be cut. */
const uncut = 2;

/** As far as the server knows. */
export interface TableSize {
  /** Of its rows, and of its indexes where that is known. */
  readonly bytes: number;
  readonly rows: number;
}

/**
 * Tasks that could not be cut come first, since a lane is busy with one for long; then table by table, what
 * takes a restore longest first, each in the order of its tasks. So a restore has all rows of such a table early, and builds
 * its indexes while others are loaded. `tables`: by number.
 */
export function inReadOrder(
  tasks: readonly ReadTask[],
  tables: ReadonlyMap<number, TableSize>,
  taskBytes: number,
): ReadTask[] {
  const costs = new Map([...tables].map(([number, { bytes, rows }]) => [number, bytes + rows * bytesOfARow]));
  const tableCost = ({ table }: ReadTask): number => costs.get(table) ?? 0;
  const uncutBytes = ({ estimatedBytes }: ReadTask): number =>
    estimatedBytes > uncut * taskBytes ? estimatedBytes : 0;
  return tasks.toSorted(
    (a, b) =>
      uncutBytes(b) - uncutBytes(a) || tableCost(b) - tableCost(a) || a.table - b.table || a.task - b.task,
  );
}

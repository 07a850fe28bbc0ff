/** The order in which a backup reads, and in which a restore, which takes chunks as they were stored, loads. */
import type { ReadTask } from '../../../engine.ts';
import type { Table } from '../catalogue.ts';

/** What a restore spends on a row beside its bytes is what it spends on so many: of 62-byte rows a MiB takes 3 times as long as of images. */
const bytesOfARow = 200;

/** A task of more than so many times what was aimed at is one that could not be cut. */
const uncut = 2;

/**
 * Tasks that could not be cut come first, since a lane is busy with one for long; then table by table, what
 * takes a restore longest first, each in the order of its key. So a restore has all rows of such a table early, and builds its
 * indexes while others are loaded.
 */
export function inReadOrder(
  tasks: readonly ReadTask[],
  tables: readonly Pick<Table, 'dataBytes' | 'indexBytes' | 'rows'>[],
  taskBytes: number,
): ReadTask[] {
  const costs = tables.map(({ dataBytes, indexBytes, rows }) => dataBytes + indexBytes + rows * bytesOfARow);
  const tableCost = ({ table }: ReadTask): number => costs[table] ?? 0;
  const uncutBytes = ({ estimatedBytes }: ReadTask): number =>
    estimatedBytes > uncut * taskBytes ? estimatedBytes : 0;
  return tasks.toSorted(
    (a, b) =>
      uncutBytes(b) - uncutBytes(a) || tableCost(b) - tableCost(a) || a.table - b.table || a.task - b.task,
  );
}

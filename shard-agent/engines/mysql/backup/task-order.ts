/** The order in which a backup reads, and in which a restore, which takes chunks as they were stored, loads. */
import type { ReadTask } from '../../../engine.ts';
import type { Table } from '../catalogue.ts';

/** A task of more than so many times what was aimed at is one that could not be cut. */
const uncut = 2;

/**
 * Tasks that could not be cut come first, since a lane is busy with one for long; then table by table, the largest first, each
 * in the order of its key. So a restore has all rows of a large table early, and builds its indexes while others are loaded.
 */
export function inReadOrder(
  tasks: readonly ReadTask[],
  tables: readonly Pick<Table, 'dataBytes' | 'indexBytes'>[],
  taskBytes: number,
): ReadTask[] {
  const tableBytes = ({ table }: ReadTask): number =>
    (tables[table]?.dataBytes ?? 0) + (tables[table]?.indexBytes ?? 0);
  const uncutBytes = ({ estimatedBytes }: ReadTask): number =>
    estimatedBytes > uncut * taskBytes ? estimatedBytes : 0;
  return tasks.toSorted(
    (a, b) =>
      uncutBytes(b) - uncutBytes(a) || tableBytes(b) - tableBytes(a) || a.table - b.table || a.task - b.task,
  );
}

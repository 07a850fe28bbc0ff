import { expect, test } from 'vitest';
import type { ReadTask } from '../../../shard-agent/engine.ts';
import { inReadOrder, type TableSize } from '../../../shard-agent/task-order.ts';

const task = (table: number, number: number, estimatedBytes: number): ReadTask => ({
  table,
  task: number,
  estimatedBytes,
  range: {},
});

function order(tasks: readonly ReadTask[], sizes: readonly TableSize[]): string[] {
  const ordered = inReadOrder(tasks, new Map(sizes.entries()), 10);
  return ordered.map(({ table, task: number }) => `${table}.${number}`);
}

const ofBytes = (...each: number[]): TableSize[] => each.map((bytes) => ({ bytes, rows: 0 }));

test('the largest table comes first, its tasks in the order of its key', () => {
  const tasks = [task(0, 0, 12), task(1, 1, 9), task(1, 0, 8), task(2, 0, 1), task(1, 2, 13)];
  expect(order(tasks, ofBytes(12, 30, 1))).toEqual(['1.0', '1.1', '1.2', '0.0', '2.0']);
});

test('what could not be cut comes before, however large the other tables', () => {
  const tasks = [task(0, 0, 10), task(0, 1, 10), task(1, 0, 25), task(2, 0, 40)];
  expect(order(tasks, ofBytes(200, 25, 40))).toEqual(['2.0', '1.0', '0.0', '0.1']);
});

test('rows count, since a restore makes each of them', () => {
  const tasks = [task(0, 0, 10), task(1, 0, 9)];
  const sizes = [
    { bytes: 1000, rows: 1 },
    { bytes: 900, rows: 10 },
  ];
  expect(order(tasks, sizes)).toEqual(['1.0', '0.0']);
});

test('of a table that nothing is known of, the tasks come last', () => {
  expect(order([task(1, 0, 10), task(0, 0, 10)], ofBytes(5))).toEqual(['0.0', '1.0']);
});

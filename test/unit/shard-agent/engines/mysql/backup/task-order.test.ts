import { expect, test } from 'vitest';
import type { ReadTask } from '../../../../../../shard-agent/engine.ts';
import { inReadOrder } from '../../../../../../shard-agent/engines/mysql/backup/task-order.ts';

const task = (table: number, number: number, estimatedBytes: number): ReadTask => ({
  table,
  task: number,
  estimatedBytes,
  range: {},
});

function order(tasks: readonly ReadTask[], tableBytes: readonly number[]): string[] {
  const tables = tableBytes.map((dataBytes) => ({ dataBytes, indexBytes: 0, rows: 0 }));
  return inReadOrder(tasks, tables, 10).map(({ table, task: number }) => `${table}.${number}`);
}

test('the largest table comes first, its tasks in the order of its key', () => {
  const tasks = [task(0, 0, 12), task(1, 1, 9), task(1, 0, 8), task(2, 0, 1), task(1, 2, 13)];
  expect(order(tasks, [12, 30, 1])).toEqual(['1.0', '1.1', '1.2', '0.0', '2.0']);
});

test('what could not be cut comes before, however large the other tables', () => {
  const tasks = [task(0, 0, 10), task(0, 1, 10), task(1, 0, 25), task(2, 0, 40)];
  expect(order(tasks, [200, 25, 40])).toEqual(['2.0', '1.0', '0.0', '0.1']);
});

test('indexes count, since they are built', () => {
  const tasks = [task(0, 0, 10), task(1, 0, 9)];
  const tables = [
    { dataBytes: 10, indexBytes: 0, rows: 0 },
    { dataBytes: 9, indexBytes: 8, rows: 0 },
  ];
  expect(inReadOrder(tasks, tables, 10).map(({ table }) => table)).toEqual([1, 0]);
});

test('rows count, since a restore makes each of them', () => {
  const tasks = [task(0, 0, 1000), task(1, 0, 900)];
  const tables = [
    { dataBytes: 1000, indexBytes: 0, rows: 1 },
    { dataBytes: 900, indexBytes: 0, rows: 10 },
  ];
  expect(inReadOrder(tasks, tables, 1000).map(({ table }) => table)).toEqual([1, 0]);
});

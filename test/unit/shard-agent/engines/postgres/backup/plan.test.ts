import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { Catalogue, CatalogueTable } from '../../../../../../shard-agent/engines/postgres/catalogue.ts';
import {
  copyInStatement,
  copyOutStatement,
  makePlan,
  tableTasks,
  type BlockRange,
} from '../../../../../../shard-agent/engines/postgres/backup/plan.ts';

function table(name: string, fields: Partial<CatalogueTable> = {}): CatalogueTable {
  return {
    oid: 1,
    schema: 'public',
    name,
    partitioned: false,
    unlogged: false,
    columns: ['id', 'select "me"'],
    types: [20, 1009],
    rows: -1,
    pages: 0,
    bytes: 0,
    condition: '',
    loadInto: undefined,
    ...fields,
  };
}

function catalogue(database: string, tables: CatalogueTable[]): Catalogue {
  return { database, encoding: 'UTF8', tables, fingerprint: '', largeObjects: false };
}

test('ranges cover every block once, the last one open-ended, and each aims at the chunk size', () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 0, max: 500 }),
      fc.integer({ min: 0, max: 20 }),
      fc.integer({ min: 1_000, max: 1 << 26 }),
      (pages, toast, chunkBytes) => {
        const bytes = pages * 8_192 * (1 + toast);
        const tasks = tableTasks({ pages, bytes, condition: '' }, 3, chunkBytes);
        const ranges = tasks.map((task) => task.range as unknown as BlockRange);
        expect(ranges[0]?.fromBlock).toBe(0);
        expect(ranges.at(-1)?.toBlock).toBeNull();
        for (const [index, range] of ranges.entries()) {
          const next = ranges[index + 1];
          if (next !== undefined) expect(range.toBlock).toBe(next.fromBlock);
        }
        const perBlock = pages === 0 ? 0 : bytes / pages;
        expect(tasks.every((task) => task.estimatedBytes <= Math.max(chunkBytes, perBlock))).toBe(true);
        expect(tasks.map((task) => task.task)).toEqual(tasks.map((_, index) => index));
      },
    ),
  );
});

test('tables are numbered over databases; the largest database comes first, and in it the largest table', () => {
  const plan = makePlan(
    [
      catalogue('small', [table('a', { pages: 1, bytes: 8_192 })]),
      catalogue('large', [
        table('b', { pages: 2, bytes: 16_384 }),
        table('parent', { partitioned: true }),
        table('c', { pages: 10, bytes: 81_920 }),
      ]),
    ],
    32_768,
  );
  expect(plan.tables.map((line) => [line.table, line.database, line.name])).toEqual([
    [0, 'small', 'a'],
    [1, 'large', 'b'],
    [2, 'large', 'c'],
  ]);
  expect(plan.tasks.map((task) => [task.table, task.task])).toEqual([
    [2, 0],
    [2, 1],
    [2, 2],
    [1, 0],
    [0, 0],
  ]);
  expect(plan.estimatedBytes).toBe(8_192 * 13);
});

test('statements quote every name, read only the table itself, and name the encoding', () => {
  const plan = makePlan([catalogue('d', [table('T"x', { pages: 3, bytes: 24_576 })])], 8_192);
  const [line] = plan.tables;
  const [first, second, third] = plan.tasks;
  if (!line || !first || !second || !third) throw new Error('three tasks');
  const head = `COPY (SELECT "id", "select ""me""" FROM ONLY "public"."T""x"`;
  const tail = `TO STDOUT WITH (FORMAT text, ENCODING 'UTF8')`;
  expect(copyOutStatement(line, first)).toBe(`${head} WHERE ctid < '(1,0)') ${tail}`);
  expect(copyOutStatement(line, second)).toBe(`${head} WHERE ctid >= '(1,0)' AND ctid < '(2,0)') ${tail}`);
  expect(copyOutStatement(line, third)).toBe(`${head} WHERE ctid >= '(2,0)') ${tail}`);
  expect(copyInStatement(line)).toBe(
    `COPY "public"."T""x" ("id", "select ""me""") FROM STDIN WITH (FORMAT text, ENCODING 'UTF8')`,
  );
});

test('rows that binary COPY carries cheaper are read and loaded in it', () => {
  const plan = makePlan([catalogue('d', [table('t', { types: [20, 1184] })])], 8_192);
  const [line] = plan.tables;
  const [task] = plan.tasks;
  if (!line || !task) throw new Error('one task');
  expect(line.format).toBe('copy-binary');
  expect(copyOutStatement(line, task)).toMatch(/ TO STDOUT WITH \(FORMAT binary\)$/);
  expect(copyInStatement(line)).toMatch(/ FROM STDIN WITH \(FORMAT binary\)$/);
});

test('a partition whose rows may belong elsewhere is read alone and loaded through its ancestor', () => {
  const plan = makePlan(
    [catalogue('d', [table('part', { loadInto: { schema: 's 1', name: 'whole' } })])],
    8_192,
  );
  const [line] = plan.tables;
  const [task] = plan.tasks;
  if (!line || !task) throw new Error('one task');
  expect(copyOutStatement(line, task)).toMatch(/^COPY "public"."part" /);
  expect(copyInStatement(line)).toMatch(/^COPY "s 1"."whole" /);
});

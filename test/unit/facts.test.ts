/** The judge of a round trip: every way in which two servers can differ is seen, and the table of items hides none. */
import { expect, test } from 'vitest';
import { differences, type Fact } from '../fidelity/fact.ts';
import { itemTable } from '../fidelity/item-table.ts';

const table: Fact = { schema: 'shop', subject: 'TABLE orders', says: 'CREATE TABLE orders (id int)' };
const rows: Fact = { schema: 'shop', subject: 'rows of orders', says: '3 rows, 8a1f' };

test('the same facts in another order are the same', () => {
  expect(differences([table, rows], [rows, table])).toEqual([]);
});

test('a fact that did not come back, one that is new, one that changed', () => {
  expect(differences([table, rows], [table])).toEqual([
    'rows of orders in schema shop did not come back; it was:\n3 rows, 8a1f',
  ]);
  expect(differences([table], [table, rows])).toEqual([
    'rows of orders in schema shop was not there before; it is:\n3 rows, 8a1f',
  ]);
  expect(differences([rows], [{ ...rows, says: '3 rows, 8a1e' }])).toEqual([
    'rows of orders in schema shop came back changed; it was:\n3 rows, 8a1f\nand is:\n3 rows, 8a1e',
  ]);
});

test('the same subject in two schemas is two facts; twice in one is an error', () => {
  const other = { ...table, schema: 'archive' };
  expect(differences([table, other], [table])).toHaveLength(1);
  expect(() => differences([table, { ...table, says: 'something else' }], [table])).toThrow(
    'the comparer names TABLE orders in schema shop twice',
  );
});

test('the table of items has a row for each item and a column for each server', () => {
  const printed = itemTable([
    { group: 'types', item: 'numeric', server: 'A 1', outcome: 'same' },
    { group: 'types', item: 'vector', server: 'A 1', outcome: '–' },
    { group: 'types', item: 'numeric', server: 'A 2', outcome: 'DIFFERS' },
    { group: 'types', item: 'vector', server: 'A 2', outcome: 'same' },
  ]);
  expect(printed.split('\n')).toEqual([
    '',
    'types      A 1  A 2',
    '  numeric  same  DIFFERS',
    '  vector   –    same',
  ]);
});

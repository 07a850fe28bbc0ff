import { expect, test } from 'vitest';
import { passesOf, stepsOf } from '../../../../../../shard-agent/engines/postgres/restore/passes.ts';

const key = '10; 2606 1 CONSTRAINT public orders orders_pkey owner';
const comment = '11; 0 0 COMMENT public CONSTRAINT orders_pkey ON orders owner';
const index = '12; 1259 2 INDEX public INDEX ATTACH owner';
const attachments = ['20; 0 0 INDEX ATTACH public a owner', '22; 0 0 INDEX ATTACH public b owner'];
const between = '21; 1259 3 INDEX public of_a_view owner';
const foreignKey = '30; 2606 4 FK CONSTRAINT public orders orders_customer owner';

test('indexes are attached one at a time, between what comes before and what comes after', () => {
  const [first = '', last = ''] = attachments;
  expect(passesOf([key, comment, index, first, between, last, foreignKey])).toEqual([
    { entries: [key, comment, index], apart: false },
    { entries: [first, between, last], apart: true },
    { entries: [foreignKey], apart: false },
  ]);
});

test('nothing to attach is one pass, nothing at all is none, attachments alone are one', () => {
  expect(passesOf([key, foreignKey])).toEqual([{ entries: [key, foreignKey], apart: false }]);
  expect(passesOf([])).toEqual([]);
  expect(passesOf(attachments)).toEqual([{ entries: attachments, apart: true }]);
});

test('a long list is made in steps: tables that need only what precedes them all are side by side, the rest in its order', () => {
  const entry = (id: number, what: string, ...needs: number[]) => ({
    line: `${id}; ${what} owner`,
    id,
    needs,
  });
  const schema = entry(1, '2615 9 SCHEMA - s');
  const type = entry(2, '1247 9 TYPE s kind', 1);
  const sequence = entry(3, '1259 9 SEQUENCE s free');
  const plain = Array.from({ length: 600 }, (_, n) => entry(10 + n, `1259 9 TABLE s t${n}`, 1, 2));
  const comment = entry(900, '0 0 COMMENT s TABLE t0', 10);
  const laterFunction = entry(901, '1255 9 FUNCTION s f()', 10);
  const child = entry(902, '1259 9 TABLE s child', 10);
  const byFunction = entry(903, '1259 9 TABLE s by_function', 901);
  const last = Array.from({ length: 500 }, (_, n) => entry(2000 + n, `0 0 DEFAULT s t${n} id`, 10 + n));
  const tables = [...plain.slice(0, 1), comment, laterFunction, child, byFunction, ...plain.slice(1)];
  const lines = (entries: readonly { line: string }[]): string[] => entries.map(({ line }) => line);
  expect(stepsOf([type, sequence, ...tables, ...last], [schema])).toEqual([
    [lines([type, sequence])],
    [lines(plain.slice(0, 250)), lines(plain.slice(250, 500)), lines(plain.slice(500))],
    [lines([comment, laterFunction, child, byFunction, ...last])],
  ]);
  // Where nothing says that the schema is there, nothing is free.
  const [, beside] = stepsOf([type, ...tables, ...last], []);
  expect(beside).toEqual([]);
  expect(stepsOf([schema, ...tables], [])).toEqual([[lines([schema, ...tables])]]);
  expect(stepsOf([], [])).toEqual([]);
});

test('no list is longer than what the server has locks for', () => {
  const entries = Array.from({ length: 2500 }, (_, id) => ({
    line: `${id}; 0 0 ACL s t${id} owner`,
    id,
    needs: [],
  }));
  expect(stepsOf(entries, []).map((lists) => lists.map((list) => list.length))).toEqual([
    [],
    [1000],
    [1000],
    [500],
  ]);
});

import { expect, test } from 'vitest';
import { passesOf } from '../../../../../../shard-agent/engines/postgres/restore/passes.ts';

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

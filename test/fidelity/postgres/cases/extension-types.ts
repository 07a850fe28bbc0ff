/** Types of extensions that PostgreSQL brings along. */
import type { FidelityCase } from '../../case.ts';
import { literals, typeCase, valuesCase } from './type-case.ts';

/** The extension lies in a schema of its own: its functions are found by no search path. */
function extension(name: string): string {
  return `CREATE SCHEMA ext_${name}; CREATE EXTENSION ${name} SCHEMA ext_${name}`;
}

export const extensionTypeCases: readonly FidelityCase[] = [
  valuesCase({
    item: 'hstore',
    schema: 'hstores',
    before: [extension('hstore')],
    type: 'ext_hstore.hstore',
    values: [
      `''`,
      `'a=>1, "b c"=>NULL, d=>"NULL", ""=>""'`,
      String.raw`'"q\"x"=>"back\\\\slash", "ä"=>"=>,"'`,
    ],
  }),
  valuesCase({
    item: 'citext',
    schema: 'citexts',
    before: [extension('citext')],
    type: 'ext_citext.citext',
    values: [`'MiXeD'`, `'mixed '`, `''`, String.raw`'\.'`],
  }),
  typeCase({
    item: 'ltree, lquery and ltxtquery',
    schema: 'ltrees',
    setup: [
      extension('ltree'),
      `CREATE TABLE t (a ext_ltree.ltree, b ext_ltree.lquery, c ext_ltree.ltxtquery);
       INSERT INTO t VALUES ('Top.Science.Astronomy', 'Top.*{0,2}.sport*@.!football|tennis', 'Europe & Russia*@ & !Transportation'), ('', '*', 'a')`,
    ],
    proof: ['SELECT count(*) = 2 FROM ltrees.t'],
  }),
  valuesCase({
    item: 'cube',
    schema: 'cubes',
    before: [extension('cube')],
    type: 'ext_cube.cube',
    values: literals('(1)', '(0.1,0.2,-0),(5e-324,1e308,3)', '(1,2,3)', '()', '(NaN),(Infinity)'),
  }),
  typeCase({
    item: 'isn: ISBN, EAN and their kin',
    schema: 'isns',
    setup: [
      extension('isn'),
      `CREATE TABLE t (a ext_isn.isbn, b ext_isn.ean13, c ext_isn.issn, d ext_isn.upc, e ext_isn.ismn13);
       INSERT INTO t VALUES ('978-0-393-04002-9', '0220356483481', '1436-4522', '220356483481', '979-0-2600-0043-8')`,
    ],
    proof: ['SELECT count(*) = 1 FROM isns.t'],
  }),
  valuesCase({
    item: 'seg: digits as they were written',
    schema: 'segs',
    before: [extension('seg')],
    type: 'ext_seg.seg',
    values: literals('1.50 .. 2.5', '~1', '5.00(+-)0.3', '<1', '1 ..'),
  }),
];

import { describe, expect, test } from 'vitest';
import { readInvariant, withRenamed } from '../../../../../shard-agent/engines/mysql/invariant-sql.ts';

/** The SQL with every dotted name's first part renamed to X, and the other names found. */
function read(sql: string): { sql: string; tables: readonly string[]; functions: readonly string[] } {
  const names = readInvariant(sql);
  if (typeof names === 'string') throw new Error(names);
  const renamed = names.dotted.map((at) => ({ at, to: 'X' }));
  return { sql: withRenamed(sql, renamed), tables: names.tables, functions: names.functions };
}

describe('names', () => {
  test.each([
    ['SELECT SUM(a.b) FROM shop.t a', 'SELECT SUM(X.b) FROM X.t a'],
    ['SELECT shop.t.b FROM `sh``op` . `t`', 'SELECT X.t.b FROM X . `t`'],
    [
      "SELECT 'shop.t', \"shop.t\", 'it''s \\' shop.t' FROM t",
      "SELECT 'shop.t', \"shop.t\", 'it''s \\' shop.t' FROM t",
    ],
    ['SELECT 1.5, .5, 1.e2 FROM t', 'SELECT 1.5, .5, 1.e2 FROM t'],
    ['SELECT @@session.a, @`x`.b FROM t', 'SELECT @@session.a, @`x`.b FROM t'],
    ['SELECT 1 -- shop.t\n FROM shop.t # shop.t', 'SELECT 1 -- shop.t\n FROM X.t # shop.t'],
    ['SELECT 1 /* shop.t */ FROM shop/**/.t', 'SELECT 1 /* shop.t */ FROM X/**/.t'],
    ['SELECT 2--shop.b FROM t', 'SELECT 2--X.b FROM t'],
    ['SELECT 1 FROM größe.t', 'SELECT 1 FROM X.t'],
  ])('%s', (sql, renamed) => {
    expect(read(sql).sql).toBe(renamed);
  });

  test('tables and functions that are named alone', () => {
    expect(
      read('WITH w AS (SELECT f(1) FROM a JOIN b ON b.x = a.x) SELECT shop.g(x) FROM `c d`'),
    ).toMatchObject({
      tables: ['a', 'b', 'c d'],
      functions: expect.arrayContaining(['f']),
    });
  });
});

describe('what is no question', () => {
  test.each([
    ['COMMIT', /not a SELECT/],
    ['', /not a SELECT/],
    ['DO SLEEP(1)', /not a SELECT/],
    ['SELECT 1; COMMIT', /more than one/],
    ["SELECT 1 INTO OUTFILE '/tmp/x'", /INTO/],
    ['SELECT 1 FROM t FOR UPDATE', /FOR UPDATE/],
    ['SELECT 1 FROM t lock in share mode', /LOCK IN/],
    ['SELECT 1 /*!50000 + 1 */', /comment/],
    ['SELECT 1 /*M! + 1 */', /comment/],
  ])('%s', (sql, message) => {
    expect(readInvariant(sql)).toMatch(message);
  });

  test.each([
    'SELECT 1;',
    '(SELECT 1)',
    'with w as (select 1) select * from w',
    'SELECT t.`into`, t.lock FROM t',
  ])('%s is one', (sql) => {
    expect(readInvariant(sql)).not.toBeTypeOf('string');
  });
});

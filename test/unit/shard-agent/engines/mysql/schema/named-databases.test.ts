import { describe, expect, test } from 'vitest';
import {
  renameDatabases,
  tablesNamed,
} from '../../../../../../shard-agent/engines/mysql/schema/named-databases.ts';
import { plainReading } from '../../../../../../shard-agent/engines/mysql/schema/sql-tokens.ts';

const names = new Map([
  ['store', 's0'],
  ['archive', 's1'],
]);

/** Each statement, and what becomes of it; the others stay as they are. */
const renamed: readonly (readonly [string, string])[] = [
  ['select `store`.`t`.`a` AS `a` from `t`', 'select `s0`.`t`.`a` AS `a` from `t`'],
  [
    'select `l`.`name` AS `name` from (`store`.`login` `l` join `mysql`.`user` `u` on(`u`.`User` = `l`.`name`))',
    'select `l`.`name` AS `name` from (`s0`.`login` `l` join `mysql`.`user` `u` on(`u`.`User` = `l`.`name`))',
  ],
  ['select nextval(`store`.`ticket`) AS `n`', 'select nextval(`s0`.`ticket`) AS `n`'],
  ['select next value for store.ticket', 'select next value for `s0`.ticket'],
  [
    'select `store`.`gross`(`item`.`price`) AS `g` from `item`',
    'select `s0`.`gross`(`item`.`price`) AS `g` from `item`',
  ],
  [
    'CREATE ALGORITHM=UNDEFINED DEFINER=`store`@`store` SQL SECURITY DEFINER VIEW `store`.`v` AS select 1',
    'CREATE ALGORITHM=UNDEFINED DEFINER=`store`@`store` SQL SECURITY DEFINER VIEW `s0`.`v` AS select 1',
  ],
  [
    'select `a`.`x` from ((`store`.`a` join `archive`.`b`) left join (`store`.`c` join `d`) on((`a`.`x` = `b`.`x`)))',
    'select `a`.`x` from ((`s0`.`a` join `s1`.`b`) left join (`s0`.`c` join `d`) on((`a`.`x` = `b`.`x`)))',
  ],
  ['select `store`.`t`.* from `store`.`t`', 'select `s0`.`t`.* from `s0`.`t`'],
  ['SELECT 1 FROM store . item, archive.b', 'SELECT 1 FROM `s0` . item, `s1`.b'],
  [
    'select 1 from `x` where exists(select 1 from `store`.`t`)',
    'select 1 from `x` where exists(select 1 from `s0`.`t`)',
  ],
  [
    'DELETE FROM store.t; UPDATE store.t, archive.u SET a = 1',
    'DELETE FROM `s0`.t; UPDATE `s0`.t, `s1`.u SET a = 1',
  ],
  ['INSERT INTO store.t (a) VALUES (1)', 'INSERT INTO `s0`.t (a) VALUES (1)'],
  ['CALL store.p(1)', 'CALL `s0`.p(1)'],
  ["select 'it''s `store`.`t`' from `store`.`t`", "select 'it''s `store`.`t`' from `s0`.`t`"],
  ["select _utf8mb4'\\'`store`.`t`' from `store`.`t`", "select _utf8mb4'\\'`store`.`t`' from `s0`.`t`"],
  [
    'select /* from `store`.`t` */ 1 from /*!50001 `store`.*/`t`',
    'select /* from `store`.`t` */ 1 from /*!50001 `s0`.*/`t`',
  ],
  [
    'select 1 -- from store.t\nfrom store.t # from store.t',
    'select 1 -- from store.t\nfrom `s0`.t # from store.t',
  ],
];

const kept = [
  // An alias or a table that is called as the database is.
  'select `store`.`id` AS `store` from `item` `store`',
  'select `store`.`id` from (`archive` join `store` on(`archive`.`id` = `store`.`id`)) order by `store`.`id`',
  'select trim(both from `store`.`n`) AS `n`, extract(year from `store`.`day`) from `store`',
  'select sum(`store`.`a`), count(`store`.`b`) from `store` group by `store`.`a`, `store`.`b`',
  'SET @store.item = 1',
  "select 'store.item', 1.5, .5 from `t`",
  'SELECT a FROM t ON DUPLICATE KEY UPDATE store.a = 1',
];

describe('databases that a statement names', () => {
  test.each(renamed)('%s', (sql, expected) => expect(renameDatabases(sql, names)).toBe(expected));

  test.each(kept)('%s stays', (sql) => expect(renameDatabases(sql, names)).toBe(sql));

  test('names in double quotes, and backslashes that are nothing special', () => {
    const reading = { ...plainReading, ansiQuotes: true, plainBackslashes: true };
    expect(renameDatabases(`select '\\', "a" from "store"."t"`, names, { reading })).toBe(
      `select '\\', "a" from "s0"."t"`,
    );
  });

  test('characters whose second byte is a backslash', () => {
    const reading = { ...plainReading, charset: 'sjis' };
    const sql = "select '\x95\x5c' from `store`.`t`";
    expect(renameDatabases(sql, names, { reading })).toBe("select '\x95\x5c' from `s0`.`t`");
  });

  test('capitals make no difference where the server folds them', () => {
    expect(renameDatabases('select 1 from STORE.t', names, { fold: true })).toBe('select 1 from `s0`.t');
    expect(renameDatabases('select 1 from STORE.t', names)).toBe('select 1 from STORE.t');
  });

  test('the tables that a view reads', () => {
    const sql =
      'CREATE VIEW `v` AS with `c` as (select 1 from `one`) select `x`.`a` from ((`two` `x` join `archive`.`three`) join `c`)';
    expect(tablesNamed(sql, 'store')).toEqual([
      ['store', 'v'],
      ['store', 'one'],
      ['store', 'two'],
      ['archive', 'three'],
      ['store', 'c'],
    ]);
  });
});

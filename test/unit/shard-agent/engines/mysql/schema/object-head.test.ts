import { expect, test } from 'vitest';
import { readObjectHead } from '../../../../../../shard-agent/engines/mysql/schema/object-head.ts';

test.each([
  ['CREATE DEFINER=`view`@`%` FUNCTION `f``x`(a int) RETURNS int RETURN 1', 'FUNCTION', '`f``x`'],
  ['CREATE DEFINER=`a`@`%` AGGREGATE FUNCTION `f`(a int) RETURNS int RETURN 1', 'FUNCTION', '`f`'],
  ['CREATE DEFINER="a"@"%" PACKAGE "p" AS PROCEDURE x; END', 'PACKAGE', '"p"'],
  ['CREATE DEFINER="a"@"%" PACKAGE BODY "p" AS PROCEDURE x AS BEGIN NULL; END; END', 'PACKAGE BODY', '"p"'],
  ['CREATE ALGORITHM=MERGE DEFINER=`a`@`%` SQL SECURITY INVOKER VIEW `v` AS select 1', 'VIEW', '`v`'],
  ['CREATE DEFINER=`a`@`%` EVENT `e` ON SCHEDULE EVERY 1 DAY DO DROP VIEW v', 'EVENT', '`e`'],
  ['CREATE LIBRARY `l`\n    LANGUAGE JAVASCRIPT\nAS $$function$$', 'LIBRARY', '`l`'],
])('%s', (sql, kind, name) => {
  expect(readObjectHead(sql)).toEqual({ kind, name });
});

test('a statement that makes no such object', () => {
  expect(readObjectHead('SET SESSION sql_mode = 1')).toBeUndefined();
  expect(readObjectHead('ALTER EVENT `e` ENABLE')).toBeUndefined();
});

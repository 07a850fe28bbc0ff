/** What is decided without a server: conditions of ranges, grants, versions, units of objects. */
import { expect, test } from 'vitest';
import { compareVersions, dialectOf } from '../../../../../shard-agent/engines/mysql/dialect.ts';
import { Grants } from '../../../../../shard-agent/engines/mysql/check/grants.ts';
import { loadStatement } from '../../../../../shard-agent/engines/mysql/restore/load.ts';
import { unitsOf } from '../../../../../shard-agent/engines/mysql/schema/object-units.ts';
import { rangeCondition } from '../../../../../shard-agent/engines/mysql/backup/ranges.ts';
import type { TableLine } from '../../../../../repository/manifest-entries.ts';

const column = (name: string) => ({
  name,
  dataType: 'int',
  charset: undefined,
  collation: undefined,
  nullable: false,
  generated: false,
});

test('a range of a key of two columns is written out, its end not included', () => {
  const key = { index: 'PRIMARY', columns: [column('a'), column('b')] };
  expect(rangeCondition(key, ['1', '2'], ['3', '4'])).toBe(
    ' WHERE (`a` > 1 OR (`a` = 1 AND `b` >= 2)) AND (`a` < 3 OR (`a` = 3 AND `b` < 4))',
  );
  expect(rangeCondition(key, undefined, undefined)).toBe('');
});

test('grants: wildcards, escapes, column lists, tables, revokes', () => {
  const grants = new Grants('x', [
    'GRANT USAGE ON *.* TO `b`@`%`',
    'GRANT SELECT, LOCK TABLES ON `shop\\_1`.* TO `b`@`%`',
    'GRANT EVENT ON `shop%`.* TO `b`@`%`',
    'GRANT SELECT (`a`, `b`), TRIGGER ON `shop_1`.`t` TO `b`@`%`',
    'GRANT PROCESS, SELECT ON *.* TO `b`@`%`',
    'REVOKE SELECT ON `secret`.* FROM `b`@`%`',
  ]);
  expect(grants.onDatabase(['LOCK TABLES'], 'shop_1')).toBe(true);
  expect(grants.onDatabase(['LOCK TABLES'], 'shopx1')).toBe(false);
  expect(grants.onDatabase(['EVENT'], 'shopping')).toBe(true);
  expect(grants.onDatabase(['TRIGGER'], 'shop_1')).toBe(false);
  expect(grants.onTable(['TRIGGER'], 'shop_1', 't')).toBe(true);
  expect(grants.onServer(['RELOAD', 'PROCESS'])).toBe(true);
  expect(grants.onServer(['RELOAD'])).toBe(false);
  expect(grants.onDatabase(['SELECT'], 'other')).toBe(true);
  expect(grants.onDatabase(['SELECT'], 'secret')).toBe(false);
  expect(new Grants('x', ['GRANT ALL PRIVILEGES ON *.* TO `r`@`%`']).onServer(['ANYTHING'])).toBe(true);
});

test('versions and families by what the server says', () => {
  expect(dialectOf('5.5.5-10.11.14-MariaDB-0+deb12u2-log')).toMatchObject({
    family: 'mariadb',
    version: '10.11.14',
  });
  expect(dialectOf('8.0.36')).toMatchObject({
    family: 'mysql',
    version: '8.0.36',
    binlogStatus: 'SHOW MASTER STATUS',
  });
  expect(dialectOf('8.4.2')).toMatchObject({
    binlogStatus: 'SHOW BINARY LOG STATUS',
    replicaStatus: 'SHOW REPLICA STATUS',
  });
  expect(compareVersions('10.6.9', '10.11.1')).toBeLessThan(0);
  expect(compareVersions('9.7', '9.7.0')).toBe(0);
});

test('values that the bytes alone would be mistaken for go through a variable', () => {
  const table: TableLine = {
    kind: 'table',
    table: 0,
    database: 'shop',
    schema: '',
    name: 'a`b',
    format: 'tsv',
    columns: ['id', 'doc'],
    engine: { types: ['int', 'json'] },
  };
  expect(loadStatement(dialectOf('9.7.4'), table, 'tidemark_r_0')).toBe(
    "LOAD DATA LOCAL INFILE 'tidemark' INTO TABLE `tidemark_r_0`.`a``b` CHARACTER SET binary FIELDS TERMINATED BY '\\t' " +
      "ESCAPED BY '\\\\' LINES TERMINATED BY '\\n' (@c0, @c1) SET `id` = @c0, `doc` = CONVERT(@c1 USING utf8mb4)",
  );
  expect(loadStatement(dialectOf('10.11.1-MariaDB'), table, 's')).toMatch(/\(`id`, `doc`\)$/);
});

test('each object has the settings of its file and its own, whichever comes first', () => {
  const step = (sql: string, piece = 'views') => ({
    database: 'd',
    piece,
    sql,
    number: 0,
    made: false,
    complete: false,
    change: undefined,
  });
  const units = unitsOf([
    step('SET NAMES utf8mb4'),
    step('SET SESSION sql_mode = 1'),
    step('CREATE VIEW a'),
    step('SET SESSION sql_mode = 2'),
    step('CREATE VIEW b'),
    step('SET NAMES utf8mb4', 'events'),
    step('CREATE EVENT e', 'events'),
  ]);
  expect(units.map((unit) => unit.statements)).toEqual([
    ['SET NAMES utf8mb4', 'SET SESSION sql_mode = 1', 'CREATE VIEW a'],
    ['SET NAMES utf8mb4', 'SET SESSION sql_mode = 1', 'SET SESSION sql_mode = 2', 'CREATE VIEW b'],
    ['SET NAMES utf8mb4', 'CREATE EVENT e'],
  ]);
});

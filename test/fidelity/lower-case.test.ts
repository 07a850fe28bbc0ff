/** From a server that tells capitals apart onto one that does not: carried where no name has any, refused beforehand else. */
import { afterAll, beforeAll, expect, test } from 'vitest';
import { Cluster } from '../cluster/cluster.ts';
import { describeResult } from '../cluster/command.ts';
import { startMariadb } from '../servers/mariadb.ts';
import type { TestServer } from '../servers/server.ts';
import { compareMysql } from './mysql/comparer.ts';
import { differences } from './fact.ts';

let source: Cluster;
let target: Cluster;
const serverOf = (cluster: Cluster): TestServer => cluster.shard('shard-0').server;

beforeAll(async () => {
  const start = (purpose: 'source' | 'target', names: string, repository?: string): Promise<Cluster> =>
    Cluster.start({
      name: 'capitals',
      servers: [() => startMariadb({ settings: { 'lower-case-table-names': names } })],
      purpose,
      databases: ['shop'],
      ...(repository === undefined ? {} : { repository }),
    });
  source = await start('source', '0');
  target = await start('target', '1', source.repository);
  await serverOf(source).run(
    'CREATE DATABASE shop; CREATE TABLE shop.orders (Id INT PRIMARY KEY, `Note` TEXT); INSERT INTO shop.orders VALUES (1, NULL)',
  );
});

afterAll(async () => {
  await source?.stop();
  await target?.stop();
});

async function backUpAndRestore(): Promise<ReturnType<Cluster['tidemark']>> {
  const backup = await source.tidemark('backup', '--json');
  expect(backup.exitCode, describeResult(backup)).toBe(0);
  return source.tidemark('restore', 'latest', '--to', target.topologyPath);
}

test.each([
  ['a table', 'CREATE TABLE shop.Orders (a INT)', 'DROP TABLE shop.Orders'],
  ['a view', 'CREATE VIEW shop.AllOrders AS SELECT * FROM shop.orders', 'DROP VIEW shop.AllOrders'],
  ['a sequence', 'CREATE SEQUENCE shop.OrderIds', 'DROP SEQUENCE shop.OrderIds'],
])('%s with capitals is refused, and nothing is touched', async (_, make, drop) => {
  await serverOf(source).run(make);
  const restore = await backUpAndRestore();
  await serverOf(source).run(drop);
  expect(restore.exitCode, describeResult(restore)).not.toBe(0);
  expect(restore.stderr).toContain('lower_case_table_names');
  expect(restore.stdout).toContain('where names have capitals');
  expect(await serverOf(target).run("SHOW DATABASES LIKE '%shop%'")).toEqual([]);
  expect(await serverOf(target).run("SHOW DATABASES LIKE 'tidemark%'")).toEqual([]);
});

test('names without capitals come back as they were', async () => {
  const restore = await backUpAndRestore();
  expect(restore.exitCode, describeResult(restore)).toBe(0);
  const [before, after] = await Promise.all(
    [source, target].map((side) => compareMysql(serverOf(side), 'shop')),
  );
  expect(differences(before ?? [], after ?? [])).toEqual([]);
});

/** A whole restore onto servers that cannot take it: every shard's reason in one message, and no server is touched. */
import { afterAll, beforeAll, expect, test } from 'vitest';
import { Cluster } from '../cluster/cluster.ts';
import { describeResult } from '../cluster/command.ts';
import { layOutQuietBank } from '../cluster/quiet-bank.ts';
import {
  newestPostgresTools,
  startNewestMariadb,
  startNewestMysql,
  startNewestPostgres,
} from '../servers/newest.ts';

let source: Cluster;
let target: Cluster;

beforeAll(async () => {
  source = await Cluster.start({
    purpose: 'source',
    servers: [() => startNewestPostgres(), () => startNewestMysql(), () => startNewestMariadb()],
    tools: { ...(await newestPostgresTools()) },
  });
  await layOutQuietBank(source);
  target = await Cluster.start({
    purpose: 'target',
    postgres: 1,
    mariadb: 2,
    repository: source.repository,
    tools: { ...(await newestPostgresTools()) },
  });
});

afterAll(async () => {
  await source?.stop();
  await target?.stop();
});

test('older versions and other families are refused by name, before anything is made', async () => {
  const backup = await source.tidemark('backup', '--json');
  expect(backup.exitCode, describeResult(backup)).toBe(0);
  const refused = await source.tidemark('restore', 'latest', '--to', target.topologyPath);
  expect(refused.exitCode, describeResult(refused)).toBe(6);
  for (const reason of [
    /shard-0.*taken from PostgreSQL 18\.\d+, this is version 15/,
    /shard-1.*the set is of mysql, this server is mariadb/,
    /shard-2.*the set is of version 11\.8\.\d+, this server is 10\.11\.\d+/,
  ])
    expect(refused.stdout + refused.stderr).toMatch(reason);
  expect(await target.databases()).toEqual([]);
  await target.expectNothingLeft();
});

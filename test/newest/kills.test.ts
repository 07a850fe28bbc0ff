/** Deaths at every statement of a restore, on the newest MySQL and MariaDB. */
import { afterAll, beforeAll, describe } from 'vitest';
import type { EngineFixture } from '../conformance/engine-fixture.ts';
import { mysqlFixture } from '../conformance/mysql-fixture.ts';
import { testMysqlKills } from '../conformance/mysql-kills.ts';
import { startNewestMariadb, startNewestMysql } from '../servers/newest.ts';
import type { TestServer } from '../servers/server.ts';

const fixtures: readonly EngineFixture[] = [
  mysqlFixture('MySQL', 'mysql', () => startNewestMysql({ settings: { 'local-infile': 'ON' } })),
  mysqlFixture('newest MariaDB', 'mariadb', () => startNewestMariadb({})),
];

describe.each(fixtures)('$name', (fixture) => {
  let source: TestServer;
  beforeAll(async () => {
    source = await fixture.startServer();
  });
  afterAll(() => source?.stop());
  testMysqlKills(fixture, () => source);
});

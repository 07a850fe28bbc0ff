/** Deaths at every statement, on this machine's MariaDB. */
import { afterAll, beforeAll } from 'vitest';
import { startMariadb } from '../servers/mariadb.ts';
import type { TestServer } from '../servers/server.ts';
import { mysqlFixture } from './mysql-fixture.ts';
import { testMysqlKills } from './mysql-kills.ts';
import { mariadbSettings } from './mysql-suites.ts';

let source: TestServer;
beforeAll(async () => {
  source = await startMariadb({});
});
afterAll(() => source?.stop());

testMysqlKills(
  mysqlFixture('MariaDB', 'mariadb', () => startMariadb({ settings: mariadbSettings })),
  () => source,
);

/** The engine for MySQL and MariaDB on real servers: the suite of all engines, and what only these have. */
import { afterAll, beforeAll, describe } from 'vitest';
import { startMariadb } from '../servers/mariadb.ts';
import type { TestServer } from '../servers/server.ts';
import { testEngine } from './engine-conformance.ts';
import type { EngineFixture } from './engine-fixture.ts';
import { testMysqlBarrier } from './mysql-barrier.ts';
import { testMysqlCheck } from './mysql-check.ts';
import { testMysqlCopy } from './mysql-copy.ts';
import { testMysqlRestore } from './mysql-restore.ts';
import { mysqlFixture } from './mysql-fixture.ts';

const families = [
  mysqlFixture('MariaDB', 'mariadb', () =>
    startMariadb({ settings: { 'performance-schema-consumer-events-statements-current': 'ON' } }),
  ),
];

for (const fixture of families) {
  testEngine(fixture);
  testOwn(fixture);
}

/** All on one server. */
function testOwn(fixture: EngineFixture): void {
  describe(`${fixture.name} alone`, () => {
    let server: TestServer;
    beforeAll(async () => {
      server = await fixture.startServer();
    });
    afterAll(() => server?.stop());
    testMysqlCheck(fixture, () => server);
    testMysqlBarrier(fixture, () => server);
    testMysqlCopy(fixture, () => server);
    testMysqlRestore(fixture, () => server);
  });
}

/** All that is tried of the engine on one server of MySQL's family. */
import { afterAll, beforeAll, describe } from 'vitest';
import type { TestServer } from '../servers/server.ts';
import { testEngine } from './engine-conformance.ts';
import type { EngineFixture } from './engine-fixture.ts';
import { testHostileManifest } from './hostile-manifest.ts';
import { testMysqlAltered } from './mysql-altered.ts';
import { testMysqlBarrier } from './mysql-barrier.ts';
import { testMysqlCheck } from './mysql-check.ts';
import { testMysqlCopy } from './mysql-copy.ts';
import { testMysqlFitSettings } from './mysql-fit-settings.ts';
import { mysqlHostility } from './mysql-hostility.ts';
import { testMysqlLeftOut } from './mysql-left-out.ts';
import { testMysqlLimits } from './mysql-limits.ts';
import { testMysqlOddKeys } from './mysql-odd-keys.ts';
import { testMysqlOddViews } from './mysql-odd-views.ts';
import { testMysqlRestore } from './mysql-restore.ts';
import { testMysqlStalls } from './mysql-stalls.ts';
import { testMysqlRestorer } from './mysql-restorer.ts';
import { testMysqlStatementLimit } from './mysql-statement-limit.ts';
import { testMysqlStrangers } from './mysql-strangers.ts';
import { testMysqlUnmade } from './mysql-unmade.ts';

/** What these tests need of a MariaDB server beside the defaults. */
export const mariadbSettings: Readonly<Record<string, string>> = {
  'performance-schema-consumer-events-statements-current': 'ON',
};

/** The suite of all engines, and what only MySQL and MariaDB have, on a server that all of it shares. */
export function testMysqlFamily(fixture: EngineFixture): void {
  testEngine(fixture);
  describe(`${fixture.name} alone`, () => {
    let server: TestServer;
    beforeAll(async () => {
      server = await fixture.startServer();
    });
    afterAll(() => server?.stop());
    testMysqlCheck(fixture, () => server);
    testMysqlLimits(fixture, () => server);
    testMysqlAltered(fixture, () => server);
    testMysqlBarrier(fixture, () => server);
    testMysqlStrangers(fixture, () => server);
    testMysqlCopy(fixture, () => server);
    testMysqlRestore(fixture, () => server);
    testMysqlOddKeys(fixture, () => server);
    testMysqlOddViews(fixture, () => server);
    testMysqlRestorer(fixture, () => server);
    testMysqlLeftOut(fixture, () => server);
    testMysqlUnmade(fixture, () => server);
    testMysqlFitSettings(fixture, () => server);
    testMysqlStatementLimit(fixture, () => server);
    testMysqlStalls(fixture, () => server);
    testHostileManifest(fixture, () => server, mysqlHostility);
  });
}

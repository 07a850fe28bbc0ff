/** All that is tried of the engine on servers of one version of PostgreSQL. */
import { afterAll, beforeAll } from 'vitest';
import type { TestServer } from '../servers/server.ts';
import { testEngine } from './engine-conformance.ts';
import { testHostileManifest } from './hostile-manifest.ts';
import { testPostgresBarrier } from './postgres-barrier.ts';
import { testPostgresChecks } from './postgres-checks.ts';
import { testPostgresClosing } from './postgres-closing.ts';
import { testPostgresDdl } from './postgres-ddl.ts';
import { testPostgresExpressions } from './postgres-expressions.ts';
import { testPostgresExtensions } from './postgres-extensions.ts';
import type { PostgresFixture } from './postgres-fixture.ts';
import { postgresHostility } from './postgres-hostility.ts';
import { testPostgresIndexes } from './postgres-indexes.ts';
import { testPostgresLeftOut } from './postgres-left-out.ts';
import { testPostgresPlainRestorer } from './postgres-plain-restorer.ts';
import { testPostgresRefusals } from './postgres-refusals.ts';
import { testPostgresRestore } from './postgres-restore.ts';
import { testPostgresSharedNames } from './postgres-shared-names.ts';
import { testPostgresStalls } from './postgres-stalls.ts';
import { testPostgresStaging } from './postgres-staging.ts';
import { testPostgresStrangers } from './postgres-strangers.ts';
import { testPostgresSurroundings } from './postgres-surroundings.ts';
import { testPostgresVacuum } from './postgres-vacuum.ts';

/** The suite of all engines, and what only PostgreSQL has. */
export function testPostgres(fixture: PostgresFixture): void {
  testEngine(fixture);
  testPostgresBarrier(fixture);
  testPostgresStrangers(fixture);
  testPostgresVacuum(fixture);
  testPostgresRefusals(fixture);
  testPostgresDdl(fixture);
  testPostgresChecks(fixture);
  testPostgresLeftOut(fixture);
  testPostgresExpressions(fixture);
  testPostgresSurroundings(fixture);
  testPostgresRestore(fixture);
  testPostgresPlainRestorer(fixture);
  testPostgresIndexes(fixture);
  testPostgresExtensions(fixture);
  testPostgresSharedNames(fixture);
  testPostgresStaging(fixture);
  testPostgresStalls(fixture);
  testPostgresClosing(fixture);
  testPostgresManifest(fixture);
}

function testPostgresManifest(fixture: PostgresFixture): void {
  let source: TestServer;
  beforeAll(async () => {
    source = await fixture.startServer();
  });
  afterAll(() => source?.stop());
  testHostileManifest(fixture, () => source, postgresHostility);
}

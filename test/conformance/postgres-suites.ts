/** All that is tried of the engine on servers of one version of PostgreSQL. */
import { testEngine } from './engine-conformance.ts';
import { testPostgresBarrier } from './postgres-barrier.ts';
import type { PostgresFixture } from './postgres-fixture.ts';
import { testPostgresIndexes } from './postgres-indexes.ts';
import { testPostgresLeftOut } from './postgres-left-out.ts';
import { testPostgresPlainRestorer } from './postgres-plain-restorer.ts';
import { testPostgresRefusals } from './postgres-refusals.ts';
import { testPostgresRestore } from './postgres-restore.ts';
import { testPostgresStalls } from './postgres-stalls.ts';
import { testPostgresStaging } from './postgres-staging.ts';

/** The suite of all engines, and what only PostgreSQL has. */
export function testPostgres(fixture: PostgresFixture): void {
  testEngine(fixture);
  testPostgresBarrier(fixture);
  testPostgresRefusals(fixture);
  testPostgresLeftOut(fixture);
  testPostgresRestore(fixture);
  testPostgresPlainRestorer(fixture);
  testPostgresIndexes(fixture);
  testPostgresStaging(fixture);
  testPostgresStalls(fixture);
}

/** Rehearsals on this machine's own servers: a scratch server needs programs that are at home here. */
import { startPostgres } from '../servers/postgres.ts';
import { postgresFixture } from './postgres-fixture.ts';
import { testPostgresRehearsal } from './postgres-rehearsal.ts';

testPostgresRehearsal(postgresFixture('PostgreSQL', startPostgres));

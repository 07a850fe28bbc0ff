/** The PostgreSQL engine on this machine's PostgreSQL; test/newest has the newest. */
import { startPostgres } from '../servers/postgres.ts';
import { postgresFixture } from './postgres-fixture.ts';
import { testPostgres } from './postgres-suites.ts';

testPostgres(postgresFixture('PostgreSQL', startPostgres));

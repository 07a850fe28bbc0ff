/** The PostgreSQL engine on the newest PostgreSQL. */
import { postgresFixture } from '../conformance/postgres-fixture.ts';
import { testPostgres } from '../conformance/postgres-suites.ts';
import { newestPostgresTools, startNewestPostgres } from '../servers/newest.ts';

testPostgres(postgresFixture('PostgreSQL', startNewestPostgres, await newestPostgresTools()));

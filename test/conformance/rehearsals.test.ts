/** Rehearsals on this machine's own servers: a scratch server needs programs that are at home here. */
import { startMariadb } from '../servers/mariadb.ts';
import { startPostgres } from '../servers/postgres.ts';
import { mysqlFixture } from './mysql-fixture.ts';
import { testMysqlRehearsal } from './mysql-rehearsal.ts';
import { postgresFixture } from './postgres-fixture.ts';
import { testPostgresRehearsal } from './postgres-rehearsal.ts';

testPostgresRehearsal(postgresFixture('PostgreSQL', startPostgres));
testMysqlRehearsal(mysqlFixture('MariaDB', 'mariadb', () => startMariadb()));

/** Rehearsals on scratch servers of the newest versions, from programs that the agent's file names. */
import { mysqlFixture } from '../conformance/mysql-fixture.ts';
import { testMysqlRehearsal } from '../conformance/mysql-rehearsal.ts';
import { postgresFixture } from '../conformance/postgres-fixture.ts';
import { testPostgresRehearsal } from '../conformance/postgres-rehearsal.ts';
import {
  newestPostgresTools,
  startNewestMariadb,
  startNewestMysql,
  startNewestPostgres,
} from '../servers/newest.ts';
import { newestServerPrograms } from '../servers/newest-server-programs.ts';

const [postgres, mysql, mariadb] = await Promise.all([
  newestServerPrograms('PostgreSQL'),
  newestServerPrograms('MySQL'),
  newestServerPrograms('MariaDB'),
]);

testPostgresRehearsal(
  postgresFixture('PostgreSQL', startNewestPostgres, {
    ...(await newestPostgresTools()),
    serverPrograms: postgres,
  }),
);
testMysqlRehearsal(
  mysqlFixture('MySQL', 'mysql', () => startNewestMysql({ settings: { 'local-infile': 'ON' } }), {
    serverPrograms: mysql,
  }),
);
testMysqlRehearsal(
  mysqlFixture('MariaDB', 'mariadb', () => startNewestMariadb(), { serverPrograms: mariadb }),
);

/** Roles and accounts on the newest servers of each family. */
import { mariadbSettings } from '../conformance/mysql-suites.ts';
import { testMysqlGlobals } from '../conformance/globals-mysql.ts';
import { testPostgresGlobals } from '../conformance/globals-postgres.ts';
import {
  newestPostgresTools,
  startNewestMariadb,
  startNewestMysql,
  startNewestPostgres,
} from '../servers/newest.ts';

testPostgresGlobals({ start: () => startNewestPostgres(), tools: newestPostgresTools });

testMysqlGlobals({
  name: 'MySQL',
  family: 'mysql',
  start: () => startNewestMysql({ settings: { 'local-infile': 'ON', 'partial-revokes': 'ON' } }),
});

testMysqlGlobals({
  name: 'MariaDB',
  family: 'mariadb',
  start: () => startNewestMariadb({ settings: mariadbSettings }),
});

/** The engine for MySQL and MariaDB on the newest MySQL. */
import { testMysqlFamily } from '../conformance/mysql-suites.ts';
import { mysqlFixture } from '../conformance/mysql-fixture.ts';
import { startNewestMysql } from '../servers/newest.ts';

testMysqlFamily(
  mysqlFixture('MySQL', 'mysql', () => startNewestMysql({ settings: { 'local-infile': 'ON' } })),
);

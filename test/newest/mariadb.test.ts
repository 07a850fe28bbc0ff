/** The engine for MySQL and MariaDB on the newest MariaDB. */
import { mariadbSettings, testMysqlFamily } from '../conformance/mysql-suites.ts';
import { mysqlFixture } from '../conformance/mysql-fixture.ts';
import { startNewestMariadb } from '../servers/newest.ts';

testMysqlFamily(mysqlFixture('MariaDB', 'mariadb', () => startNewestMariadb({ settings: mariadbSettings })));

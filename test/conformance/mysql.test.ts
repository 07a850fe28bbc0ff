/** The engine for MySQL and MariaDB on this machine's MariaDB; test/newest has the newest of both. */
import { startMariadb } from '../servers/mariadb.ts';
import { mysqlFixture } from './mysql-fixture.ts';
import { mariadbSettings, testMysqlFamily } from './mysql-suites.ts';

testMysqlFamily(mysqlFixture('MariaDB', 'mariadb', () => startMariadb({ settings: mariadbSettings })));

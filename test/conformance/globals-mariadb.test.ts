/** Accounts on this machine's MariaDB; test/newest has the newest of both families. */
import { startMariadb } from '../servers/mariadb.ts';
import { testMysqlGlobals } from './globals-mysql.ts';
import { mariadbSettings } from './mysql-suites.ts';

testMysqlGlobals({
  name: 'MariaDB',
  family: 'mariadb',
  start: () => startMariadb({ settings: mariadbSettings }),
});

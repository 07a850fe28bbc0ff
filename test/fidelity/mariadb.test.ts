/** Every item comes back as it was, on this machine's MariaDB. */
import { startMariadb } from '../servers/mariadb.ts';
import { mysqlSuite, roomySettings } from './mysql/mysql-suite.ts';
import { testFidelity } from './suite.ts';

testFidelity(
  mysqlSuite({
    title: 'MariaDB',
    startSource: () => startMariadb({ settings: roomySettings }),
    startTarget: () => startMariadb({ settings: roomySettings }),
  }),
);

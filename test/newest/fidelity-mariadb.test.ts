/** Every item comes back as it was, on the newest MariaDB, and from this machine's onto it. */
import { mysqlSuite, roomySettings } from '../fidelity/mysql/mysql-suite.ts';
import { testFidelity } from '../fidelity/suite.ts';
import { startMariadb } from '../servers/mariadb.ts';
import { startNewestMariadb } from '../servers/newest.ts';

const newest = () => startNewestMariadb({ settings: roomySettings });

testFidelity(mysqlSuite({ title: 'MariaDB', startSource: newest, startTarget: newest }));

testFidelity(
  mysqlSuite({
    title: 'MariaDB',
    startSource: () => startMariadb({ settings: roomySettings }),
    startTarget: newest,
  }),
);

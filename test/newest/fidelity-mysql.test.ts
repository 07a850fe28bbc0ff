/** Every item comes back as it was, on the newest MySQL. */
import { mysqlSuite, roomySettings } from '../fidelity/mysql/mysql-suite.ts';
import { testFidelity } from '../fidelity/suite.ts';
import { startNewestMysql } from '../servers/newest.ts';

testFidelity(
  mysqlSuite({
    title: 'MySQL',
    startSource: () => startNewestMysql({ settings: roomySettings }),
    startTarget: () => startNewestMysql({ settings: roomySettings }),
  }),
);

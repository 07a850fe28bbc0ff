/** The engine for MySQL and MariaDB on real servers: the suite of all engines, and what only these have. */
import { startMariadb } from '../servers/mariadb.ts';
import { mysqlRoot, startMysql } from '../servers/mysql.ts';
import { testEngine } from './engine-conformance.ts';
import { mysqlFixture } from './mysql-fixture.ts';

const families = [
  mysqlFixture('MariaDB', 'mariadb', () =>
    startMariadb({ settings: { 'performance-schema-consumer-events-statements-current': 'ON' } }),
  ),
  // Only where a root with MySQL is named: on other machines there is nothing to try.
  ...(mysqlRoot() === undefined
    ? []
    : [mysqlFixture('MySQL', 'mysql', () => startMysql({ settings: { 'local-infile': 'ON' } }))]),
];

for (const fixture of families) testEngine(fixture);

/** Schemas of the shape and size of a large web application's come back as they were, on this machine's servers. */
import { startMariadb } from '../servers/mariadb.ts';
import { startPostgres } from '../servers/postgres.ts';
import { postgresApplication } from './forge/postgres/application-case.ts';
import { mysqlApplication } from './forge/mysql/application-case.ts';
import { testFidelity } from './suite.ts';

testFidelity(
  postgresApplication({
    title: 'PostgreSQL',
    startSource: () => startPostgres(),
    startTarget: () => startPostgres(),
  }),
);

testFidelity(
  mysqlApplication('mariadb', {
    title: 'MariaDB',
    startSource: () => startMariadb(),
    startTarget: () => startMariadb(),
  }),
);

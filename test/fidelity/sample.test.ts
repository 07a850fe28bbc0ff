/** A larger database that looks like a real one comes back as it was, on this machine's servers. */
import { startMariadb } from '../servers/mariadb.ts';
import { startPostgres } from '../servers/postgres.ts';
import { sampleSuite } from './sample-suite.ts';
import { testFidelity } from './suite.ts';

testFidelity(
  sampleSuite('postgres', {
    title: 'PostgreSQL',
    startSource: () => startPostgres(),
    startTarget: () => startPostgres(),
  }),
);

testFidelity(
  sampleSuite('mysql', {
    title: 'MariaDB',
    startSource: () => startMariadb(),
    startTarget: () => startMariadb(),
  }),
);

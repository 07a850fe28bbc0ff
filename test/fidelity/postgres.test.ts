/** Every item comes back as it was, on this machine's PostgreSQL. */
import { startPostgres } from '../servers/postgres.ts';
import { locales, postgresSuite } from './postgres/postgres-suite.ts';
import { testFidelity } from './suite.ts';

testFidelity(
  postgresSuite({
    title: 'PostgreSQL',
    startSource: () => startPostgres({ locales }),
    startTarget: () => startPostgres({ locales }),
  }),
);

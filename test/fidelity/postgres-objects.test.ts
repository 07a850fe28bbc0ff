/** Every object comes back as it was, on this machine's PostgreSQL. */
import { startPostgres } from '../servers/postgres.ts';
import { objectSuite, superuserSuite } from './postgres/object-suite.ts';
import { testFidelity } from './suite.ts';

const servers = {
  title: 'PostgreSQL',
  startSource: () => startPostgres(),
  startTarget: () => startPostgres(),
};

testFidelity(objectSuite(servers));
testFidelity(superuserSuite(servers));

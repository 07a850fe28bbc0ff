/** A larger database that looks like a real one comes back as it was, on the newest servers. */
import { sampleSuite } from '../fidelity/sample-suite.ts';
import { testFidelity } from '../fidelity/suite.ts';
import {
  newestPostgresTools,
  startNewestMariadb,
  startNewestMysql,
  startNewestPostgres,
} from '../servers/newest.ts';

testFidelity(
  sampleSuite('postgres', {
    title: 'PostgreSQL',
    startSource: () => startNewestPostgres(),
    startTarget: () => startNewestPostgres(),
    tools: async () => ({ ...(await newestPostgresTools()) }),
  }),
);

const mysql = () => startNewestMysql({ settings: { 'local-infile': 'ON' } });

testFidelity(sampleSuite('mysql', { title: 'MySQL', startSource: mysql, startTarget: mysql }));

testFidelity(
  sampleSuite('mysql', {
    title: 'MariaDB',
    startSource: () => startNewestMariadb(),
    startTarget: () => startNewestMariadb(),
  }),
);

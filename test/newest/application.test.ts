/** Schemas of the shape and size of a large web application's come back as they were, on and onto the newest servers. */
import { mysqlApplication } from '../fidelity/forge/mysql/application-case.ts';
import { postgresApplication } from '../fidelity/forge/postgres/application-case.ts';
import { compareAcrossVersions } from '../fidelity/mysql/across-versions.ts';
import { comparePostgresAcrossVersions } from '../fidelity/postgres/comparer.ts';
import { testFidelity } from '../fidelity/suite.ts';
import { startMariadb } from '../servers/mariadb.ts';
import {
  newestPostgresTools,
  startNewestMariadb,
  startNewestMysql,
  startNewestPostgres,
} from '../servers/newest.ts';
import { startPostgres } from '../servers/postgres.ts';

const postgres = {
  title: 'PostgreSQL',
  startTarget: () => startNewestPostgres(),
  tools: async () => ({ ...(await newestPostgresTools()) }),
};

testFidelity(postgresApplication({ ...postgres, startSource: () => startNewestPostgres() }));
testFidelity({
  ...postgresApplication({ ...postgres, startSource: () => startPostgres() }),
  compare: comparePostgresAcrossVersions,
});

const mysql = () => startNewestMysql({ settings: { 'local-infile': 'ON' } });

testFidelity(mysqlApplication('mysql', { title: 'MySQL', startSource: mysql, startTarget: mysql }));

const mariadb = { title: 'MariaDB', startTarget: () => startNewestMariadb() };

testFidelity(mysqlApplication('mariadb', { ...mariadb, startSource: () => startNewestMariadb() }));
testFidelity({
  ...mysqlApplication('mariadb', { ...mariadb, startSource: () => startMariadb() }),
  compare: compareAcrossVersions,
});

/** Schemas of the shape and size of a large web application's come back as they were, on and onto the newest servers. */
import { postgresApplication } from '../fidelity/forge/postgres/application-case.ts';
import { comparePostgresAcrossVersions } from '../fidelity/postgres/comparer.ts';
import { testFidelity } from '../fidelity/suite.ts';
import { newestPostgresTools, startNewestPostgres } from '../servers/newest.ts';
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

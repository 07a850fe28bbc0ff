/** Every item of PostgreSQL on PostgreSQL 18, and from this machine's own version to it. */
import { postgresSuite, locales } from '../fidelity/postgres/postgres-suite.ts';
import { comparePostgresAcrossVersions } from '../fidelity/postgres/comparer.ts';
import { objectSuite, superuserSuite } from '../fidelity/postgres/object-suite.ts';
import { withOwnExtension } from '../fidelity/postgres/own-extension.ts';
import { testFidelity } from '../fidelity/suite.ts';
import { newestPostgresTools, startNewestPostgres } from '../servers/newest.ts';
import { startPostgres } from '../servers/postgres.ts';

const settings = withOwnExtension();
const newest = () => startNewestPostgres({ locales, settings });
const tools = async (): Promise<Record<string, string>> => ({ ...(await newestPostgresTools()) });

for (const suite of [postgresSuite, objectSuite, superuserSuite]) {
  testFidelity(suite({ title: 'PostgreSQL', startSource: newest, startTarget: newest, tools }));
  testFidelity({
    ...suite({
      title: 'PostgreSQL',
      startSource: () => startPostgres({ locales }),
      startTarget: newest,
      tools,
    }),
    compare: comparePostgresAcrossVersions,
  });
}

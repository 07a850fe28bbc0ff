/** Every object comes back as it was, on the newest PostgreSQL. */
import { objectSuite, superuserSuite } from '../fidelity/postgres/object-suite.ts';
import { withOwnExtension } from '../fidelity/postgres/own-extension.ts';
import { testFidelity } from '../fidelity/suite.ts';
import { newestPostgresTools, startNewestPostgres } from '../servers/newest.ts';

const settings = withOwnExtension();
const servers = {
  title: 'PostgreSQL',
  startSource: () => startNewestPostgres({ settings }),
  startTarget: () => startNewestPostgres({ settings }),
  tools: async () => ({ ...(await newestPostgresTools()) }),
};

testFidelity(objectSuite(servers));
testFidelity(superuserSuite(servers));

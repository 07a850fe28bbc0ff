/** The round trip of the sample database, from and to any version of its engine. */
import { agentUser } from '../cluster/database-user.ts';
import {
  createSample,
  createSampleRoles,
  grantSampleTo,
  sampleParts,
  sampleScripts,
} from '../sample/sample.ts';
import type { TestServer } from '../servers/server.ts';
import type { FidelityCase } from './case.ts';
import { compareMysql } from './mysql/comparer.ts';
import { comparePostgres } from './postgres/comparer.ts';
import type { FidelitySuite } from './suite.ts';

type Own = Pick<FidelitySuite, 'title' | 'startSource' | 'startTarget' | 'tools'>;

export function sampleSuite(engine: TestServer['engine'], own: Own): FidelitySuite {
  return {
    ...own,
    prepare: createSampleRoles,
    grant: (source) => grantSampleTo(source, agentUser),
    compare: engine === 'postgres' ? comparePostgres : compareMysql,
    cases: sampleParts[engine].map((part): FidelityCase => {
      const proof = proofs[engine];
      return {
        group: 'sample',
        item: part.what,
        database: 'saltmarsh',
        createDatabase: createSample[engine]('saltmarsh'),
        setup: sampleScripts(engine, part),
        proof,
        ...(part.exists === undefined ? {} : { exists: part.exists }),
      };
    }),
  };
}

/** Many rows, and most of them in one table. */
const proofs: Readonly<Record<TestServer['engine'], readonly string[]>> = {
  postgres: ['SELECT count(*) = 90000 FROM web.visit', 'SELECT count(*) = 25000 FROM sales.line'],
  mysql: ['SELECT COUNT(*) = 90000 FROM visit', 'SELECT COUNT(*) = 25000 FROM order_line'],
};

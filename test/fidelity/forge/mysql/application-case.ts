/** The application on MySQL and MariaDB as one case of a suite. */
import { agentUser } from '../../../cluster/database-user.ts';
import type { TestServer } from '../../../servers/server.ts';
import { compareMysql } from '../../mysql/comparer.ts';
import type { FidelitySuite } from '../../suite.ts';
import { databases, type Family } from './columns.ts';
import { objectStatements } from './objects.ts';
import { tableStatements } from './tables.ts';

type Own = Pick<FidelitySuite, 'title' | 'note' | 'startSource' | 'startTarget'>;

const both = `IN ('${databases.main}', '${databases.apart}')`;
const counted = (least: number, from: string): string =>
  `SELECT COUNT(*) >= ${least} FROM information_schema.${from}`;

export function mysqlApplication(family: Family, own: Own): FidelitySuite {
  return {
    ...own,
    prepare: async (server: TestServer) => {
      await server.run(
        `CREATE USER forge@localhost ACCOUNT LOCK; GRANT ALL PRIVILEGES ON *.* TO forge@localhost`,
      );
    },
    // Views that call functions are described by calling them.
    grant: async (source: TestServer) => {
      await source.run(`GRANT EXECUTE ON *.* TO '${agentUser}'@'%'`);
    },
    compare: compareMysql,
    cases: [
      {
        group: 'application',
        item: 'a large web application',
        database: databases.main,
        moreDatabases: [databases.apart],
        setup: [...tableStatements(family), ...objectStatements(family)],
        proof: [
          counted(300, `TABLES WHERE TABLE_TYPE = 'BASE TABLE' AND TABLE_SCHEMA ${both}`),
          counted(1000, `STATISTICS WHERE SEQ_IN_INDEX = 1 AND TABLE_SCHEMA ${both}`),
          counted(60, `VIEWS WHERE TABLE_SCHEMA ${both}`),
          counted(25, `TRIGGERS WHERE TRIGGER_SCHEMA ${both}`),
          counted(300, `REFERENTIAL_CONSTRAINTS WHERE CONSTRAINT_SCHEMA ${both}`),
          'SELECT votes = 2 FROM issues WHERE id = 1',
        ],
      },
    ],
  };
}

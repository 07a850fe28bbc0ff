/** The application on PostgreSQL as one case of a suite. */
import { agentUser } from '../../../cluster/database-user.ts';
import type { TestServer } from '../../../servers/server.ts';
import type { FidelitySuite } from '../../suite.ts';
import { comparePostgres } from '../../postgres/comparer.ts';
import { foundation, roles } from './foundation.ts';
import { functionStatements } from './functions.ts';
import { rightStatements } from './rights.ts';
import { tableStatements } from './tables.ts';
import { viewStatements } from './views.ts';

type Own = Pick<FidelitySuite, 'title' | 'note' | 'startSource' | 'startTarget' | 'tools'>;

const counted = (what: string, where: string): string =>
  `SELECT count(*) >= ${what} FROM ${where.replace('OWN', `n.nspname NOT IN ('pg_catalog', 'information_schema', 'pg_toast')`)}`;
const relations = `pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace WHERE OWN AND c.relkind`;

export function postgresApplication(own: Own): FidelitySuite {
  return {
    ...own,
    prepare: async (server: TestServer) => {
      await server.run(roles.map((role) => `CREATE ROLE ${role} NOLOGIN`).join('; '));
    },
    grant: async (source: TestServer) => {
      // For tables under row-level security, and what user mappings hold.
      await source.run(`ALTER ROLE ${agentUser} BYPASSRLS; GRANT forge_owner TO ${agentUser}`);
    },
    compare: comparePostgres,
    cases: [
      {
        group: 'application',
        item: 'a large web application',
        database: 'forge',
        setup: [
          ...foundation,
          ...tableStatements,
          ...functionStatements,
          ...viewStatements,
          ...rightStatements,
        ],
        proof: [
          counted('300', `${relations} IN ('r', 'p')`),
          counted('1000', `${relations} IN ('i', 'I')`),
          counted('80', `${relations} = 'v'`),
          counted('150', 'pg_trigger t WHERE NOT t.tgisinternal'),
          counted('300', `pg_constraint WHERE contype = 'f'`),
          'SELECT votes = 2 FROM work.issues WHERE id = 1',
        ],
      },
    ],
  };
}

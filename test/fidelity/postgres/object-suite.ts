/** The round trip of objects on PostgreSQL, from and to any of its versions. */
import { agentUser } from '../../cluster/database-user.ts';
import type { PostgresServer } from '../../servers/postgres.ts';
import type { TestServer } from '../../servers/server.ts';
import type { FidelitySuite } from '../suite.ts';
import { objectCases, superuserObjectCases } from './cases/objects.ts';
import { comparePostgres } from './comparer.ts';

type Own = Pick<FidelitySuite, 'title' | 'startSource' | 'startTarget' | 'tools'>;

/** An agent with no more than a backup's rights; tables with row security it reads past it. */
export function objectSuite(own: Own): FidelitySuite {
  return { ...own, prepare, grant: granting('BYPASSRLS'), compare: comparePostgres, cases: objectCases };
}

/** What only a superuser may read: see the agent's check. */
export function superuserSuite(own: Own): FidelitySuite {
  const cases = superuserObjectCases;
  return { ...own, prepare, grant: granting('SUPERUSER'), compare: comparePostgres, cases };
}

const roles = ['fidelity_owner', 'fidelity_reader', 'fidelity_grantor', '"Fidelity ""Role"", odd.name"'];

/** What an operator has on both servers: the roles of the cases, and a tablespace. */
async function prepare(server: TestServer): Promise<void> {
  const client = await (server as PostgresServer).connect();
  try {
    for (const role of roles) await client.query(`CREATE ROLE ${role}`);
    await client.query('SET allow_in_place_tablespaces = on');
    await client.query(`CREATE TABLESPACE fidelity_space LOCATION ''`);
    await client.query(`GRANT CREATE ON TABLESPACE fidelity_space TO PUBLIC`);
  } finally {
    await client.end();
  }
}

function granting(right: string): (source: TestServer) => Promise<void> {
  return async (source) => {
    await source.run(`ALTER ROLE ${agentUser} ${right}`);
  };
}

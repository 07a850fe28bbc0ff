/** The round trip on PostgreSQL, from and to any of its versions. */
import type { TestServer } from '../../servers/server.ts';
import type { FidelitySuite } from '../suite.ts';
import { postgresCases } from './cases.ts';
import { comparePostgres } from './comparer.ts';

type Own = Pick<FidelitySuite, 'title' | 'startSource' | 'startTarget' | 'tools'>;

export function postgresSuite(own: Own): FidelitySuite {
  return { ...own, prepare: makeRoles, compare: comparePostgres, cases: postgresCases };
}

/** Roles that the cases' objects belong to; an operator has them on both servers. */
async function makeRoles(server: TestServer): Promise<void> {
  await server.run(`CREATE ROLE "odd ""role"`);
}

/** The round trip of values, tables and names on PostgreSQL, from and to any of its versions. */
import { agentUser } from '../../cluster/database-user.ts';
import type { TestServer } from '../../servers/server.ts';
import type { FidelitySuite } from '../suite.ts';
import { postgresCases } from './cases.ts';
import { strangeSettings } from './cases/settings.ts';
import { comparePostgres } from './comparer.ts';

type Own = Pick<FidelitySuite, 'title' | 'startSource' | 'startTarget' | 'tools'>;

export function postgresSuite(own: Own): FidelitySuite {
  return { ...own, prepare, compare: comparePostgres, cases: postgresCases };
}

/** Locales that the servers of a suite need. */
export const locales = ['de_DE'];

/**
 * The roles that an operator has on both servers. That of the agent has settings which change what a value's text means, so
 * that nothing comes back right because the settings happened to be the usual ones, or the same on both sides.
 */
async function prepare(server: TestServer, purpose: 'source' | 'target'): Promise<void> {
  await server.run(`CREATE ROLE "odd ""role"`);
  for (const [name, value] of purpose === 'source' ? strangeSettings : [...strangeSettings, ...otherSettings])
    await server.run(`ALTER ROLE ${agentUser} SET ${name} TO '${value}'`);
}

/** Of the target's role, instead of the source's. */
const otherSettings = [
  ['TimeZone', 'Asia/Kathmandu'],
  ['DateStyle', 'Postgres, MDY'],
  ['IntervalStyle', 'postgres'],
  ['lc_monetary', 'C'],
  ['client_encoding', 'LATIN2'],
] as const;

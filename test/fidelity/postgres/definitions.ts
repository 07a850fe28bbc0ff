/** Every object of a database, as the server defines it: by pg_dump, and by its catalogues, since pg_dump may be blind. */
import type { PostgresServer } from '../../servers/postgres.ts';
import type { TestServer } from '../../servers/server.ts';
import { majorOf } from '../case.ts';
import type { Fact } from '../fact.ts';
import type { CatalogueQuery } from './catalogue/query.ts';
import { codeQueries } from './catalogue/code.ts';
import { columnQueries } from './catalogue/columns.ts';
import { databaseQueries } from './catalogue/database.ts';
import { relationQueries } from './catalogue/relations.ts';
import { sequenceFacts } from './catalogue/sequences.ts';
import { tablePartQueries } from './catalogue/table-parts.ts';
import { typeQueries } from './catalogue/made-types.ts';
import { dumpFacts } from './dump.ts';

/** Of things whose catalogues mean the same on every version, and that no extension brings along. */
export const lastingQueries: readonly CatalogueQuery[] = [
  ...relationQueries,
  ...columnQueries,
  ...tablePartQueries,
];

export const queries: readonly CatalogueQuery[] = [
  ...lastingQueries,
  ...typeQueries,
  ...codeQueries,
  ...databaseQueries,
];

export async function definitionsOf(server: TestServer, database: string): Promise<Fact[]> {
  return [...(await dumpFacts(server, database)), ...(await catalogueFacts(server, database, queries))];
}

/** Names outside pg_catalog are told with their schema, times in UTC. */
const settings = `SET search_path = pg_catalog; SET timezone = 'UTC'; SET datestyle = 'ISO'; SET quote_all_identifiers = off`;

export async function catalogueFacts(
  server: TestServer,
  database: string,
  asked: readonly CatalogueQuery[],
): Promise<Fact[]> {
  const client = await (server as PostgresServer).connect(database);
  try {
    await client.query(settings);
    const { rows: encodings } = await client.query<{ server_encoding: string }>('SHOW server_encoding');
    // Bytes of no encoding cannot be converted.
    if (encodings[0]?.server_encoding === 'SQL_ASCII')
      await client.query(`SET client_encoding = 'SQL_ASCII'`);
    const facts: Fact[] = [];
    for (const query of asked) {
      const sql = query(majorOf(server));
      const { rows } = await client.query<Record<string, unknown>>(sql).catch((error: unknown) => {
        throw new Error(`${String(error)} in ${sql}`);
      });
      facts.push(...rows.map(factOf));
    }
    facts.push(...(await sequenceFacts(client)));
    return facts;
  } finally {
    await client.end();
  }
}

/** Columns `schema` and `subject` name it; every other one that is not NULL is a line of what is said. */
function factOf({ schema, subject, ...rest }: Record<string, unknown>): Fact {
  const lines = Object.entries(rest).filter(([, value]) => value !== null);
  return {
    schema: typeof schema === 'string' ? schema : '',
    subject: String(subject),
    says: lines
      .map(([name, value]) => `${name}: ${typeof value === 'string' ? value : JSON.stringify(value)}`)
      .join('\n'),
  };
}

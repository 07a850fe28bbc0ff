/** Random schemas for MySQL and MariaDB: what the suite of all engines needs to know of them. */
import { openServer } from '../../../conformance/mysql-fixture.ts';
import type { StartOptions, TestServer } from '../../../servers/server.ts';
import { compareMysql } from '../../mysql/comparer.ts';
import type { RandomSuite } from '../random-suite.ts';
import { database } from '../round-trip.ts';
import { keeper } from './programs.ts';
import { renderSchema } from './render.ts';
import { schemaArbitrary, type SchemaModel } from './schema.ts';
import { settingsOf } from './settings.ts';
import type { Server } from './column-type.ts';

export function randomMysql(
  title: string,
  start: (options: Pick<StartOptions, 'settings'>) => Promise<TestServer>,
  settings: Readonly<Record<string, string>> = {},
): RandomSuite<SchemaModel> {
  return {
    title,
    start: async () => {
      const server = await start({ settings });
      await server.run(keeper);
      return server;
    },
    open: openServer,
    compare: compareMysql,
    dropDatabase: `DROP DATABASE IF EXISTS ${database}`,
    render: renderSchema,
    arbitrary: async (server, tables) =>
      schemaArbitrary(await describeServer(server), tables, await settingsOf(server)),
  };
}

/** Which types and collations it has. */
async function describeServer(server: TestServer): Promise<Server> {
  const rows = await server.run(
    'SELECT CHARACTER_SET_NAME AS charset, FULL_COLLATION_NAME AS collation FROM information_schema.COLLATION_CHARACTER_SET_APPLICABILITY ORDER BY 1, 2'.replace(
      'FULL_COLLATION_NAME',
      server.family === 'mariadb' ? 'FULL_COLLATION_NAME' : 'COLLATION_NAME',
    ),
  );
  const collations = rows.map((row) => ({
    charset: String(row['charset']),
    collation: String(row['collation']),
  }));
  const [major = 0, minor = 0] = server.version.split('.').map(Number);
  return {
    family: server.family === 'mariadb' ? 'mariadb' : 'mysql',
    major,
    minor,
    collations: collations.filter(({ charset }) => charset !== 'binary'),
  };
}

/** Random schemas for PostgreSQL: what the suite of all engines needs to know of it. */
import { postgresFixture } from '../../../conformance/postgres-fixture.ts';
import type { ToolPaths } from '../../../../topology/agent-file.ts';
import type { PostgresServer } from '../../../servers/postgres.ts';
import type { StartOptions } from '../../../servers/server.ts';
import { majorOf } from '../../case.ts';
import { comparePostgres } from '../../postgres/comparer.ts';
import type { RandomSuite } from '../random-suite.ts';
import { database } from '../round-trip.ts';
import { renderSchema } from './render.ts';
import { schemaArbitrary, type SchemaModel } from './schema.ts';
import { settingsOf } from './settings.ts';

export function randomPostgres(
  title: string,
  start: (options: Pick<StartOptions, 'settings'>) => Promise<PostgresServer>,
  tools?: ToolPaths,
): RandomSuite<SchemaModel> {
  const fixture = postgresFixture(title, start, tools);
  return {
    title,
    start: () => start({ settings: { autovacuum: 'off' } }),
    open: (server, databases) => fixture.open(server, databases),
    compare: comparePostgres,
    dropDatabase: `DROP DATABASE IF EXISTS ${database}`,
    render: renderSchema,
    arbitrary: async (server, tables) => schemaArbitrary(majorOf(server), tables, await settingsOf(server)),
  };
}

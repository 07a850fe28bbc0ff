/** PostgreSQL for the engines' conformance suite. */
import pg from 'pg';
import { openPostgres } from '../../shard-agent/engines/postgres/index.ts';
import type { PostgresOptions, PostgresServer } from '../servers/postgres.ts';
import type { TestServer } from '../servers/server.ts';
import type { Engine } from '../../shard-agent/engine.ts';
import type { ToolPaths } from '../../topology/agent-file.ts';
import type { EngineFixture, SqlSession } from './engine-fixture.ts';
import { oddQuestions, oddSetup } from './postgres-oddities.ts';

export async function postgresSession(
  server: TestServer,
  database: string,
  as: { user?: string; password?: string } = {},
): Promise<SqlSession> {
  const client = new pg.Client({
    host: server.host,
    port: server.port,
    user: as.user ?? server.user,
    password: as.password ?? server.password,
    database,
    application_name: 'conformance',
    types: { getTypeParser: () => (text: unknown) => text },
  });
  client.on('error', () => undefined);
  await client.connect();
  let ended: Promise<void> | undefined;
  return {
    processId: String((client as unknown as { processID: number }).processID),
    async query(sql) {
      const result: unknown = await client.query({ text: sql, rowMode: 'array' });
      const last = (Array.isArray(result) ? result.at(-1) : result) as { rows: (string | null)[][] };
      return last.rows;
    },
    close() {
      ended ??= client.end();
      return ended;
    },
  };
}

/** `18` of `18.6`. */
export function majorOf(server: TestServer): number {
  return Number.parseInt(server.version, 10);
}

/** The only rows of databases that are not the server's own. */
const databasesQuery = `SELECT datname FROM pg_database WHERE datname NOT IN ('postgres', 'template0', 'template1') ORDER BY 1`;

/** The engine on a server: as its superuser, for all databases, with this machine's tools, unless told otherwise. */
export function openServer(
  server: Pick<TestServer, 'host' | 'port' | 'user' | 'password'>,
  own: {
    readonly user?: string;
    readonly password?: string;
    readonly databases?: readonly string[];
    readonly tools?: ToolPaths;
  } = {},
): Engine {
  const { host, port } = server;
  const { user = server.user, password = server.password, databases, tools = {} } = own;
  return openPostgres({
    database: { engine: 'postgres', host, port, user, password: { kind: 'none' }, databases },
    password,
    tools,
  });
}

/** What only PostgreSQL's own suites need beside. */
export interface PostgresFixture extends EngineFixture {
  readonly engine: 'postgres';
  start(options?: Pick<PostgresOptions, 'settings' | 'extensions'>): Promise<PostgresServer>;
}

/** `tools` are of at least the server's version; without, those of this machine. */
export function postgresFixture(
  name: string,
  start: PostgresFixture['start'],
  tools: ToolPaths = {},
): PostgresFixture {
  return {
    name,
    start,
    tools,
    family: 'postgresql',
    engine: 'postgres',
    async startServer() {
      const server = await start();
      // A role is no part of a backup: it must stand on the target.
      await server.run('CREATE ROLE "odd owner"');
      return server;
    },
    open: (server, databases) =>
      openServer(server, { tools, ...(databases === undefined ? {} : { databases }) }),
    session: (server, database) => postgresSession(server, database),
    createDatabase: async (server, name) => void (await server.run(`CREATE DATABASE ${name}`)),
    dropDatabase: async (server, name) => void (await server.run(`DROP DATABASE "${name}" WITH (FORCE)`)),
    listDatabases: async (server) => (await server.run(databasesQuery)).map((row) => String(row['datname'])),
    async countSessions(server) {
      const rows = await server.run(
        `SELECT count(*)::int AS n FROM pg_stat_activity WHERE backend_type = 'client backend' AND pid <> pg_backend_pid()`,
      );
      return Number(rows[0]?.['n']);
    },
    async beginInDoubt(session, change, name) {
      await session.query('BEGIN');
      await session.query(change);
      await session.query(`PREPARE TRANSACTION '${name}'`);
    },
    async endInDoubt(session, name) {
      await session.query(`ROLLBACK PREPARED '${name}'`);
    },
    oddities: { setup: oddSetup, questions: oddQuestions },
  };
}

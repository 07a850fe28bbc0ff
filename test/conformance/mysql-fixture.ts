/** MySQL and MariaDB for the suite every engine passes. */
import type mysql from 'mysql2/promise';
import { openMysql } from '../../shard-agent/engines/mysql/index.ts';
import type { MysqlServer } from '../servers/mysql-family.ts';
import type { TestServer } from '../servers/server.ts';
import type { ToolPaths } from '../../topology/agent-file.ts';
import type { EngineFixture, SqlSession } from './engine-fixture.ts';
import { mysqlOddities } from './mysql-oddities.ts';

const ownDatabases = ['mysql', 'information_schema', 'performance_schema', 'sys'];

export function openServer(
  server: Pick<TestServer, 'host' | 'port' | 'user' | 'password'>,
  databases?: readonly string[],
  tools: ToolPaths = {},
): ReturnType<typeof openMysql> {
  const { host, port, user, password } = server;
  return openMysql({
    database: { engine: 'mysql', host, port, user, password: { kind: 'none' }, databases },
    password,
    tools,
  });
}

export async function sqlSession(server: TestServer, database?: string): Promise<SqlSession> {
  const connection = await (server as MysqlServer).connect(database);
  let closed = false;
  return {
    processId: String(connection.threadId),
    query: (sql) => textRows(connection, sql),
    async close() {
      if (closed) return;
      closed = true;
      await connection.end().catch(() => connection.destroy());
    },
  };
}

async function textRows(connection: mysql.Connection, sql: string): Promise<(string | null)[][]> {
  const [result] = await connection.query({
    sql,
    rowsAsArray: true,
    typeCast: (field: { string(): string | null }) => field.string(),
  });
  if (!Array.isArray(result)) return [];
  const last = result.filter((entry) => Array.isArray(entry)).at(-1);
  // Of several statements the last with rows; of one its rows.
  return (Array.isArray((last as unknown[] | undefined)?.[0]) ? last : result) as (string | null)[][];
}

export function mysqlFixture(
  name: string,
  family: 'mysql' | 'mariadb',
  startServer: () => Promise<TestServer>,
  tools: ToolPaths = {},
): EngineFixture {
  const run = async (server: TestServer, sql: string): Promise<(string | null)[][]> => {
    const session = await sqlSession(server);
    try {
      return await session.query(sql);
    } finally {
      await session.close();
    }
  };
  return {
    name,
    family,
    engine: 'mysql',
    tools,
    startServer,
    open: (server, databases) => openServer(server, databases, tools),
    session: sqlSession,
    async createDatabase(server, database) {
      await run(server, `CREATE DATABASE \`${database}\``);
    },
    async dropDatabase(server, database) {
      await run(server, `DROP DATABASE \`${database}\``);
    },
    async listDatabases(server) {
      const rows = await run(server, 'SHOW DATABASES');
      return rows.flatMap(([database]) => (database && !ownDatabases.includes(database) ? [database] : []));
    },
    async countSessions(server) {
      const [row] = await run(
        server,
        "SELECT COUNT(*) FROM information_schema.PROCESSLIST WHERE USER NOT IN ('system user', 'event_scheduler') AND ID <> CONNECTION_ID()",
      );
      return Number(row?.[0]);
    },
    async lockWaits(server) {
      const [row] = await run(
        server,
        "SELECT COUNT(*) FROM information_schema.PROCESSLIST WHERE INFO LIKE '%LOCK TABLES%' AND STATE LIKE 'Waiting for table metadata lock%'",
      );
      return Number(row?.[0]) > 0;
    },
    ddlWaits: true,
    async beginInDoubt(session, change, xid) {
      await session.query(`XA START '${xid}'`);
      await session.query(change);
      await session.query(`XA END '${xid}'`);
      await session.query(`XA PREPARE '${xid}'`);
    },
    async endInDoubt(session, xid) {
      await session.query(`XA ROLLBACK '${xid}'`);
    },
    oddities: mysqlOddities(family),
  };
}

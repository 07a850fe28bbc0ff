/** A server that gives every session a limit of one millisecond for its statements: no statement of the engine runs under it. */
import { expect, test } from 'vitest';
import type { TestServer } from '../servers/server.ts';
import type { EngineFixture } from './engine-fixture.ts';
import { openServer, sqlSession } from './mysql-fixture.ts';
import { StatementProxy } from './statement-proxy.ts';

const limits = {
  mysql: { set: 'max_execution_time = 1', unset: 'max_execution_time = 0' },
  mariadb: { set: 'max_statement_time = 0.001', unset: 'max_statement_time = 0' },
};

export function testMysqlStatementLimit(fixture: EngineFixture, server: () => TestServer): void {
  const { set, unset } = limits[fixture.family === 'mysql' ? 'mysql' : 'mariadb'];

  test(`${fixture.name}: a session lifts the server's limit before it asks anything`, async () => {
    const control = await sqlSession(server());
    const proxy = await StatementProxy.start(server());
    const statements: string[] = [];
    proxy.decide = (sql) => {
      statements.push(sql);
      return 'pass';
    };
    await control.query(`SET GLOBAL ${set}`);
    try {
      const { user, password } = server();
      await openServer({ host: '127.0.0.1', port: proxy.port, user, password }).describe();
    } finally {
      await control.query(`SET GLOBAL ${unset}`);
      await control.close();
      await proxy.close();
    }
    expect(statements[0]).toContain(unset);
    expect(statements[0]).toMatch(/^SET /);
    const session = await sqlSession(server());
    await session.query(`SET SESSION ${set}`);
    await session.query(statements[0] ?? '');
    const [name = ''] = unset.split(' ');
    expect(Number((await session.query(`SELECT @@SESSION.${name}`))[0]?.[0])).toBe(0);
    await session.close();
  });
}

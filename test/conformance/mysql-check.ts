/** What `check` finds on MySQL and MariaDB: privileges one by one, roles of the server, tables that cannot be copied. */
import { createServer, connect, type Server } from 'node:net';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Finding } from '../../shard-agent/engine.ts';
import type { TestServer } from '../servers/server.ts';
import type { EngineFixture } from './engine-fixture.ts';
import { backupOrder } from './engine-conformance.ts';
import { openServer, sqlSession } from './mysql-fixture.ts';

const databasePrivileges = ['SELECT', 'LOCK TABLES', 'SHOW VIEW', 'TRIGGER', 'EVENT'];
/** What a person grants an account that is only to back up, each to be taken away in turn. */
const minimal: Record<'mysql' | 'mariadb', { server: string[]; other: string[] }> = {
  mysql: {
    server: ['PROCESS', 'BACKUP_ADMIN', 'REPLICATION CLIENT', 'XA_RECOVER_ADMIN', 'SHOW_ROUTINE'],
    other: ['SELECT ON performance_schema.*'],
  },
  mariadb: {
    server: ['PROCESS', 'RELOAD', 'BINLOG MONITOR', 'REPLICA MONITOR'],
    other: ['SELECT ON mysql.proc'],
  },
};

const stopping = (findings: readonly Finding[]): Finding[] => findings.filter((finding) => !finding.warning);

export function testMysqlCheck(fixture: EngineFixture, source: () => TestServer): void {
  const account = "'backup'@'127.0.0.1'";
  const { server: onServer, other } = minimal[fixture.family as 'mysql' | 'mariadb'];
  const grants = [
    ...onServer.map((name) => `${name} ON *.*`),
    ...databasePrivileges.map((name) => `${name} ON \`the\\_shop\`.*`),
    ...other,
  ];
  const asBackup = (databases: readonly string[] = ['the_shop']): ReturnType<typeof openServer> =>
    openServer({ host: '127.0.0.1', port: source().port, user: 'backup', password: 'b' }, databases);
  const run = async (...statements: string[]): Promise<void> => {
    for (const sql of statements) await source().run(sql);
  };

  describe(`${fixture.name}: privileges of the account`, () => {
    beforeAll(async () => {
      await run(
        'CREATE DATABASE the_shop',
        'CREATE TABLE the_shop.orders (id int PRIMARY KEY)',
        'INSERT INTO the_shop.orders VALUES (1)',
        'CREATE PROCEDURE the_shop.p() SELECT 1',
        'CREATE VIEW the_shop.v AS SELECT id FROM the_shop.orders',
        `CREATE USER ${account} IDENTIFIED BY 'b'`,
        ...grants.map((grant) => `GRANT ${grant} TO ${account}`),
      );
    });
    afterAll(async () => {
      await run('DROP DATABASE the_shop', `DROP USER ${account}`);
    });

    test('the account that has just what is needed can back up', async () => {
      expect(stopping(await asBackup().check())).toEqual([]);
      const session = await asBackup().prepareBackup(backupOrder);
      try {
        expect(await session.lock(500, new AbortController().signal)).toMatchObject({ outcome: 'locked' });
        await session.cut();
        const names: string[] = [];
        for await (const piece of session.schema()) {
          for await (const part of piece.body) names.push(part.toString());
        }
        expect(names.join('')).toMatch(/PROCEDURE `p`/);
      } finally {
        await session.close();
      }
    });

    for (const grant of grants) {
      test(`without ${grant} the check names the statement, and the statement mends it`, async () => {
        await run(`REVOKE ${grant} FROM ${account}`);
        const findings = stopping(await asBackup().check());
        const missing = findings.filter((finding) => finding.code === 'privilege-missing');
        expect(missing.length).toBeGreaterThan(0);
        await expect(asBackup().prepareBackup(backupOrder)).rejects.toMatchObject({
          code: 'privilege-missing',
        });
        for (const finding of missing) {
          expect(finding.remedy).toMatch(/^GRANT .* TO `backup`@`127\.0\.0\.1`;$/);
          await run(finding.remedy);
        }
        expect(stopping(await asBackup().check())).toEqual([]);
      });
    }

    test('privileges by a role count', async () => {
      const list = grants.map((grant) => `GRANT ${grant} TO keeper`);
      await run('CREATE ROLE keeper', ...list, "CREATE USER 'roled'@'127.0.0.1' IDENTIFIED BY 'r'");
      const set =
        fixture.family === 'mysql'
          ? "SET DEFAULT ROLE keeper TO 'roled'@'127.0.0.1'"
          : "SET DEFAULT ROLE keeper FOR 'roled'@'127.0.0.1'";
      await run("GRANT keeper TO 'roled'@'127.0.0.1'", set);
      const engine = openServer({ host: '127.0.0.1', port: source().port, user: 'roled', password: 'r' }, [
        'the_shop',
      ]);
      expect(stopping(await engine.check())).toEqual([]);
      await run("DROP USER 'roled'@'127.0.0.1'", 'DROP ROLE keeper');
    });

    test('a wrong password is said to be one', async () => {
      const engine = openServer({
        host: '127.0.0.1',
        port: source().port,
        user: 'backup',
        password: 'wrong',
      });
      await expect(engine.check()).rejects.toMatchObject({
        code: 'database-unreachable',
        reason: expect.stringMatching(/denied/i),
      });
    });
  });

  describe(`${fixture.name}: what is no shard`, () => {
    const expectRefused = async (cause: RegExp, engine = fixture.open(source())): Promise<void> => {
      expect(await engine.check()).toContainEqual(
        expect.objectContaining({
          code: 'shard-refused',
          cause: expect.stringMatching(cause),
          warning: false,
        }),
      );
      await expect(engine.prepareBackup(backupOrder)).rejects.toMatchObject({ code: 'shard-refused' });
    };

    test('a read-only server', async () => {
      await run('SET GLOBAL read_only = ON');
      await expectRefused(/read-only/);
      await run('SET GLOBAL read_only = OFF');
    });

    test('a configured replica, running or not', async () => {
      const mysql = fixture.family === 'mysql';
      await run(
        mysql
          ? "CHANGE REPLICATION SOURCE TO SOURCE_HOST = '127.0.0.9', SOURCE_USER = 'x', SOURCE_PASSWORD = 'y'"
          : "CHANGE MASTER TO MASTER_HOST = '127.0.0.9', MASTER_USER = 'x', MASTER_PASSWORD = 'y'",
      );
      await expectRefused(/replica of 127\.0\.0\.9/);
      await run(mysql ? 'RESET REPLICA ALL' : 'RESET SLAVE ALL');
      expect(stopping(await fixture.open(source()).check())).toEqual([]);
    });

    test('a connection through a pooler, which greets with a number of its own', async () => {
      const pooler = await startPooler(source().port);
      const { port } = pooler.address() as { port: number };
      const { user, password } = source();
      await expectRefused(/pooler/, openServer({ host: '127.0.0.1', port, user, password }));
      pooler.close();
    });
  });

  describe(`${fixture.name}: tables outside of snapshots`, () => {
    test('a table whose engine has no snapshot is refused, and the statement mends it', async () => {
      await run('CREATE DATABASE mixed', 'CREATE TABLE mixed.old (id int PRIMARY KEY) ENGINE = MyISAM');
      const engine = fixture.open(source(), ['mixed']);
      const [finding] = stopping(await engine.check());
      expect(finding).toMatchObject({ code: 'not-supported', subject: 'mixed.old' });
      await expect(engine.prepareBackup(backupOrder)).rejects.toMatchObject({ code: 'not-supported' });
      await run(finding?.remedy ?? '');
      expect(stopping(await engine.check())).toEqual([]);
      await run('DROP DATABASE mixed');
    });
  });

  test(`${fixture.name}: no session but a restore's lane may be asked for a local file`, async () => {
    const session = await sqlSession(source());
    await session.query('SET GLOBAL local_infile = ON');
    await session.close();
    const { openSession } = await import('../../shard-agent/engines/mysql/connection/connection.ts');
    const { port, user, password } = source();
    const { wire } = await openSession({ host: '127.0.0.1', port, user, password }, { name: 'test' });
    await expect(wire.run("LOAD DATA LOCAL INFILE '/etc/passwd' INTO TABLE mysql.user")).rejects.toThrow();
    await wire.close();
  });
}

/** Passes everything on, but gives the client another thread id in the greeting, as poolers do. */
async function startPooler(port: number): Promise<Server> {
  const server = createServer((client) => {
    const upstream = connect(port, '127.0.0.1');
    let greeted = false;
    upstream.on('data', (data) => {
      if (!greeted) {
        greeted = true;
        data.writeUInt32LE(4_000_000, data.indexOf(0, 5) + 1);
      }
      client.write(data);
    });
    client.on('data', (data) => upstream.write(data));
    for (const socket of [client, upstream]) {
      socket.on('error', () => undefined);
      socket.on('close', () => {
        client.destroy();
        upstream.destroy();
      });
    }
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return server;
}

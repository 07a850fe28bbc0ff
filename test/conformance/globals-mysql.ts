/** Accounts of a MySQL or MariaDB server, stored and made again on another; SHOW CREATE USER and SHOW GRANTS say whether they are the same. */
import { inspect } from 'node:util';
import mysql from 'mysql2/promise';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { Engine } from '../../shard-agent/engine.ts';
import type { MysqlServer } from '../servers/mysql-family.ts';
import { loadChunks, prepareRestore, restoreShard, takeShard, type MemoryShard } from './memory-shard.ts';
import { openServer } from './mysql-fixture.ts';

export interface MysqlGlobalsFixture {
  readonly name: string;
  readonly family: 'mysql' | 'mariadb';
  start(): Promise<MysqlServer>;
}

const odd = '`o\'dd``"x`@`10.%`';

const commonSetup = [
  'CREATE DATABASE shop',
  'CREATE TABLE shop.t (id int PRIMARY KEY, `a"b` int)',
  'INSERT INTO shop.t VALUES (1, 2)',
  'CREATE PROCEDURE shop.p() SELECT 1',
  'CREATE FUNCTION shop.f() RETURNS int DETERMINISTIC RETURN 1',
  `CREATE USER ${odd} IDENTIFIED BY 'pw' REQUIRE SUBJECT '/CN=x''y' AND ISSUER '/O=\\\\back' AND CIPHER 'abc' WITH MAX_QUERIES_PER_HOUR 5 MAX_CONNECTIONS_PER_HOUR 7 MAX_USER_CONNECTIONS 2 PASSWORD EXPIRE INTERVAL 30 DAY ACCOUNT LOCK`,
  `CREATE USER anna@'%' IDENTIFIED BY 'a''n;\\\\na'`,
  `CREATE USER expired@'%' IDENTIFIED BY 'pw' PASSWORD EXPIRE`,
  `CREATE USER keeps@'%' IDENTIFIED BY 'pw' REQUIRE SSL PASSWORD EXPIRE NEVER`,
  `CREATE USER open@'%'`,
  `CREATE USER größe@'127.0.0.1' IDENTIFIED BY 'ß'`,
  `CREATE USER 'Own'@'%' IDENTIFIED BY 'o' WITH MAX_CONNECTIONS_PER_HOUR 70`,
  'CREATE ROLE r1, `r 2`',
  'GRANT r1 TO anna WITH ADMIN OPTION',
  'GRANT `r 2` TO r1',
  `GRANT \`r 2\` TO ${odd}`,
  'GRANT SELECT (id), INSERT (id, `a"b`), UPDATE ON shop.t TO anna WITH GRANT OPTION',
  'GRANT EXECUTE ON PROCEDURE shop.p TO anna',
  'GRANT EXECUTE, ALTER ROUTINE ON FUNCTION shop.f TO r1',
  'GRANT SELECT, SHOW VIEW ON `sh\\_op`.* TO anna WITH GRANT OPTION',
  'GRANT SELECT, INSERT ON shop.* TO `r 2`',
  'GRANT RELOAD, PROCESS ON *.* TO anna WITH GRANT OPTION',
  'GRANT USAGE ON *.* TO keeps WITH GRANT OPTION',
  'GRANT PROXY ON open TO anna WITH GRANT OPTION',
  "CREATE DEFINER = 'Own'@'%' VIEW shop.v AS SELECT id FROM shop.t",
  "GRANT SELECT ON shop.t TO 'Own'",
  'GRANT SELECT ON shop.v TO größe@127.0.0.1',
];

const setups = {
  mariadb: [
    'SET DEFAULT ROLE r1 FOR anna',
    'CREATE ROLE hers WITH ADMIN anna',
    `CREATE USER socket@localhost IDENTIFIED VIA unix_socket OR mysql_native_password USING PASSWORD('x')`,
    'ALTER USER expired PASSWORD EXPIRE INTERVAL 20 DAY',
    "CREATE USER slow@'%' IDENTIFIED BY 'x' WITH MAX_STATEMENT_TIME 3.5",
    'GRANT SHOW DATABASES ON *.* TO PUBLIC',
    'GRANT SELECT ON shop.t TO PUBLIC',
  ],
  mysql: [
    'SET DEFAULT ROLE r1 TO anna',
    `CREATE USER full@'%' IDENTIFIED BY 'pw' FAILED_LOGIN_ATTEMPTS 3 PASSWORD_LOCK_TIME UNBOUNDED PASSWORD HISTORY 5 PASSWORD REUSE INTERVAL 3 DAY PASSWORD REQUIRE CURRENT OPTIONAL COMMENT 'it''s "so" \\\\ back'`,
    `CREATE USER older@'%' IDENTIFIED WITH sha256_password BY 'x' ATTRIBUTE '{"a": ["b", "c\\\\"d"]}'`,
    'GRANT SELECT, BACKUP_ADMIN, ROLE_ADMIN ON *.* TO full',
    'REVOKE SELECT ON mysql.* FROM full',
    'GRANT XA_RECOVER_ADMIN ON *.* TO full WITH GRANT OPTION',
  ],
} as const;

export function testMysqlGlobals(fixture: MysqlGlobalsFixture): void {
  let source: MysqlServer;
  let target: MysqlServer;

  const lines = async (connection: mysql.Connection, sql: string): Promise<string[]> => {
    try {
      const [rows] = await connection.query({ sql, rowsAsArray: true });
      return (rows as unknown as string[][]).map((row) => String(row[0]));
    } catch (error) {
      return [(error as Error).message];
    }
  };

  /** All that the server says of its accounts; of the test's own without their passwords. */
  const accounts = async (server: MysqlServer): Promise<Record<string, string[]>> => {
    const connection = await server.connect();
    try {
      await connection.query("SET SESSION sql_mode = ''");
      if (fixture.family === 'mysql') await connection.query('SET print_identified_with_as_hex = ON');
      const said: Record<string, string[]> = {};
      const [rows] = await connection.query('SELECT User AS u, Host AS h FROM mysql.user ORDER BY 1, 2');
      for (const { u, h } of rows as unknown as { u: string; h: string }[]) {
        const user = `\`${u.replaceAll('`', '``')}\``;
        const role = fixture.family === 'mariadb' && h === '';
        const account = role ? user : `${user}@\`${h}\``;
        const create = role ? [] : await lines(connection, `SHOW CREATE USER ${account}`);
        const grants = await lines(connection, `SHOW GRANTS FOR ${account}`);
        const text = [...create, ...grants.sort()];
        said[account] = u === 'root' ? text.map((line) => line.replaceAll(/(AS 0x\w+|'\*\w+')/g, '')) : text;
      }
      if (fixture.family === 'mariadb') {
        said['administrators'] = await lines(
          connection,
          "SELECT CONCAT_WS(' ', User, Host, Role, Admin_option) FROM mysql.roles_mapping ORDER BY 1",
        );
      }
      return said;
    } finally {
      await connection.end();
    }
  };

  const login = async (user: string, password: string): Promise<string> => {
    const connection = await mysql.createConnection({ host: target.host, port: target.port, user, password });
    try {
      const [rows] = await connection.query('SELECT CURRENT_USER() AS u');
      return (rows as unknown as { u: string }[])[0]?.u ?? '';
    } finally {
      await connection.end();
    }
  };

  const open = (server: MysqlServer): Engine => openServer(server);
  /** Only root@localhost may give this away on MySQL. */
  const letProxy = async (server: MysqlServer): Promise<void> => {
    if (fixture.family === 'mariadb') return;
    const connection = await mysql.createConnection({
      socketPath: server.socket,
      user: 'root',
      password: server.password,
    });
    try {
      await connection.query("GRANT PROXY ON ''@'' TO 'root'@'127.0.0.1' WITH GRANT OPTION");
    } finally {
      await connection.end();
    }
  };
  const start = async (): Promise<MysqlServer> => {
    const server = await fixture.start();
    await letProxy(server);
    return server;
  };
  const stopping = async (engine: Engine, set: MemoryShard): Promise<unknown[]> =>
    (await engine.fit(set.stored, true)).filter(({ warning }) => !warning);

  describe(`${fixture.name}: globals`, () => {
    beforeAll(async () => {
      source = await start();
      const connection = await source.connect();
      try {
        await connection.query("SET SESSION sql_mode = ''");
        for (const sql of [...commonSetup, ...setups[fixture.family]]) await connection.query(sql);
      } finally {
        await connection.end();
      }
    });
    afterAll(() => source?.stop());
    beforeEach(async () => {
      target = await start();
    });
    afterEach(() => target?.stop());

    /** The source's, but for a role of MariaDB that root, which stands, administers beside an account that is made. */
    const expected = async (): Promise<Record<string, string[]>> => {
      const all = await accounts(source);
      if (fixture.family === 'mysql') return all;
      const withheld = ['root 127.0.0.1 r1 Y', 'GRANT `r1` TO `root`@`127.0.0.1` WITH ADMIN OPTION'];
      return Object.fromEntries(
        Object.entries(all).map(([key, said]) => [key, said.filter((line) => !withheld.includes(line))]),
      );
    };

    test('every account comes back on a blank server, and logs in with its old password', async () => {
      const set = await takeShard(open(source), { globals: 'with-passwords' });
      expect(set.stored.shard.globals).toBe('with-passwords');
      const engine = open(target);
      const before = await accounts(target);
      const found = await engine.fit(set.stored, true);
      expect(found.filter(({ warning }) => !warning)).toEqual([]);
      expect(found.map(({ subject }) => subject).join()).toContain('`root`@`127.0.0.1`');
      expect(found.map(({ subject }) => subject)).not.toContain('Own@%');
      expect(await accounts(target)).toEqual(before);
      await restoreShard(engine, set, 'all1', { globals: true });
      expect(await accounts(target)).toEqual(await expected());
      expect(await engine.staged()).toEqual([]);
      expect(await login('anna', `a'n;\\na`)).toBe('anna@%');
      await expect(login('anna', 'not hers')).rejects.toThrow(/Access denied/);
      await expect(login('größe', '')).rejects.toThrow(/Access denied/);
    });

    test('without passwords every account is locked, and unlocked nobody gets in', async () => {
      const set = await takeShard(open(source), { globals: 'without-passwords' });
      const line = set.stored.schema.find(({ database }) => database === '');
      let text = '';
      if (line !== undefined) for await (const part of set.stored.openSchema(line)) text += part.toString();
      const hashes = JSON.stringify(await accounts(source)).match(/0x\w{20,}|\*[0-9A-F]{40}/g) ?? [];
      expect(hashes.length).toBeGreaterThan(3);
      for (const hash of hashes) expect(text).not.toContain(hash);
      await restoreShard(open(target), set, 'none1', { globals: true });
      const [grants, wanted] = await Promise.all([accounts(target), expected()]);
      const plain = (said: Record<string, string[]>): unknown =>
        Object.entries(said).map(([account, all]) => [
          account,
          all
            .filter((one) => /^(GRANT|REVOKE|SET)/.test(one))
            .map((one) =>
              one.replace(/ IDENTIFIED .*?(?= REQUIRE| WITH GRANT|$)/, '').replace(/ WITH MAX.*/, ''),
            ),
        ]);
      expect(plain(grants)).toEqual(plain(wanted));
      for (const user of ['anna', 'open', 'keeps']) {
        expect(grants[`\`${user}\`@\`%\``]?.[0]).toContain('ACCOUNT LOCK');
        await target.run(`ALTER USER ${user}@'%' REQUIRE NONE ACCOUNT UNLOCK`);
        await expect(login(user, '')).rejects.toThrow(/Access denied/);
      }
      await target.run(`ALTER USER anna@'%' IDENTIFIED BY 'new'`);
      expect(await login('anna', 'new')).toBe('anna@%');
    });

    test('accounts that stand stay as they are, what it would give them is named', async () => {
      await target.run(`CREATE USER anna@'%' IDENTIFIED BY 'hers'`);
      await target.run(`CREATE ROLE \`r 2\``);
      const before = await accounts(target);
      const set = await takeShard(open(source), { globals: 'with-passwords' });
      const found = await open(target).fit(set.stored, true);
      expect(found.filter(({ warning }) => !warning)).toEqual([]);
      expect(found.map(({ subject }) => subject).join()).toContain('`anna`@`%`');
      expect(found.map(({ cause }) => cause).join('\n')).toMatch(
        /GRANT `r1`(@`%`)? TO `anna`@`%` WITH ADMIN/,
      );
      await restoreShard(open(target), set, 'stand1', { globals: true });
      const now = await accounts(target);
      for (const account of ['`anna`@`%`', '`root`@`localhost`'])
        expect(now[account]).toEqual(before[account]);
      expect(await login('anna', 'hers')).toBe('anna@%');
      expect(await login('größe', 'ß')).toBe('größe@127.0.0.1');
    });

    test.each(['staged', 'loaded', 'switched'] as const)(
      'an undo after it was %s leaves the accounts as they were, also by another process',
      async (state) => {
        await target.run(`CREATE USER theirs@'%' IDENTIFIED BY 'x'`);
        const before = await accounts(target);
        const set = await takeShard(open(source), { globals: 'with-passwords' });
        const session = await prepareRestore(open(target), set, 'undone1', { globals: true });
        await session.stage();
        expect(Object.keys(await accounts(target))).toContain('`anna`@`%`');
        await expect(login('anna', `a'n;\\na`)).rejects.toThrow(/locked|Access denied/);
        if (state !== 'staged') {
          await loadChunks(await session.writeLanes(), set);
          await session.finishLoad();
        }
        if (state === 'switched') await session.switch();
        // As if the process had died: what is left is on the server.
        await session.close();
        const [left] = await open(target).staged();
        expect(left).toMatchObject({ restore: 'undone1', cluster: 'conformance' });
        const again = await left?.reopen();
        await again?.discard();
        await again?.discard();
        await again?.close();
        expect(await accounts(target)).toEqual(before);
        expect(await open(target).staged()).toEqual([]);
      },
    );

    test('an undo while accounts are being made drops those that are, and none of somebody else', async () => {
      const set = await takeShard(open(source), { globals: 'with-passwords' });
      const session = await prepareRestore(open(target), set, 'half1', { globals: true });
      await session.stage();
      await session.close();
      // As if it had died before this one, and somebody else had made it meanwhile.
      await target.run(`DROP USER anna@'%'`);
      await target.run(`CREATE USER anna@'%' IDENTIFIED BY 'hers'`);
      const [left] = await open(target).staged();
      const again = await left?.reopen();
      await again?.discard();
      await again?.close();
      expect(await login('anna', 'hers')).toBe('anna@%');
      expect(Object.keys(await accounts(target))).not.toContain('`größe`@`127.0.0.1`');
    });

    test('a finish goes its way when an account was dropped or given away meanwhile', async () => {
      const set = await takeShard(open(source), { globals: 'with-passwords' });
      const session = await prepareRestore(open(target), set, 'gone1', { globals: true });
      await session.stage();
      await loadChunks(await session.writeLanes(), set);
      await session.finishLoad();
      await target.run(`DROP USER 'Own'@'%'`);
      await session.switch();
      await session.open();
      await target.run(`DROP USER keeps@'%'`);
      await target.run(`DROP USER anna@'%'`);
      await target.run(`CREATE USER anna@'%' IDENTIFIED BY 'hers' ACCOUNT LOCK`);
      await session.finish();
      await session.close();
      expect(await open(target).staged()).toEqual([]);
      await expect(login('anna', 'hers')).rejects.toThrow(/locked/);
      // Nor is an account without a password made by what it was to be granted.
      expect(Object.keys(await accounts(target))).not.toContain('`Own`@`%`');
      expect(await login('größe', 'ß')).toBe('größe@127.0.0.1');
    });

    test('what a restorer may not do, and how accounts log in, is found before anything is made', async () => {
      const set = await takeShard(open(source), { globals: 'with-passwords' });
      await target.run(`CREATE USER restorer@'%' IDENTIFIED BY 'r'`);
      await target.run(`GRANT SELECT, INSERT, CREATE, ALTER, DROP ON *.* TO restorer@'%'`);
      const engine = openServer({ ...target, user: 'restorer', password: 'r' });
      const found = await engine.fit(set.stored, true);
      for (const subject of ['CREATE USER', 'GRANT OPTION'])
        expect(found).toContainEqual(
          expect.objectContaining({ code: 'privilege-missing', subject, warning: false }),
        );
      const strange: MemoryShard = {
        ...set,
        stored: {
          ...set.stored,
          async *openSchema(line) {
            const parts: Buffer[] = [];
            for await (const part of set.stored.openSchema(line)) parts.push(part);
            const text = Buffer.concat(parts).toString('latin1');
            const word = fixture.family === 'mysql' ? "WITH 'odd_plugin'" : 'VIA odd_plugin';
            yield Buffer.from(
              text.replace(/IDENTIFIED (?:WITH '\w+' AS 0x\w+|BY PASSWORD '[^']*')/, `IDENTIFIED ${word}`),
              'latin1',
            );
          },
        },
      };
      expect(await stopping(open(target), strange)).toContainEqual(
        expect.objectContaining({ cause: expect.stringContaining('odd_plugin') as string }),
      );
    });

    test('a statement that the target cannot read is not shown: a password is in it', async () => {
      const set = await takeShard(open(source), { globals: 'with-passwords' });
      const unreadable: MemoryShard = {
        ...set,
        stored: {
          ...set.stored,
          async *openSchema(line) {
            const parts: Buffer[] = [];
            for await (const part of set.stored.openSchema(line)) parts.push(part);
            const text = Buffer.concat(parts).toString('latin1');
            yield Buffer.from(
              text.replace(/IDENTIFIED (?=WITH '\w+' AS 0x|BY PASSWORD)/, 'ODDLY $&'),
              'latin1',
            );
          },
        },
      };
      const session = await prepareRestore(open(target), unreadable, 'odd1', { globals: true });
      try {
        const failed: unknown = await session.stage().catch((error: unknown) => error);
        expect(failed).toMatchObject({ code: 'database-failed' });
        expect(inspect(failed, { depth: 9 })).not.toMatch(/0x\w{6}|\*\w{6}/);
        await session.discard();
      } finally {
        await session.close();
      }
    });

    test('reading accounts takes SELECT on mysql: without, check and backup say so', async () => {
      await target.run('CREATE DATABASE bank');
      await target.run(`CREATE USER keeper@'%' IDENTIFIED BY 'k'`);
      const own =
        fixture.family === 'mariadb'
          ? 'BINLOG MONITOR, REPLICA MONITOR'
          : 'BACKUP_ADMIN, XA_RECOVER_ADMIN, REPLICATION CLIENT';
      await target.run(`GRANT RELOAD, PROCESS, ${own} ON *.* TO keeper@'%'`);
      await target.run(`GRANT SELECT, LOCK TABLES, SHOW VIEW, TRIGGER, EVENT ON bank.* TO keeper@'%'`);
      const engine = openServer({ ...target, user: 'keeper', password: 'k' }, ['bank']);
      const wanted = expect.objectContaining({
        code: 'privilege-missing',
        remedy: expect.stringContaining('GRANT SELECT ON `mysql`.* TO') as string,
        warning: false,
      });
      expect(await engine.check({ globals: 'with-passwords' })).toContainEqual(wanted);
      expect(await engine.check()).not.toContainEqual(wanted);
    });

    test('a grant on what the target will not have is named, one that the backup cannot judge too', async () => {
      const server = await start();
      try {
        await server.run('CREATE DATABASE bank');
        await server.run('CREATE TABLE bank.t (id int PRIMARY KEY)');
        await server.run('CREATE DATABASE beside');
        await server.run('CREATE TABLE beside.t (id int PRIMARY KEY)');
        await server.run(`CREATE USER anna@'%' IDENTIFIED BY 'x'`);
        await server.run(`GRANT SELECT ON bank.t TO anna@'%'`);
        await server.run(`GRANT SELECT ON beside.t TO anna@'%'`);
        const set = await takeShard(openServer(server, ['bank']), { globals: 'with-passwords' });
        const causes = async (): Promise<string[]> =>
          (await open(target).fit(set.stored, true)).map(({ cause }) => cause);
        const told = expect.stringMatching(/not here.*GRANT SELECT ON `beside`.`t`/) as string;
        expect(await causes()).toContainEqual(told);
        expect((await causes()).join()).not.toContain('`bank`');
        await target.run('CREATE DATABASE beside');
        await target.run('CREATE TABLE beside.t (id int PRIMARY KEY)');
        expect(await causes()).not.toContainEqual(told);

        await server.run(`CREATE USER keeper@'%' IDENTIFIED BY 'k'`);
        await server.run(`GRANT SELECT ON mysql.* TO keeper@'%'`);
        await server.run(`GRANT SELECT ON bank.* TO keeper@'%'`);
        const engine = openServer({ ...server, user: 'keeper', password: 'k' }, ['bank']);
        expect(await engine.check({ globals: 'without-passwords' })).toContainEqual(
          expect.objectContaining({
            warning: true,
            cause: expect.stringMatching(/GRANT SELECT ON `beside`.`t`.* this account may see/) as string,
            remedy: expect.stringContaining('GRANT SELECT ON `beside`.* TO') as string,
          }),
        );
      } finally {
        await server.stop();
      }
    });

    test('a grant that outlived its object is named, and left out', async () => {
      await target.run('CREATE DATABASE bank');
      await target.run('CREATE TABLE bank.t (id int PRIMARY KEY)');
      await target.run(`CREATE USER anna@'%' IDENTIFIED BY 'x'`);
      await target.run(`GRANT SELECT ON bank.t TO anna@'%'`);
      await target.run('DROP TABLE bank.t');
      await target.run('CREATE TABLE bank.u (id int PRIMARY KEY)');
      expect(await open(target).check({ globals: 'without-passwords' })).toContainEqual(
        expect.objectContaining({
          warning: true,
          cause: expect.stringContaining('GRANT SELECT ON `bank`.`t`') as string,
        }),
      );
      const set = await takeShard(open(target), { globals: 'with-passwords' });
      const other = await start();
      try {
        await restoreShard(open(other), set, 'stale1', { globals: true });
      } finally {
        await other.stop();
      }
    });
  });
}

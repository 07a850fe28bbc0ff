/** Roles of a PostgreSQL server, stored and made again on another; pg_dumpall of both says whether they are the same. */
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { SchemaLine } from '../../repository/manifest-entries.ts';
import type { Engine, Finding } from '../../shard-agent/engine.ts';
import type { ToolPaths } from '../../topology/agent-file.ts';
import type { PostgresServer } from '../servers/postgres.ts';
import { loadChunks, prepareRestore, restoreShard, takeShard } from './memory-shard.ts';
import { openServer, postgresSession } from './postgres-fixture.ts';

const execute = promisify(execFile);

export interface PostgresGlobalsFixture {
  start(): Promise<PostgresServer>;
  /** The agent's, and ours for comparing. Undefined: this machine's. */
  tools(): Promise<ToolPaths>;
}

const rolesSetup = (major: number): string[] => [
  'CREATE ROLE "Own er""x" CREATEDB CONNECTION LIMIT 3',
  `CREATE ROLE alice LOGIN PASSWORD E'a''b\\\\c;$$' SUPERUSER VALID UNTIL '2100-01-01'`,
  `CREATE ROLE bob LOGIN PASSWORD 'bob' REPLICATION NOINHERIT`,
  `CREATE ROLE nobody_in LOGIN`,
  `CREATE ROLE "größe;--" BYPASSRLS CREATEROLE`,
  `CREATE ROLE grp`,
  `COMMENT ON ROLE grp IS E'it''s; a \\\\ $$ "comment"\\n/* of */ -- lines'`,
  `ALTER ROLE alice SET search_path = 'a b', public, '$user'`,
  `ALTER ROLE bob SET "my.setting" = 'x;y'`,
  `ALTER ROLE bob SET standard_conforming_strings = off`,
  'GRANT grp TO alice WITH ADMIN OPTION',
  'GRANT grp TO "Own er""x" GRANTED BY alice',
  'GRANT "Own er""x" TO bob',
  'GRANT pg_read_all_data TO grp',
  ...(major >= 16 ? ['GRANT "größe;--" TO bob WITH INHERIT TRUE, SET FALSE'] : []),
  ...(major >= 15
    ? [
        'GRANT SET ON PARAMETER work_mem TO grp WITH GRANT OPTION',
        'SET ROLE grp; GRANT SET ON PARAMETER work_mem TO "Own er""x"; RESET ROLE',
        'GRANT SET, ALTER SYSTEM ON PARAMETER my.setting TO bob',
      ]
    : []),
];

const databaseSetup = [
  'CREATE TABLE t (id int PRIMARY KEY)',
  'INSERT INTO t VALUES (1), (2)',
  'ALTER TABLE t OWNER TO "Own er""x"',
  'GRANT SELECT ON t TO bob WITH GRANT OPTION',
  `ALTER ROLE alice IN DATABASE shop SET work_mem = '7MB'`,
  'ALTER DATABASE shop OWNER TO "größe;--"',
];

export function testPostgresGlobals(fixture: PostgresGlobalsFixture): void {
  let source: PostgresServer;
  let target: PostgresServer;
  let tools: ToolPaths;

  const open = (server: PostgresServer, user = server.user, password = server.password): Engine =>
    openServer(server, { user, password, tools });

  /** What the server's own tool says of its roles, but the passwords of its first superuser, which are of the test's making. */
  const dump = async (server: PostgresServer, ...flags: string[]): Promise<string[]> => {
    const { stdout } = await execute(
      tools.pgDumpall ?? 'pg_dumpall',
      ['--globals-only', ...flags, '-h', server.host, '-p', String(server.port), '-U', server.user],
      { env: { ...process.env, PGPASSWORD: server.password } },
    );
    return stdout
      .split('\n')
      .filter((line) => !/^(--.*)?$|^\\(un)?restrict /.test(line))
      .map((line) => line.replace(/^(ALTER ROLE postgres .*) PASSWORD '[^']*'/, '$1'));
  };
  const login = async (server: PostgresServer, user: string, password: string): Promise<string> => {
    const session = await postgresSession(server, 'postgres', { user, password });
    try {
      return String((await session.query('SELECT current_user'))[0]?.[0]);
    } finally {
      await session.close();
    }
  };

  describe('PostgreSQL: globals', () => {
    beforeAll(async () => {
      tools = await fixture.tools();
      source = await fixture.start();
      const major = Number.parseInt(source.version, 10);
      for (const sql of rolesSetup(major)) await source.run(sql);
      await source.run('CREATE DATABASE shop');
      for (const sql of databaseSetup) await source.run(sql, 'shop');
    });
    afterAll(() => source?.stop());
    beforeEach(async () => {
      target = await fixture.start();
    });
    afterEach(() => target?.stop());

    test('a text that was rewritten leaves no statement, and no transaction that it is tried in', async () => {
      const set = await takeShard(open(source), { globals: 'without-passwords' });
      const hostile = [
        // Read as one string where backslashes escape, and as three statements where they do not.
        "SET standard_conforming_strings = off; CREATE ROLE x; COMMENT ON ROLE x IS 'a\\'; COMMIT; CREATE ROLE marker; --';",
        `CREATE ROLE "x"; COMMENT ON ROLE "x" IS 'a\\'; COMMIT; CREATE ROLE marker; --'`,
      ].map((text) => text.replace(/ROLE x\b/g, 'ROLE "x"'));
      for (const text of hostile) {
        const stored = {
          ...set.stored,
          openSchema: (line: SchemaLine) =>
            line.database === '' ? one(Buffer.from(text)) : set.stored.openSchema(line),
        };
        const outcome = await open(target)
          .fit(stored, true)
          .catch((error: unknown) => error);
        expect(outcome).toBeDefined();
        expect(await target.run("SELECT 1 FROM pg_roles WHERE rolname IN ('marker', 'x')")).toEqual([]);
      }
    });

    test('every role comes back on a blank server, and logs in with its old password', async () => {
      const set = await takeShard(open(source), { globals: 'with-passwords' });
      expect(set.stored.shard.globals).toBe('with-passwords');
      const engine = open(target);
      const missing = (await engine.fit(set.stored)).filter(({ warning }) => !warning);
      expect(missing.map(({ cause }) => cause)).toContain('role Own er"x does not exist');
      const before = await dump(target);
      await target.run(`ALTER SYSTEM SET log_statement = 'ddl'`);
      await target.run('SELECT pg_reload_conf()');
      const found = await engine.fit(set.stored, true);
      await target.run(`COMMENT ON DATABASE postgres IS 'the log is kept'`);
      expect(target.log()).toContain('the log is kept');
      expect(target.log(200), 'passwords in the log').not.toContain('SCRAM-SHA-256$');
      expect(found.filter(({ warning }) => !warning)).toEqual([]);
      expect(found.map(({ subject }) => subject)).toEqual([expect.stringMatching(/: roles postgres$/)]);
      expect(await dump(target)).toEqual(before);
      await restoreShard(engine, set, 'all1', { globals: true });
      expect(await dump(target)).toEqual(await dump(source));
      expect(await engine.staged()).toEqual([]);
      expect(await login(target, 'alice', `a'b\\c;$$`)).toBe('alice');
      await expect(login(target, 'bob', 'not bob')).rejects.toThrow(/password/);
      await expect(login(target, 'nobody_in', '')).rejects.toThrow(/password/);
      const settings = `SELECT r.rolname, s.setconfig::text FROM pg_db_role_setting s JOIN pg_roles r ON r.oid = s.setrole
        JOIN pg_database d ON d.oid = s.setdatabase`;
      expect(await target.run(settings)).toEqual(await source.run(settings));
      const owners = `SELECT pg_get_userbyid(relowner) AS o, relacl::text FROM pg_class WHERE relname = 't'`;
      expect(await target.run(owners, 'shop')).toEqual(await source.run(owners, 'shop'));
    });

    test('without passwords nobody gets in by one', async () => {
      const set = await takeShard(open(source), { globals: 'without-passwords' });
      const [line] = set.stored.schema.filter(({ database }) => database === '');
      expect(line?.name).toBe('globals');
      let text = '';
      if (line !== undefined) for await (const part of set.stored.openSchema(line)) text += part.toString();
      expect(text).toContain('CREATE ROLE "alice"');
      expect(text).not.toMatch(/SCRAM|PASSWORD/);
      await restoreShard(open(target), set, 'none1', { globals: true });
      expect(await dump(target)).toEqual(await dump(source, '--no-role-passwords'));
      await expect(login(target, 'bob', 'bob')).rejects.toThrow(/password/);
    });

    test('roles that stand stay as they are, what it would give them is named', async () => {
      await target.run(`CREATE ROLE alice LOGIN PASSWORD 'hers' CONNECTION LIMIT 1`);
      await target.run('CREATE ROLE grp CREATEDB');
      const hers = (await dump(target)).filter((line) => /alice|grp/.test(line));
      const set = await takeShard(open(source), { globals: 'with-passwords' });
      const found = await open(target).fit(set.stored, true);
      expect(found.filter(({ warning }) => !warning)).toEqual([]);
      expect(found.map(({ subject }) => subject).join()).toContain('roles alice, grp, postgres');
      await restoreShard(open(target), set, 'stand1', { globals: true });
      const now = await dump(target);
      expect(now.filter((line) => /alice|grp/.test(line) && !line.startsWith('GRANT'))).toEqual(hers);
      expect(now).toEqual(expect.arrayContaining(['CREATE ROLE bob;']));
      expect(await login(target, 'alice', 'hers')).toBe('alice');
      expect(await login(target, 'bob', 'bob')).toBe('bob');
    });

    test('settings of all roles are named without globals, stored with them, and given to nobody in silence', async () => {
      await source.run(
        `ALTER ROLE ALL SET statement_timeout = '33s'; ALTER ROLE ALL SET search_path = a, "b c"`,
      );
      try {
        const words = [
          `ALTER ROLE ALL SET "search_path" TO 'a', 'b c'`,
          `ALTER ROLE ALL SET "statement_timeout" TO '33s'`,
        ];
        const named = async (findings: Promise<Finding[]>): Promise<string[]> =>
          (await findings)
            .filter(({ subject, warning }) => warning && subject.endsWith('a setting of all roles'))
            .map(({ cause }) => cause.replace(/^.*?: /, ''));
        expect(await named(open(source).check())).toEqual(words);
        expect(await named(open(source).check({ globals: 'without-passwords' }))).toEqual([]);
        const set = await takeShard(open(source), { globals: 'without-passwords' });
        await target.run(words[1] ?? '');
        expect(await named(open(target).fit(set.stored, true))).toEqual([words[0]]);
        await restoreShard(open(target), set, 'all2', { globals: true });
        const settings = `SELECT setconfig FROM pg_db_role_setting WHERE setrole = 0 AND setdatabase = 0`;
        expect(await target.run(settings)).toEqual([{ setconfig: ['statement_timeout=33s'] }]);
      } finally {
        await source.run('ALTER ROLE ALL RESET ALL');
      }
    });

    test('a membership of a role that is gone is refused with the globals, which could not be read again', async () => {
      await source.run('CREATE ROLE lost; CREATE ROLE keeps; GRANT lost TO keeps');
      await source.run(`DELETE FROM pg_authid WHERE rolname = 'lost'`);
      try {
        const found = (await open(source).check({ globals: 'without-passwords' })).filter(
          ({ warning }) => !warning,
        );
        expect(found).toMatchObject([
          { code: 'not-supported', subject: expect.stringMatching(/a membership \(role \d+\)$/) as string },
        ]);
        expect((await open(source).check()).filter(({ warning }) => !warning)).toEqual([]);
      } finally {
        await source.run(
          `DELETE FROM pg_auth_members WHERE roleid NOT IN (SELECT oid FROM pg_authid); DROP ROLE keeps`,
        );
      }
    });

    test('a new role that is given to one that stands is made, and the grant withheld', async () => {
      await target.run('CREATE ROLE bob LOGIN');
      const set = await takeShard(open(source), { globals: 'with-passwords' });
      const causes = (await open(target).fit(set.stored, true)).map(({ cause }) => cause).join('\n');
      expect(causes).toContain('GRANT "Own er""x" TO "bob"');
      await restoreShard(open(target), set, 'given1', { globals: true });
      const rows = await target.run(
        `SELECT roleid::regrole::text AS r FROM pg_auth_members WHERE member = 'bob'::regrole`,
      );
      expect(rows).toEqual([]);
    });

    test.each(['staged', 'loaded', 'switched'] as const)(
      'an undo after it was %s leaves the accounts as they were, also by another process',
      async (state) => {
        await target.run('CREATE ROLE theirs LOGIN');
        await target.run(`CREATE ROLE grp; COMMENT ON ROLE grp IS '{"tidemark":1,"role":"made",'`);
        const before = await dump(target);
        const set = await takeShard(open(source), { globals: 'with-passwords' });
        const engine = open(target);
        const session = await prepareRestore(engine, set, 'undone1', { globals: true });
        await session.stage();
        // Made, and nobody may use them yet.
        await expect(login(target, 'bob', 'bob')).rejects.toThrow(/not permitted to log in/);
        if (state !== 'staged') {
          await loadChunks(await session.writeLanes(), set);
          await session.finishLoad();
        }
        if (state === 'switched') await session.switch();
        // As if the process had died: what is left is on the server.
        await session.close();
        const left = await open(target).staged();
        expect(left.map(({ restore, cluster }) => ({ restore, cluster }))).toEqual([
          { restore: 'undone1', cluster: 'conformance' },
        ]);
        const again = await left[0]?.reopen();
        await again?.discard();
        await again?.discard();
        await again?.close();
        expect(await dump(target)).toEqual(before);
        expect(await open(target).staged()).toEqual([]);
      },
    );

    test('an undo that was broken off between databases and roles goes on with the roles', async () => {
      const before = await dump(target);
      const set = await takeShard(open(source), { globals: 'with-passwords' });
      const session = await prepareRestore(open(target), set, 'half1', { globals: true });
      await session.stage();
      await session.close();
      await target.run('DROP DATABASE tidemark_half1_0 WITH (FORCE)');
      const [left] = await open(target).staged();
      expect(left?.restore).toBe('half1');
      await (await left?.reopen())?.discard();
      expect(await dump(target)).toEqual(before);
    });

    test('a finish that was broken off before the roles goes on with them', async () => {
      const set = await takeShard(open(source), { globals: 'with-passwords' });
      const session = await prepareRestore(open(target), set, 'late1', { globals: true });
      await session.stage();
      await loadChunks(await session.writeLanes(), set);
      await session.finishLoad();
      await session.switch();
      await session.close();
      await target.run('ALTER DATABASE shop ALLOW_CONNECTIONS true; COMMENT ON DATABASE shop IS NULL');
      const [left] = await open(target).staged();
      const again = await left?.reopen();
      await again?.switch();
      await again?.open();
      await again?.finish();
      expect(await dump(target)).toEqual(await dump(source));
    });

    test('a restorer that is no superuser: CREATEROLE is asked for, then plain roles come back', async () => {
      const plain = await fixture.start();
      try {
        for (const sql of [
          'CREATE ROLE owner_of LOGIN CREATEDB',
          `CREATE ROLE reader LOGIN PASSWORD 'r'`,
          'GRANT owner_of TO reader',
          `COMMENT ON ROLE reader IS 'reads'`,
          'CREATE DATABASE shop OWNER owner_of',
        ])
          await plain.run(sql);
        await plain.run(
          'CREATE SCHEMA own AUTHORIZATION owner_of; CREATE TABLE own.t (id int); ALTER TABLE own.t OWNER TO owner_of',
          'shop',
        );
        const set = await takeShard(open(plain), { globals: 'with-passwords' });
        await target.run(`CREATE ROLE restorer LOGIN PASSWORD 'r' CREATEDB`);
        const engine = open(target, 'restorer', 'r');
        expect(await engine.fit(set.stored, true)).toContainEqual(
          expect.objectContaining({
            code: 'privilege-missing',
            remedy: 'ALTER ROLE "restorer" CREATEROLE;',
            warning: false,
          }),
        );
        await target.run('ALTER ROLE restorer CREATEROLE');
        expect((await engine.fit(set.stored, true)).filter(({ warning }) => !warning)).toEqual([]);
        const before = await dump(target);
        const session = await prepareRestore(engine, set, 'undo2', { globals: true });
        await session.stage();
        await session.discard();
        await session.close();
        expect(await dump(target)).toEqual(before);
        await restoreShard(engine, set, 'plain1', { globals: true });
        const ours = (lines: string[]): string[] => lines.filter((line) => /owner_of|reader/.test(line));
        const now = ours(await dump(target)).filter((line) => !line.includes('TO restorer'));
        const unsigned = (lines: string[]): string[] =>
          lines.map((line) => line.replace(/ GRANTED BY .*;/, ';'));
        expect(unsigned(now)).toEqual(unsigned(ours(await dump(plain))));
        expect(await login(target, 'reader', 'r')).toBe('reader');
      } finally {
        await plain.stop();
      }
    });

    test('roles beyond the restorer are found before anything is made', async () => {
      await target.run(`CREATE ROLE restorer LOGIN PASSWORD 'r' CREATEDB CREATEROLE`);
      const set = await takeShard(open(source), { globals: 'with-passwords' });
      const found = await open(target, 'restorer', 'r').fit(set.stored, true);
      expect(found.filter(({ warning }) => !warning)).toContainEqual(
        expect.objectContaining({ code: 'privilege-missing', subject: 'role alice' }),
      );
    });

    test('passwords are read by those who may: without, the backup is refused with the statement', async () => {
      await target.run('CREATE DATABASE bank');
      await target.run(`CREATE ROLE keeper LOGIN PASSWORD 'k'`);
      await target.run('GRANT pg_read_all_stats TO keeper');
      const engine = open(target, 'keeper', 'k');
      const wanted = expect.objectContaining({
        code: 'privilege-missing',
        remedy: expect.stringContaining('GRANT SELECT ON pg_catalog.pg_authid TO "keeper";') as string,
        warning: false,
      });
      expect(await engine.check({ globals: 'with-passwords' })).toContainEqual(wanted);
      expect(await engine.check({ globals: 'without-passwords' })).not.toContainEqual(wanted);
      await expect(takeShard(engine, { globals: 'with-passwords' })).rejects.toMatchObject({
        code: 'privilege-missing',
      });
      await target.run('GRANT SELECT ON pg_catalog.pg_authid TO keeper');
      const set = await takeShard(engine, { globals: 'with-passwords' });
      expect(set.stored.shard.globals).toBe('with-passwords');
    });

    test('a server without pg_dumpall is told so', async () => {
      tools = { ...tools, pgDumpall: '/nonexistent/pg_dumpall' };
      try {
        expect(await open(source).check({ globals: 'without-passwords' })).toContainEqual(
          expect.objectContaining({ code: 'tool-missing', warning: false }),
        );
        expect(await open(source).check()).not.toContainEqual(
          expect.objectContaining({ code: 'tool-missing' }),
        );
      } finally {
        tools = await fixture.tools();
      }
    });
  });
}

async function* one(bytes: Buffer): AsyncGenerator<Buffer> {
  yield bytes;
}

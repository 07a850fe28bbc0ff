/** What `check` asks of PostgreSQL: databases that nobody can connect to, limits of connections, prepared transactions. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Finding } from '../../shard-agent/engine.ts';
import { inDoubtFindings } from '../../shard-agent/engines/postgres/check/in-doubt.ts';
import { Session } from '../../shard-agent/engines/postgres/connection/connection.ts';
import type { PostgresServer } from '../servers/postgres.ts';
import { testChecks } from './engine-checks.ts';
import { backupOrder } from './engine-conformance.ts';
import { restoreShard, takeShard } from './memory-shard.ts';
import { openServer, type PostgresFixture } from './postgres-fixture.ts';

const stopping = (findings: readonly Finding[]): Finding[] => findings.filter(({ warning }) => !warning);
const about = (findings: readonly Finding[], subject: string): Finding | undefined =>
  findings.find((finding) => finding.subject === subject);

export function testPostgresChecks(fixture: PostgresFixture): void {
  describe(`${fixture.name}: what check asks`, () => {
    let server: PostgresServer;

    beforeAll(async () => {
      server = await fixture.start();
      await server.run('CREATE DATABASE shop');
      await server.run('CREATE TABLE public.t (a int); INSERT INTO public.t VALUES (1)', 'shop');
    });

    afterAll(() => server?.stop());

    testChecks(fixture, () => server);

    describe('databases that are unlike others', () => {
      beforeAll(async () => {
        await server.run('CREATE DATABASE gis_template');
        await server.run(
          'CREATE TABLE public.shapes (a int); INSERT INTO public.shapes VALUES (7)',
          'gis_template',
        );
        await server.run('ALTER DATABASE gis_template IS_TEMPLATE true');
        await server.run('CREATE DATABASE archive');
        await server.run('ALTER DATABASE archive ALLOW_CONNECTIONS false');
        await server.run('CREATE DATABASE half_gone');
        await server.run(`UPDATE pg_catalog.pg_database SET datconnlimit = -2 WHERE datname = 'half_gone'`);
      });

      afterAll(async () => {
        await server.run('ALTER DATABASE gis_template IS_TEMPLATE false');
        for (const name of ['gis_template', 'archive', 'half_gone'])
          await server.run(`DROP DATABASE ${name}`);
      });

      const expected: Record<string, { cause: RegExp; remedy: string }> = {
        archive: {
          cause: /accepts no connections/,
          remedy: 'To have it in the set: ALTER DATABASE "archive" ALLOW_CONNECTIONS true;',
        },
        half_gone: { cause: /invalid/, remedy: 'DROP DATABASE "half_gone";' },
      };

      test('a closed or invalid one is named and left out, by check and backup; a template comes along', async () => {
        const engine = fixture.open(server);
        const findings = await engine.check();
        expect(stopping(findings)).toEqual([]);
        for (const [name, { cause, remedy }] of Object.entries(expected)) {
          expect(about(findings, `database ${name}`)).toMatchObject({
            cause: expect.stringMatching(cause),
            remedy,
            warning: true,
          });
        }
        expect((await engine.describe()).databases).toEqual(['gis_template', 'shop']);
        const session = await engine.prepareBackup(backupOrder);
        try {
          const subjects = session.warnings.map(({ subject }) => subject);
          expect(subjects).toEqual(expect.arrayContaining(['database archive', 'database half_gone']));
        } finally {
          await session.close();
        }
      });

      test('one that is configured is refused, with the statement that changes it', async () => {
        for (const [name, { cause, remedy }] of Object.entries(expected)) {
          const engine = fixture.open(server, ['shop', name]);
          expect(stopping(await engine.check())).toMatchObject([
            { code: 'not-ready', subject: `database ${name}`, cause: expect.stringMatching(cause), remedy },
          ]);
          await expect(engine.prepareBackup(backupOrder)).rejects.toMatchObject({
            code: 'not-ready',
            remedy,
          });
        }
      });

      test('a template is restored as one, and an undone restore leaves nothing of it', async () => {
        const target = await fixture.start();
        try {
          const engine = fixture.open(target);
          const shard = await takeShard(fixture.open(server, ['gis_template']));
          const undone = await engine.prepareRestore({
            restore: 'tpl0',
            cluster: 'conformance',
            lanes: 2,
            stored: shard.stored,
            globals: false,
            signal: new AbortController().signal,
          });
          await undone.stage();
          await undone.finishLoad();
          await undone.discard();
          await undone.close();
          expect(await fixture.listDatabases(target)).toEqual([]);
          await restoreShard(engine, shard, 'tpl1');
          expect(await target.run('SELECT a FROM public.shapes', 'gis_template')).toEqual([{ a: 7 }]);
          expect(
            await target.run(`SELECT datistemplate FROM pg_database WHERE datname = 'gis_template'`),
          ).toEqual([{ datistemplate: true }]);
        } finally {
          await target.stop();
        }
      });
    });

    test('a role that the database gives to every session is not taken', async () => {
      await server.run(`CREATE ROLE everybody; ALTER DATABASE shop SET role = 'everybody'`);
      const target = await fixture.start();
      try {
        const engine = fixture.open(server, ['shop']);
        expect(stopping(await engine.check())).toEqual([]);
        const set = await takeShard(engine);
        // The target could not give it to anybody.
        expect(stopping(await fixture.open(target).fit(set.stored))).toMatchObject([
          { code: 'does-not-fit', cause: 'role everybody does not exist' },
        ]);
        await target.run('CREATE ROLE everybody');
        await restoreShard(fixture.open(target), set, 'everybody');
        const answers = await target.run('SELECT current_user', 'shop');
        expect(answers).toEqual([{ current_user: 'everybody' }]);
      } finally {
        await target.stop();
        await server.run('ALTER DATABASE shop RESET role; DROP ROLE everybody');
      }
    });

    describe('limits of connections', () => {
      const lanes = 6;
      const asAgent = (): ReturnType<typeof openServer> =>
        openServer(server, { user: 'limited', password: 'l', databases: ['shop'], tools: fixture.tools });

      beforeAll(async () => {
        await server.run(`CREATE ROLE limited LOGIN PASSWORD 'l'`);
        await server.run('GRANT pg_read_all_data, pg_write_all_data, pg_read_all_stats TO limited');
      });

      afterAll(async () => {
        await server.run('ALTER DATABASE shop CONNECTION LIMIT -1');
        await server.run('DROP ROLE limited');
      });

      for (const [limit, subject] of [
        ['ALTER DATABASE shop CONNECTION LIMIT 9', 'database shop'],
        ['ALTER ROLE limited CONNECTION LIMIT 10', 'role limited'],
      ] as const) {
        test(`${limit}: enough for fewer lanes, and named for ${lanes}`, async () => {
          await server.run(limit);
          const engine = asAgent();
          expect(stopping(await engine.check({ lanes: 4 }))).toEqual([]);
          const [found, ...more] = stopping(await engine.check({ lanes }));
          expect(more).toEqual([]);
          expect(found).toMatchObject({ code: 'not-ready', subject });
          await expect(engine.prepareBackup({ ...backupOrder, lanes })).rejects.toMatchObject({
            code: 'not-ready',
            remedy: found?.remedy,
          });
          await server.run(found?.remedy ?? '');
          expect(stopping(await engine.check({ lanes }))).toEqual([]);
          await takeShard(engine, { lanes });
        });
      }

      test('what others hold of a limit is not free', async () => {
        await server.run('ALTER DATABASE shop CONNECTION LIMIT 9');
        const other = await fixture.session(server, 'shop');
        try {
          expect(stopping(await asAgent().check({ lanes: 4 }))).toEqual([]);
          expect(stopping(await asAgent().check({ lanes: 5 }))).toMatchObject([
            { subject: 'database shop', cause: expect.stringMatching(/of which 1 are taken/) },
          ]);
        } finally {
          await other.close();
        }
      });
    });

    describe('a target with a database of the same name', () => {
      let target: PostgresServer;
      let set: Awaited<ReturnType<typeof takeShard>>;

      beforeAll(async () => {
        target = await fixture.start();
        set = await takeShard(fixture.open(server, ['shop']));
      });

      afterAll(() => target?.stop());

      test.each([
        ['a table', 'CREATE TABLE public.theirs (a int)', /it holds relation public.theirs/],
        ['a row type', 'CREATE TYPE public.pair AS (a int, b int)', /it holds type public.pair/],
        ['a publication', 'CREATE PUBLICATION theirs', /it holds publication theirs/],
        [
          'a server',
          'CREATE FOREIGN DATA WRAPPER w; CREATE SERVER s FOREIGN DATA WRAPPER w',
          /it holds foreign/,
        ],
        ['a collation', 'CREATE COLLATION public.theirs FROM "C"', /it holds collation public.theirs/],
      ])('that holds nothing but %s is not empty', async (_, make, cause) => {
        await target.run('CREATE DATABASE shop');
        await target.run(make, 'shop');
        try {
          const engine = fixture.open(target);
          expect(stopping(await engine.fit(set.stored))).toMatchObject([
            { code: 'target-not-empty', subject: 'database shop', cause: expect.stringMatching(cause) },
          ]);
          await expect(restoreShard(engine, set, 'notempty')).rejects.toMatchObject({
            code: 'target-not-empty',
          });
          expect(await fixture.listDatabases(target)).toEqual(['shop']);
        } finally {
          await target.run('DROP DATABASE shop');
        }
      });

      test('that is empty is taken, and one that nobody can look into is not', async () => {
        await target.run('CREATE DATABASE shop');
        const engine = fixture.open(target);
        expect(stopping(await engine.fit(set.stored))).toEqual([]);
        await target.run(`CREATE ROLE plain LOGIN CREATEDB PASSWORD 'p'`);
        await target.run('REVOKE CONNECT ON DATABASE shop FROM PUBLIC');
        const plain = openServer(target, { user: 'plain', password: 'p', tools: fixture.tools });
        expect(await plain.fit(set.stored)).toContainEqual(
          expect.objectContaining({
            code: 'target-not-empty',
            cause: expect.stringMatching(/cannot be looked into.*permission denied/),
          }),
        );
        await target.run(`UPDATE pg_catalog.pg_database SET datconnlimit = -2 WHERE datname = 'shop'`);
        expect(stopping(await engine.fit(set.stored))).toMatchObject([
          {
            code: 'target-not-empty',
            cause: expect.stringMatching(/invalid/),
            remedy: 'DROP DATABASE "shop";',
          },
        ]);
        await target.run('DROP DATABASE shop');
      });
    });

    test('a limit that is met all the same is named as what it is', async () => {
      await server.run(`CREATE ROLE met LOGIN PASSWORD 'm'`);
      const config = {
        database: {
          engine: 'postgres',
          host: server.host,
          port: server.port,
          user: 'met',
          password: { kind: 'none' },
          databases: undefined,
        },
        password: 'm',
        tools: {},
      } as const;
      const remedy = async (): Promise<unknown> =>
        Session.open(config, 'shop', 'check').then(
          (session) => session.close(),
          (error: { remedy?: string }) => error.remedy,
        );
      try {
        await server.run('ALTER DATABASE shop CONNECTION LIMIT 0');
        expect(await remedy()).toMatch(/^ALTER DATABASE "shop" CONNECTION LIMIT/);
        await server.run('ALTER DATABASE shop CONNECTION LIMIT -1');
        await server.run('ALTER ROLE met CONNECTION LIMIT 0');
        expect(await remedy()).toMatch(/^ALTER ROLE "met" CONNECTION LIMIT/);
        await server.run('ALTER ROLE met CONNECTION LIMIT -1');
        await server.run('ALTER DATABASE shop ALLOW_CONNECTIONS false');
        expect(await remedy()).toMatch(/^ALTER DATABASE "shop" ALLOW_CONNECTIONS true;/);
      } finally {
        await server.run('ALTER DATABASE shop ALLOW_CONNECTIONS true');
        await server.run('DROP ROLE met');
      }
    });

    test('a prepared transaction is named with the statements that finish it; an old one stops a backup', async () => {
      const writer = await fixture.session(server, 'shop');
      await fixture.beginInDoubt(writer, 'INSERT INTO public.t VALUES (2)', `it's lost`.replace("'", "''"));
      const config = {
        database: {
          engine: 'postgres',
          host: server.host,
          port: server.port,
          user: server.user,
          password: { kind: 'none' },
          databases: undefined,
        },
        password: server.password,
        tools: {},
      } as const;
      const session = await Session.open(config, 'postgres', 'check');
      const find = (forgotten: number, locks = true): Promise<Finding[]> =>
        inDoubtFindings(session, config, { lanes: 4, locks, globals: 'none' }, ['shop'], {
          noticed: 0,
          forgotten,
        });
      try {
        expect(await find(60_000)).toMatchObject([{ warning: true }]);
        expect(await find(0, false)).toMatchObject([{ warning: true }]);
        const [found] = await find(0);
        expect(found).toMatchObject({ code: 'not-ready', warning: false });
        expect(found?.remedy).toContain(`COMMIT PREPARED 'it''s lost';`);
        const undo = /ROLLBACK PREPARED .*;/.exec(found?.remedy ?? '')?.[0] ?? '';
        await server.run(undo, 'shop');
        expect(await find(0)).toEqual([]);
      } finally {
        await session.close();
        await writer.close();
      }
    });
  });
}

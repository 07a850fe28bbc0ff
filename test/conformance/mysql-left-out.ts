/** What a set does not hold: tables without a snapshot are refused, objects of the server named, before anything is done. */
import { afterEach, describe, expect, test } from 'vitest';
import type { Finding } from '../../shard-agent/engine.ts';
import type { TestServer } from '../servers/server.ts';
import { backupOrder } from './engine-conformance.ts';
import type { EngineFixture } from './engine-fixture.ts';
import { restoreShard, takeShard } from './memory-shard.ts';
import { openServer } from './mysql-fixture.ts';

const everyEngine = [
  ['MyISAM', 'CREATE TABLE t (a int) ENGINE = MyISAM'],
  ['MEMORY', 'CREATE TABLE t (a int) ENGINE = MEMORY'],
  ['CSV', 'CREATE TABLE t (a int NOT NULL) ENGINE = CSV'],
  ['ARCHIVE', 'CREATE TABLE t (a int) ENGINE = ARCHIVE'],
  [
    'MRG_MYISAM',
    'CREATE TABLE one (a int) ENGINE = MyISAM; CREATE TABLE t (a int) ENGINE = MERGE UNION = (one)',
  ],
] as const;
const mariadbEngines = [
  ['Aria', 'CREATE TABLE t (a int) ENGINE = Aria TRANSACTIONAL = 1'],
  [
    'MyISAM',
    'CREATE TABLE t (a int) ENGINE = MyISAM PARTITION BY HASH (a) (PARTITION p0 ENGINE = MyISAM, PARTITION p1 ENGINE = MyISAM)',
  ],
] as const;

export function testMysqlLeftOut(fixture: EngineFixture, source: () => TestServer): void {
  const run = (sql: string): Promise<Record<string, unknown>[]> => source().run(sql, 'left');
  const about = (findings: readonly Finding[], subject: string): Finding | undefined =>
    findings.find((found) => found.subject === subject);

  describe(`${fixture.name}: what a set does not hold`, () => {
    afterEach(() => source().run('DROP DATABASE IF EXISTS `left`'));

    const engines = [...everyEngine, ...(fixture.family === 'mariadb' ? mariadbEngines : [])];
    test.each(engines)('a table of the engine %s is refused: %s', async (name, setup) => {
      await source().run('CREATE DATABASE `left`; CREATE TABLE `left`.fine (id int PRIMARY KEY)');
      const made = await run(setup).then(
        () => true,
        (error: { errno?: number }) => {
          // The server may be without that engine: then no shard can have such a table.
          expect([1286, 1033]).toContain(error.errno);
          return false;
        },
      );
      if (!made) return;
      const engine = fixture.open(source(), ['left']);
      const found = about(await engine.check(), 'left.t');
      expect(found).toMatchObject({ code: 'not-supported', warning: false });
      expect(found?.cause).toMatch(new RegExp(`engine ${name} `, 'i'));
      await expect(engine.prepareBackup(backupOrder)).rejects.toMatchObject({
        code: 'not-supported',
        subject: expect.stringContaining('left.t'),
      });
    });

    test("a database named like one of the server is somebody's where case counts", async () => {
      const names = ['SYS', 'ndbinfo'];
      try {
        for (const name of names)
          await source().run(`CREATE DATABASE ${name}; CREATE TABLE ${name}.t (id int PRIMARY KEY)`);
        const session = await openServer(source()).prepareBackup(backupOrder);
        try {
          expect(session.tables.map(({ database }) => database)).toEqual(
            expect.arrayContaining(['SYS', 'ndbinfo']),
          );
          const databases = (await session.databaseLines()).map(({ name }) => name);
          expect(databases).toEqual(expect.arrayContaining(names));
          for (const own of ['mysql', 'sys']) expect(databases).not.toContain(own);
        } finally {
          await session.close();
        }
      } finally {
        for (const name of names) await source().run(`DROP DATABASE IF EXISTS ${name}`);
      }
    });

    test('a table cannot become one of another engine between plan and cut, nor while it is copied', async () => {
      await source().run('CREATE DATABASE `left`; CREATE TABLE `left`.t (id int PRIMARY KEY)');
      const alter = (): Promise<unknown> =>
        run('SET SESSION lock_wait_timeout = 1; ALTER TABLE t ENGINE = MyISAM');
      const session = await fixture.open(source(), ['left']).prepareBackup(backupOrder);
      try {
        await expect(alter()).rejects.toMatchObject({ errno: 1205 });
        expect(await session.lock(500, new AbortController().signal)).toMatchObject({ outcome: 'locked' });
        await session.cut();
        await expect(alter()).rejects.toMatchObject({ errno: 1205 });
      } finally {
        await session.close();
      }
      await alter();
    });

    if (fixture.family === 'mariadb')
      test('a default that draws from a sequence is refused when that is gone, and named when it is outside the set', async () => {
        await source().run('CREATE DATABASE `left`; CREATE DATABASE left_too');
        try {
          await run('CREATE SEQUENCE `go``ne`; CREATE SEQUENCE kept; CREATE SEQUENCE left_too.far');
          await run(
            'CREATE TABLE sound (id int DEFAULT NEXTVAL(kept), n int DEFAULT (PREVIOUS VALUE FOR kept)); ' +
              'CREATE TABLE outside (id int DEFAULT (1 + NEXTVAL(left_too.far))); ' +
              'CREATE TABLE broken (id int DEFAULT (NEXT VALUE FOR `go``ne` + 1)); DROP SEQUENCE `go``ne`',
          );
          const engine = fixture.open(source(), ['left']);
          const findings = (await engine.check()).filter(({ cause }) =>
            /draws from the sequence/.test(cause),
          );
          expect(findings).toMatchObject([
            {
              subject: 'left.broken',
              cause: expect.stringMatching(/column id .*left\.go`ne, which/),
              warning: false,
            },
            { subject: 'left.outside', cause: expect.stringMatching(/left_too\.far, whose/), warning: true },
          ]);
          await expect(engine.prepareBackup(backupOrder)).rejects.toMatchObject({
            code: 'not-supported',
            subject: expect.stringContaining('left.broken'),
          });
        } finally {
          await source().run('DROP DATABASE left_too');
        }
      });

    test('a foreign server is named', async () => {
      await source().run(
        "CREATE DATABASE `left`; CREATE SERVER far FOREIGN DATA WRAPPER mysql OPTIONS (HOST 'h', DATABASE 'd')",
      );
      const found = about(await fixture.open(source(), ['left']).check(), 'far');
      await source().run('DROP SERVER far');
      expect(found).toMatchObject({ code: 'not-supported', warning: true });
    });

    test('an account that may not look at the server is told once, and by which grants it may', async () => {
      const { host, port } = source();
      await source().run(
        "CREATE DATABASE `left`; CREATE USER blind@'127.0.0.1' IDENTIFIED BY 'blind'; GRANT SELECT ON `left`.* TO blind@'127.0.0.1'",
      );
      const engine = openServer({ host, port, user: 'blind', password: 'blind' }, ['left']);
      const unseen = (await engine.check()).filter(({ cause }) => /shared libraries/.test(cause));
      expect(unseen).toMatchObject([
        { cause: expect.stringMatching(/foreign servers.*cannot be seen/), warning: true },
      ]);
      for (const grant of unseen[0]?.remedy.split('; ') ?? []) await source().run(grant);
      const after = await engine.check();
      await source().run("DROP USER blind@'127.0.0.1'");
      expect(after.filter(({ cause }) => /shared libraries/.test(cause))).toEqual([]);
    });

    if (fixture.family === 'mysql')
      test('objects of a MySQL server are named', async () => {
        await source().run(
          'CREATE DATABASE `left`; CREATE TABLE `left`.t (a int); CREATE RESOURCE GROUP narrow TYPE = USER VCPU = 0; ' +
            'ANALYZE TABLE `left`.t UPDATE HISTOGRAM ON a',
        );
        const findings = await fixture.open(source(), ['left']).check();
        await source().run('DROP RESOURCE GROUP narrow');
        expect(about(findings, 'narrow')?.cause).toMatch(/resource group/);
        expect(about(findings, 'left.t')?.cause).toMatch(/histograms/);
      });

    if (fixture.family === 'mysql')
      test('a table in a tablespace is named, and comes back in the default place', async () => {
        await source().run(
          "CREATE DATABASE `left`; CREATE TABLESPACE own ADD DATAFILE 'own.ibd'; " +
            "CREATE TABLE `left`.t (a int PRIMARY KEY) TABLESPACE own COMMENT 'TABLESPACE `own`'; INSERT INTO `left`.t VALUES (7)",
        );
        const engine = fixture.open(source(), ['left']);
        expect(about(await engine.check(), 'left.t')?.cause).toMatch(/tablespace own/);
        const shard = await takeShard(engine);
        await source().run('DROP DATABASE `left`; DROP TABLESPACE own');
        expect(about(await engine.fit(shard.stored, false), 'left.t')?.cause).toMatch(/tablespace own/);
        await restoreShard(engine, shard, 'leftout');
        expect(await run('SELECT a FROM t')).toEqual([{ a: 7 }]);
      });

    if (fixture.family === 'mariadb')
      test('literals whose backslashes the server forgets are named', async () => {
        await source().run(
          "CREATE DATABASE `left`; CREATE TABLE `left`.t (a int, lost varchar(20) DEFAULT (concat(_latin1 'a\\\\\\\\b')), " +
            "kept varchar(20) DEFAULT 'a\\\\b', plain varchar(20) DEFAULT (concat(_latin1 'ab')), " +
            "CONSTRAINT broken CHECK (a <> _latin1 'x\\\\\\\\y'))",
        );
        const findings = await fixture.open(source(), ['left']).check();
        const named = findings.filter(({ subject }) => subject.startsWith('left.t'));
        expect(named.map(({ subject }) => subject)).toEqual(['left.t.broken', 'left.t.lost']);
        expect(named[1]).toMatchObject({ code: 'not-supported', warning: true });
        expect(named[1]?.cause).toMatch(/backslashes/);
      });

    if (fixture.family === 'mariadb')
      test('history by transaction ids is named', async () => {
        await source().run(
          'CREATE DATABASE `left`; CREATE TABLE `left`.t (a int, s bigint unsigned GENERATED ALWAYS AS ROW START, ' +
            'e bigint unsigned GENERATED ALWAYS AS ROW END, PERIOD FOR SYSTEM_TIME (s, e)) WITH SYSTEM VERSIONING',
        );
        const found = about(await fixture.open(source(), ['left']).check(), 'left.t');
        expect(found).toMatchObject({ code: 'not-supported', warning: true });
        expect(found?.cause).toMatch(/transaction ids/);
      });
  });
}

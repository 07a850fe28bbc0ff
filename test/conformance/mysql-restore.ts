/** What only a restore of MySQL or MariaDB can get wrong: the settings objects bring along, names, what is others'. */
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { Engine, SettlingSession } from '../../shard-agent/engine.ts';
import type { TestServer } from '../servers/server.ts';
import type { EngineFixture } from './engine-fixture.ts';
import { loadChunks, prepareRestore, restoreShard, takeShard, type MemoryShard } from './memory-shard.ts';
import { sqlSession } from './mysql-fixture.ts';

export function testMysqlRestore(fixture: EngineFixture, source: () => TestServer): void {
  describe(`${fixture.name}: restore`, () => {
    let target: TestServer;
    let engine: Engine;

    const ask = async (server: TestServer, sql: string, database?: string): Promise<(string | null)[][]> => {
      const session = await sqlSession(server, database);
      try {
        return await session.query(sql);
      } finally {
        await session.close();
      }
    };
    const make = async (database: string, ...setup: string[]): Promise<MemoryShard> => {
      await ask(source(), `CREATE DATABASE \`${database}\` CHARACTER SET utf8mb4`);
      const maker = await sqlSession(source(), database);
      try {
        for (const sql of setup) await maker.query(sql);
        return await takeShard(fixture.open(source(), [database]));
      } finally {
        await maker.close();
        await ask(source(), `DROP DATABASE \`${database}\``);
      }
    };

    /** The mark says something else. */
    const setState = (restore: string, from: string, to: string): Promise<unknown> =>
      ask(
        target,
        `UPDATE tidemark_${restore}_0.\`tidemark-mark\` SET body = REPLACE(body, '"${from}"', '"${to}"')`,
      );
    /** What an agent does at its start with the one restore that was left. */
    const settle = async (steps: (session: SettlingSession) => Promise<void>): Promise<void> => {
      const [left] = await engine.staged();
      if (left === undefined) throw new Error('no restore was left');
      const session = await left.reopen();
      try {
        await steps(session);
      } finally {
        await session.close();
      }
    };

    beforeAll(async () => {
      target = await fixture.startServer();
      engine = fixture.open(target);
    });
    beforeEach(async () => {
      for (const database of await fixture.listDatabases(target))
        await fixture.dropDatabase(target, database);
    });
    afterAll(() => target?.stop());

    test('objects of clients with another character set and sql_mode, under names beyond ASCII', async () => {
      const set = await make(
        'größe',
        'CREATE TABLE `maß"\\\\` (id int PRIMARY KEY)',
        'CREATE TABLE plain (id int PRIMARY KEY)',
        'INSERT INTO `maß"\\\\` VALUES (1)',
        'CREATE TRIGGER `über` BEFORE INSERT ON `maß"\\\\` FOR EACH ROW SET NEW.id = NEW.id',
        "SET sql_mode = 'ANSI_QUOTES,NO_BACKSLASH_ESCAPES'",
        'CREATE FUNCTION "fünf"() RETURNS int DETERMINISTIC RETURN 5',
        `CREATE EVENT "jährlich" ON SCHEDULE EVERY 1 YEAR DO DELETE FROM plain WHERE id = 5`,
        'CREATE VIEW "Blick" AS SELECT id FROM plain',
        'SET character_set_client = latin1, collation_connection = latin1_swedish_ci',
        'CREATE TRIGGER zz BEFORE UPDATE ON plain FOR EACH ROW SET NEW.id = NEW.id',
      );
      const session = await prepareRestore(engine, set, 'names1');
      await session.stage();
      await loadChunks(await session.writeLanes(), set);
      await session.finishLoad();
      await session.switch();
      await session.close();
      // As if the agent had died before the last step of the switch, and of the opening: what is there is known as the restore's.
      await setState('names1', 'switched', 'switching');
      await settle(async (again) => {
        await again.switch();
        await again.open();
      });
      await setState('names1', 'opened', 'opening');
      await settle(async (again) => {
        await again.switch();
        await again.open();
        await again.finish();
      });
      const made = await ask(
        target,
        "SELECT ROUTINE_NAME FROM information_schema.ROUTINES WHERE ROUTINE_SCHEMA = 'größe' UNION ALL " +
          "SELECT TRIGGER_NAME FROM information_schema.TRIGGERS WHERE TRIGGER_SCHEMA = 'größe' UNION ALL " +
          "SELECT EVENT_NAME FROM information_schema.EVENTS WHERE EVENT_SCHEMA = 'größe' UNION ALL " +
          "SELECT TABLE_NAME FROM information_schema.VIEWS WHERE TABLE_SCHEMA = 'größe'",
      );
      expect(made.map(([name]) => String(name)).sort()).toEqual(['Blick', 'fünf', 'jährlich', 'zz', 'über']);
      expect(await ask(target, 'SELECT id FROM `maß"\\\\`', 'größe')).toEqual([['1']]);
    });

    test('tables too large for keys before the data get them after it', async () => {
      const set = await make(
        'late',
        'CREATE TABLE parent (id int PRIMARY KEY, code varchar(10) NOT NULL, UNIQUE KEY by_code (code))',
        `CREATE TABLE t (id int PRIMARY KEY AUTO_INCREMENT, a varchar(20), b text, c text, g point NOT NULL, parent_code varchar(10),
           KEY \`by,a (\` (a), KEY by_a_b (a, b(10)), FULLTEXT KEY words_b (b), FULLTEXT KEY words_c (c), SPATIAL KEY (g), UNIQUE KEY only_a (a),
           CONSTRAINT to_parent FOREIGN KEY (parent_code) REFERENCES parent (code))`,
        "INSERT INTO parent VALUES (1, 'p')",
        "INSERT INTO t (a, b, c, g, parent_code) VALUES ('x', 'some words', 'other', POINT(1, 2), 'p'), ('y', 'more', 'text', POINT(1, 3), NULL)",
        `CREATE TABLE cut_up (id int NOT NULL, k int, PRIMARY KEY (id), KEY (k)) PARTITION BY HASH (id) PARTITIONS 3`,
        'INSERT INTO cut_up VALUES (1, 1), (2, 2)',
      );
      const large = set.stored.tables.map((table) => ({
        ...table,
        engine: { ...table.engine, dataBytes: 2 ** 40 },
      }));
      await restoreShard(engine, { ...set, stored: { ...set.stored, tables: large } }, 'late1');
      const again = await takeShard(fixture.open(target, ['late']));
      const script = async (shard: MemoryShard): Promise<string> => {
        const line = shard.stored.schema.find(({ name }) => name === 'tables');
        if (line === undefined) throw new Error('no tables');
        const parts: Buffer[] = [];
        for await (const part of shard.stored.openSchema(line)) parts.push(part);
        return Buffer.concat(parts).toString('utf8');
      };
      expect((await script(again)).split('\n').sort()).toEqual((await script(set)).split('\n').sort());
      expect(await ask(target, "SELECT id FROM t WHERE MATCH (c) AGAINST ('text')", 'late')).toEqual([['2']]);
    });

    test('a database that only has the name of a staging is left alone', async () => {
      await ask(target, 'CREATE DATABASE tidemark_metrics_1');
      await ask(target, 'CREATE DATABASE tidemark_metrics');
      await ask(target, 'CREATE TABLE kept AS SELECT 1 AS id', 'tidemark_metrics_1');
      await engine.staged();
      expect(await ask(target, 'SELECT id FROM kept', 'tidemark_metrics_1')).toEqual([['1']]);
      const findings = await fixture.open(target).check();
      expect(findings).toContainEqual(
        expect.objectContaining({ subject: 'tidemark_metrics_1', warning: true }),
      );
      expect((await engine.describe()).databases).toContain('tidemark_metrics');
    });

    test('undoing a switch that never came to a database leaves what others made of its name', async () => {
      const set = await make(
        'taken',
        'CREATE TABLE t (id int PRIMARY KEY)',
        'CREATE VIEW v AS SELECT id FROM t',
      );
      const session = await prepareRestore(engine, set, 'taken1');
      await session.stage();
      await loadChunks(await session.writeLanes(), set);
      await session.finishLoad();
      await session.close();
      // As if the agent had died after its first step.
      await setState('taken1', 'loaded', 'switching');
      await ask(target, 'CREATE DATABASE taken');
      await ask(target, 'CREATE TABLE theirs AS SELECT 7 AS id', 'taken');
      await ask(target, 'CREATE VIEW i AS SELECT id FROM theirs', 'taken');
      for (const staged of await engine.staged()) await (await staged.reopen()).discard();
      expect(await ask(target, 'SELECT id FROM i', 'taken')).toEqual([['7']]);
      expect(await fixture.listDatabases(target)).toEqual(['taken']);
    });

    test('a server one patch behind may be tried, with a warning; one of an older series is refused', async () => {
      const set = await make('older', 'CREATE TABLE t (id int PRIMARY KEY)');
      const [major = 0, minor = 0, patch = 0] = set.stored.shard.version.split('.').map(Number);
      const versionFindings = async (version: string): Promise<unknown[]> => {
        const stored = { ...set.stored, shard: { ...set.stored.shard, version } };
        const findings = await engine.fit(stored);
        return findings.filter(({ subject }) => subject === 'the server').map(({ warning }) => warning);
      };
      expect(await versionFindings(`${major}.${minor}.${patch + 1}`)).toEqual([true]);
      expect(await versionFindings(`${major}.${minor + 1}.0`)).toEqual([false]);
      expect(await versionFindings(`${major}.${minor}.${patch}`)).toEqual([]);
    });

    test('a shard without a database is restored like any other', async () => {
      const set = await takeShard(fixture.open(target));
      expect(set.stored.databases).toEqual([]);
      await restoreShard(engine, set, 'nothing1');
      expect(await engine.staged()).toEqual([]);
      expect(await fixture.listDatabases(target)).toEqual([]);
    });

    test('a view that is broken on the source is named, in every language of the server', async () => {
      await ask(source(), 'CREATE DATABASE views');
      const maker = await sqlSession(source(), 'views');
      const language = (await maker.query('SELECT @@GLOBAL.lc_messages'))[0]?.[0];
      try {
        await maker.query('CREATE TABLE t (id int PRIMARY KEY, gone int)');
        await maker.query('CREATE VIEW broken AS SELECT gone FROM t');
        await maker.query('CREATE VIEW sound AS SELECT id FROM t');
        await maker.query('ALTER TABLE t DROP COLUMN gone');
        await maker.query("SET GLOBAL lc_messages = 'de_DE'");
        const findings = await fixture.open(source(), ['views']).check();
        expect(findings).toContainEqual(
          expect.objectContaining({ subject: 'views.broken', warning: true, code: 'not-supported' }),
        );
        const set = await takeShard(fixture.open(source(), ['views']));
        await restoreShard(engine, set, 'views1');
        expect(
          await ask(target, "SELECT TABLE_NAME FROM information_schema.VIEWS WHERE TABLE_SCHEMA = 'views'"),
        ).toEqual([['sound']]);
      } finally {
        await maker.query(`SET GLOBAL lc_messages = '${language}'`);
        await maker.query('DROP DATABASE views');
        await maker.close();
      }
    });
  });
}

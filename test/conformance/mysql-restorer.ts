/** What the account of a restore needs on MySQL and MariaDB: what fit names is enough, and each of it is named when it is missing. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Engine, Finding } from '../../shard-agent/engine.ts';
import type { TestServer } from '../servers/server.ts';
import type { EngineFixture } from './engine-fixture.ts';
import { loadChunks, prepareRestore, restoreShard, takeShard, type MemoryShard } from './memory-shard.ts';
import { openServer, sqlSession } from './mysql-fixture.ts';

const account = "'restorer'@'127.0.0.1'";

/** Something of every kind that a restore makes. */
const setup = (family: string): string[] => [
  'CREATE TABLE parents (id int PRIMARY KEY, n int, KEY by_n (n), CHECK (n > 0))',
  'INSERT INTO parents VALUES (1, 1), (2, 2)',
  `CREATE TABLE children (id int AUTO_INCREMENT PRIMARY KEY, parent int, twice int AS (parent * 2) STORED, words text,
     FULLTEXT KEY by_words (words), FOREIGN KEY (parent) REFERENCES parents (id))`,
  "INSERT INTO children (parent, words) VALUES (1, 'one'), (2, 'two')",
  'CREATE TABLE wide (id int PRIMARY KEY, filler varchar(2000), KEY by_filler (filler(20)))',
  "INSERT INTO wide SELECT seq.n, REPEAT('x', 2000) FROM (SELECT a.n * 40 + b.n AS n FROM " +
    '(WITH RECURSIVE r (n) AS (SELECT 0 UNION ALL SELECT n + 1 FROM r WHERE n < 39) SELECT n FROM r) a, ' +
    '(WITH RECURSIVE r (n) AS (SELECT 0 UNION ALL SELECT n + 1 FROM r WHERE n < 39) SELECT n FROM r) b) seq',
  'CREATE TABLE parts (id int PRIMARY KEY) PARTITION BY HASH (id) PARTITIONS 2',
  'CREATE FUNCTION doubled(x int) RETURNS int DETERMINISTIC RETURN x * 2',
  'CREATE PROCEDURE touch() UPDATE parents SET n = n',
  "CREATE DEFINER = 'gone'@'nowhere' PROCEDURE left_behind() SELECT 1",
  'CREATE VIEW sums AS SELECT p.id, doubled(SUM(c.id)) AS total FROM parents p JOIN children c ON c.parent = p.id GROUP BY p.id',
  'CREATE TRIGGER positive BEFORE INSERT ON children FOR EACH ROW SET NEW.parent = ABS(NEW.parent)',
  'CREATE EVENT yearly ON SCHEDULE EVERY 1 YEAR DO DELETE FROM children WHERE id < 0',
  ...(family === 'mariadb'
    ? [
        'CREATE SEQUENCE numbers',
        'CREATE TABLE numbered (id int DEFAULT (NEXT VALUE FOR numbers) PRIMARY KEY)',
        'CREATE TABLE kept (id int PRIMARY KEY, n int) WITH SYSTEM VERSIONING',
        'INSERT INTO kept VALUES (1, 1)',
        'UPDATE kept SET n = 2',
      ]
    : []),
];

export function testMysqlRestorer(fixture: EngineFixture, source: () => TestServer): void {
  describe(`${fixture.name}: an account with no more than a restore needs`, () => {
    let target: TestServer;
    let engine: Engine;
    let set: MemoryShard;
    const granted: string[] = [];

    const run = async (server: TestServer, ...statements: string[]): Promise<void> => {
      for (const sql of statements) await server.run(sql);
    };
    const missing = async (): Promise<Finding[]> =>
      (await engine.fit(set.stored)).filter(({ warning }) => !warning);

    beforeAll(async () => {
      await run(source(), 'CREATE DATABASE restored');
      const maker = await sqlSession(source(), 'restored');
      for (const sql of setup(fixture.family)) await maker.query(sql);
      await maker.close();
      set = await takeShard(fixture.open(source(), ['restored']));
      await run(source(), 'DROP DATABASE restored');
      target = await fixture.startServer();
      await run(target, 'SET GLOBAL local_infile = ON', `CREATE USER ${account} IDENTIFIED BY 'r'`);
      // What functions need beside privileges is a setting, which fit names by itself.
      await run(target, 'SET GLOBAL log_bin_trust_function_creators = ON');
      const { port } = target;
      engine = openServer({ host: '127.0.0.1', port, user: 'restorer', password: 'r' });
    });

    afterAll(() => target?.stop());

    test('the statements that fit shows are enough, for a restore and for one that is undone', async () => {
      expect(await engine.checkRestore()).toContainEqual(
        expect.objectContaining({ code: 'privilege-missing' }),
      );
      // Who may read the accounts is told what their objects need.
      for (let round = 0; round < 2; round += 1) {
        for (const { code, remedy } of await missing()) {
          expect(code).toBe('privilege-missing');
          await run(target, remedy);
          granted.push(remedy);
        }
      }
      expect(await missing()).toEqual([]);
      expect((await engine.checkRestore()).filter(({ warning }) => !warning)).toEqual([]);
      const undone = await prepareRestore(engine, set, 'least0');
      await undone.stage();
      await loadChunks(await undone.writeLanes(), set);
      await undone.finishLoad();
      await undone.switch();
      await undone.discard();
      await undone.close();
      expect(await fixture.listDatabases(target)).toEqual([]);
      await restoreShard(engine, set, 'least1');
      expect(await fixture.listDatabases(target)).toEqual(['restored']);
      const [row] = await target.run('SELECT SUM(total) AS total FROM restored.sums');
      expect(Number(row?.['total'])).toBe(6);
      await run(target, 'DROP DATABASE restored');
    });

    test('each of them, taken away, is named', async () => {
      expect(granted.length).toBeGreaterThan(10);
      for (const statement of granted) {
        await run(target, statement.replace(/^GRANT/, 'REVOKE').replace(' TO ', ' FROM '));
        expect((await missing()).map(({ remedy }) => remedy)).toContain(statement);
        await run(target, statement);
      }
      expect(await missing()).toEqual([]);
    });
  });
}

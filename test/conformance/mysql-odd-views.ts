/** Views whose surroundings are odd: each comes back as it is, or is named and left out while all else comes back. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Finding } from '../../shard-agent/engine.ts';
import type { TestServer } from '../servers/server.ts';
import type { EngineFixture } from './engine-fixture.ts';
import { loadChunks, prepareRestore, restoreShard, takeShard } from './memory-shard.ts';
import { sqlSession } from './mysql-fixture.ts';

/** Statements that are run in the database `shop`, with `past` beside it. */
const setup: readonly string[] = [
  'CREATE TABLE item (id int PRIMARY KEY, price int, gone int)',
  'INSERT INTO item VALUES (1, 5, 2)',
  // Definers: one that never was, one that may not read, one whose account is dropped.
  'CREATE DEFINER = nobody@nowhere VIEW of_nobody AS SELECT id FROM item',
  "CREATE USER blind@'%'",
  "CREATE DEFINER = blind@'%' VIEW of_blind AS SELECT id FROM item",
  "CREATE USER leaver@'%'",
  "GRANT ALL ON shop.* TO leaver@'%'",
  "CREATE DEFINER = leaver@'%' VIEW answer AS SELECT 42 AS n, id FROM item",
  'CREATE VIEW again AS SELECT n, id FROM answer',
  'CREATE VIEW past.beyond AS SELECT a.n, i.price FROM shop.again a JOIN shop.item i ON i.id = a.id',
  // In the server's own databases, and with an alias that is called as a database is.
  'CREATE VIEW of_accounts AS SELECT i.id, u.Host AS host FROM item i LEFT JOIN mysql.user u ON u.User = i.price',
  'CREATE VIEW of_tables AS SELECT shop.id, t.TABLE_ROWS AS rows_ FROM item shop JOIN information_schema.TABLES t ' +
    "WHERE t.TABLE_SCHEMA = 'shop' AND t.TABLE_NAME = 'item'",
  // Functions, in full, and one that reads what another database has.
  'CREATE FUNCTION gross(p int) RETURNS int DETERMINISTIC RETURN p * 2',
  'CREATE FUNCTION latest() RETURNS int READS SQL DATA RETURN (SELECT MAX(id) FROM past.orders_2023)',
  'CREATE TABLE past.orders (id int PRIMARY KEY, total int)',
  'INSERT INTO past.orders VALUES (1, 10)',
  "CREATE VIEW in_full AS SELECT id, shop.gross(price) AS g, '`shop`.`item` it''s' AS text_ FROM shop.item",
  // What it checks could be written when it was made.
  'CREATE VIEW large_orders AS SELECT id, total FROM past.orders WHERE total > 5 WITH CHECK OPTION',
  'RENAME TABLE past.orders TO past.orders_2023',
  'CREATE VIEW past.orders AS SELECT DISTINCT id, total FROM past.orders_2023',
  'CREATE VIEW newest AS SELECT latest() AS id',
  // Two that nobody can use, one of them above a view whose definer is gone.
  'CREATE VIEW unsound AS SELECT a.n, i.gone FROM item i JOIN answer a',
  'CREATE VIEW above_unsound AS SELECT n FROM unsound',
  'ALTER TABLE item DROP COLUMN gone',
  "DROP USER leaver@'%'",
];
const sequences: readonly string[] = [
  'CREATE SEQUENCE ticket START WITH 10',
  'CREATE VIEW draw AS SELECT NEXTVAL(ticket) AS n',
  'CREATE VIEW past.draw AS SELECT NEXT VALUE FOR shop.ticket AS n, previous value for shop.ticket AS last_',
];

export function testMysqlOddViews(fixture: EngineFixture, source: () => TestServer): void {
  describe(`${fixture.name}: views with odd surroundings`, () => {
    let target: TestServer;
    let warnings: readonly Finding[] = [];
    let checked: readonly Finding[] = [];

    beforeAll(async () => {
      target = await fixture.startServer();
      for (const database of ['shop', 'past']) await fixture.createDatabase(source(), database);
      const session = await sqlSession(source(), 'shop');
      try {
        for (const sql of [...setup, ...(fixture.family === 'mariadb' ? sequences : [])])
          await session.query(sql);
      } finally {
        await session.close();
      }
      const engine = fixture.open(source(), ['shop', 'past']);
      checked = await engine.check();
      const set = await takeShard(engine);
      warnings = await restoreShard(fixture.open(target), set, 'oddviews1');
    });

    afterAll(async () => {
      for (const database of ['shop', 'past']) await source().run(`DROP DATABASE IF EXISTS \`${database}\``);
      await source().run("DROP USER IF EXISTS blind@'%', leaver@'%'");
      await target?.stop();
    });

    const statement = async (server: TestServer, view: string): Promise<unknown> => {
      const [row] = await server.run(`USE shop; SHOW CREATE VIEW ${view}`);
      return row?.['Create View'];
    };
    const same = [
      'of_nobody',
      'of_blind',
      'answer',
      'again',
      'past.beyond',
      'of_accounts',
      'of_tables',
      'in_full',
      'past.orders',
      'newest',
      ...(fixture.family === 'mariadb' ? ['draw', 'past.draw'] : []),
    ];

    test.each(same)('%s comes back as it was', async (view) => {
      const before = await statement(source(), view);
      expect(before).toContain('VIEW');
      expect(await statement(target, view)).toBe(before);
    });

    test('a view that can be used on the source can be used on the target', async () => {
      expect(await target.run('SELECT g FROM shop.in_full')).toEqual([{ g: 10 }]);
      expect(await target.run('SELECT id FROM shop.newest')).toEqual([{ id: 1 }]);
      expect(await target.run('SELECT id FROM shop.large_orders')).toEqual([{ id: 1 }]);
    });

    test('views that nobody can use are named before and after, and left out', async () => {
      for (const name of ['shop.unsound', 'shop.above_unsound']) {
        expect(checked).toContainEqual(expect.objectContaining({ subject: name, warning: true }));
        expect(warnings).toContainEqual(
          expect.objectContaining({
            subject: name,
            warning: true,
            cause: expect.stringContaining('left out'),
          }),
        );
      }
    });

    test('a check option over what cannot be written is named, and the view has it no more', async () => {
      expect(String(await statement(source(), 'large_orders'))).toContain('WITH CASCADED CHECK OPTION');
      const before = String(await statement(source(), 'large_orders'));
      expect(await statement(target, 'large_orders')).toBe(before.replace(' WITH CASCADED CHECK OPTION', ''));
      expect(warnings).toContainEqual(
        expect.objectContaining({
          subject: 'shop.large_orders',
          cause: expect.stringContaining('CHECK OPTION'),
        }),
      );
      expect(checked).toContainEqual(
        expect.objectContaining({ subject: 'shop.large_orders', warning: true }),
      );
      expect(warnings).toHaveLength(3);
    });

    test('what a view reads is gone when the shard opens: it is left out and named, and the shard opens', async () => {
      const [here, there] = [source(), target];
      for (const server of [here, there])
        await server.run('CREATE DATABASE beside; CREATE TABLE beside.t (id int)');
      await here.run(
        'CREATE DATABASE late; USE late; CREATE TABLE t (id int); CREATE VIEW a AS SELECT id FROM beside.t; ' +
          'CREATE VIEW b AS SELECT id FROM a; CREATE VIEW c AS SELECT id FROM t',
      );
      const set = await takeShard(fixture.open(here, ['late']));
      const session = await prepareRestore(fixture.open(there), set, 'oddviews2');
      try {
        await session.stage();
        await loadChunks(await session.writeLanes(), set);
        await session.finishLoad();
        await session.closeTarget();
        await session.switch();
        await there.run('DROP DATABASE beside');
        await session.open();
        const named = (await session.finish()).map(({ subject }) => subject);
        expect(named.toSorted()).toEqual(['late.a', 'late.b']);
      } finally {
        await session.close();
        await here.run('DROP DATABASE late; DROP DATABASE beside');
      }
      const left = await there.run(
        "SELECT TABLE_NAME AS n FROM information_schema.VIEWS WHERE TABLE_SCHEMA = 'late'",
      );
      expect(left).toEqual([{ n: 'c' }]);
      await there.run('DROP DATABASE late');
    });

    test('nothing of the restore is left', async () => {
      expect((await fixture.listDatabases(target)).toSorted()).toEqual(['past', 'shop']);
    });
  });
}

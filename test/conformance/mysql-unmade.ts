/** Objects that are on the source and that no server makes again: each is named by check and backup, left out, and costs nothing else. */
import { afterEach, describe, expect, test } from 'vitest';
import type { TestServer } from '../servers/server.ts';
import type { EngineFixture } from './engine-fixture.ts';
import { restoreShard, takeShard } from './memory-shard.ts';
import { sqlSession } from './mysql-fixture.ts';

interface Unmade {
  readonly what: string;
  readonly family?: 'mysql' | 'mariadb';
  readonly setup: readonly string[];
  /** What is named, and why. */
  readonly named: Readonly<Record<string, RegExp>>;
}

/** As an upgraded server has a routine or event of a version that knew another word. */
function inOldWords(table: 'proc' | 'event', name: string): string {
  return (
    `UPDATE mysql.${table} SET body = REPLACE(body, 'XFFSET', 'OFFSET'), ` +
    `body_utf8 = REPLACE(body_utf8, 'XFFSET', 'OFFSET') WHERE db = 'unmade' AND name = '${name}'`
  );
}

const cases: readonly Unmade[] = [
  {
    what: 'triggers on a column that was dropped',
    setup: [
      'CREATE TABLE item (id int PRIMARY KEY, price int, old_price int, `été` int)',
      'CREATE TRIGGER on_new BEFORE UPDATE ON item FOR EACH ROW SET NEW.old_price = OLD.price',
      'CREATE TRIGGER on_old AFTER DELETE ON item FOR EACH ROW BEGIN DECLARE was int; /* OLD.price */ SET was = `OLD` . `ÉTÉ`; END',
      `CREATE TRIGGER sound BEFORE INSERT ON item FOR EACH ROW SET NEW.price = LENGTH('NEW.old_price'), NEW.ID = NEW.Id`,
      'ALTER TABLE item DROP COLUMN old_price, DROP COLUMN `été`',
      'INSERT INTO item VALUES (1, 5)',
    ],
    named: { on_new: /no column old_price/, on_old: /no column ÉTÉ/ },
  },
  {
    what: 'a view over one whose definer is gone',
    setup: [
      "CREATE DEFINER = 'left_company'@'%' VIEW answer AS SELECT 42 AS n",
      'CREATE USER left_company@`%`',
      'GRANT ALL ON unmade.* TO left_company@`%`',
      'CREATE VIEW again AS SELECT n FROM answer',
      'DROP USER left_company@`%`',
    ],
    named: { again: /definer/, answer: /definer/ },
  },
  {
    what: 'a routine and an event in the words of an older server',
    family: 'mariadb',
    setup: [
      'CREATE PROCEDURE page_of(IN first_row int) BEGIN DECLARE XFFSET int DEFAULT 0; SET XFFSET = first_row; SELECT XFFSET; END',
      'CREATE EVENT turn_page ON SCHEDULE EVERY 1 DAY DO BEGIN DECLARE XFFSET int DEFAULT 0; SELECT XFFSET; END',
      'CREATE PROCEDURE sound_one() SELECT 1',
      inOldWords('proc', 'page_of'),
      inOldWords('event', 'turn_page'),
    ],
    named: { page_of: /SQL syntax/, turn_page: /SQL syntax/ },
  },
  {
    what: 'a view that the server lists as a table, since it cannot open it',
    family: 'mariadb',
    setup: [
      'CREATE TABLE price (id int PRIMARY KEY, p int) WITH SYSTEM VERSIONING',
      'INSERT INTO price VALUES (1, 1)',
      "CREATE VIEW history AS SELECT id, p FROM price FOR SYSTEM_TIME BETWEEN '2020-01-01' AND NOW()",
    ],
    named: { history: /DATETIME/ },
  },
  {
    what: 'a view that the server cannot show',
    family: 'mysql',
    setup: [
      'CREATE TABLE words (id int PRIMARY KEY, n varchar(20))',
      'CREATE VIEW trimmed AS SELECT id, TRIM(BOTH FROM n) AS n FROM words',
    ],
    named: { trimmed: /SQL syntax/ },
  },
];

export function testMysqlUnmade(fixture: EngineFixture, source: () => TestServer): void {
  const own = cases.filter(({ family }) => family === undefined || family === fixture.family);

  describe(`${fixture.name}: objects that no server makes again`, () => {
    afterEach(() => source().run('DROP DATABASE IF EXISTS unmade'));

    test(own.map(({ what }) => what).join('; '), { timeout: 60_000 }, async () => {
      await fixture.createDatabase(source(), 'unmade');
      const session = await sqlSession(source(), 'unmade');
      for (const sql of own.flatMap(({ setup }) => setup)) await session.query(sql);
      await session.close();
      const expected = new Map(own.flatMap(({ named }) => Object.entries(named)));
      const engine = fixture.open(source(), ['unmade']);
      const backup = await takeShard(engine);
      const findings = (await engine.check()).filter(({ subject }) => subject.startsWith('unmade.'));
      expect(findings.map(({ subject }) => subject.slice('unmade.'.length)).sort()).toEqual(
        [...expected.keys()].sort(),
      );
      for (const { subject, cause, warning } of findings) {
        expect(warning, subject).toBe(true);
        expect(cause).toMatch(expected.get(subject.slice('unmade.'.length)) ?? /nothing/);
      }
      await source().run('DROP DATABASE unmade');
      await restoreShard(engine, backup, 'unmade');
      const left = await source().run(
        `SELECT TRIGGER_NAME AS n FROM information_schema.TRIGGERS WHERE TRIGGER_SCHEMA = 'unmade'
         UNION ALL SELECT ROUTINE_NAME FROM information_schema.ROUTINES WHERE ROUTINE_SCHEMA = 'unmade'
         UNION ALL SELECT TABLE_NAME FROM information_schema.TABLES WHERE TABLE_SCHEMA = 'unmade' ORDER BY 1`,
      );
      const names = left.map((row) => String(row['n']));
      expect(names).toEqual(expect.arrayContaining(['item', 'sound']));
      if (fixture.family === 'mariadb') expect(names).toEqual(expect.arrayContaining(['price', 'sound_one']));
      // Views of a definer who is gone can be made all the same, and are named since nobody can use them.
      expect(names.filter((name) => expected.has(name))).toEqual(['again', 'answer']);
    });
  });
}

/** Foreign keys that a server takes in one way only: they come back as they are. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { TestServer } from '../servers/server.ts';
import type { EngineFixture } from './engine-fixture.ts';
import { restoreShard, takeShard } from './memory-shard.ts';
import { sqlSession } from './mysql-fixture.ts';

const latin = 'varchar(8) CHARACTER SET latin1 COLLATE latin1_swedish_ci';
const wide = 'varchar(8) CHARACTER SET utf8mb4 COLLATE utf8mb4_general_ci';
const zone = (type: string): string => `CREATE TABLE past.zone (code ${type} PRIMARY KEY)`;
const country = (type: string): string =>
  `CREATE TABLE country (code ${type} PRIMARY KEY, zone ${latin}, CONSTRAINT to_zone FOREIGN KEY (zone) REFERENCES past.zone (code))`;

const both: readonly string[] = [
  'CREATE TABLE office (id int AUTO_INCREMENT PRIMARY KEY)',
  "CREATE TABLE worker (id int AUTO_INCREMENT PRIMARY KEY, office_id int, motto varchar(60) AS (CONCAT('office ', office_id)) STORED, " +
    'CONSTRAINT to_office FOREIGN KEY (office_id) REFERENCES office (id))',
  'INSERT INTO office VALUES (7)',
  'INSERT INTO worker (office_id) VALUES (7), (NULL)',
  'CREATE TABLE stray (id int PRIMARY KEY, gone int, CONSTRAINT to_nowhere FOREIGN KEY (gone) REFERENCES nowhere (id))',
];
/** Of parents that were replaced: by others of another character set, one pointing to the next, by one without an index, by one with an index of its first letters. */
const onMariadb: readonly string[] = [
  'ALTER TABLE worker DROP FOREIGN KEY to_office',
  'ALTER TABLE worker ADD CONSTRAINT to_office FOREIGN KEY (office_id) REFERENCES office (id) ON DELETE CASCADE, ALGORITHM=COPY',
  zone(latin),
  country(latin),
  `CREATE TABLE city (id int PRIMARY KEY, country ${latin}, CONSTRAINT to_country FOREIGN KEY (country) REFERENCES country (code))`,
  'CREATE TABLE unindexed (id int, k int, KEY (k))',
  'CREATE TABLE pointing (id int PRIMARY KEY, k int, CONSTRAINT to_unindexed FOREIGN KEY (k) REFERENCES unindexed (k))',
  'DROP TABLE country',
  country(wide),
  'DROP TABLE past.zone',
  zone(wide),
  'DROP TABLE unindexed',
  'CREATE TABLE unindexed (id int, k int, KEY (id))',
  'CREATE TABLE dictionary (id int, word varchar(100), KEY (word))',
  'CREATE TABLE spoken (id int PRIMARY KEY, word varchar(100), CONSTRAINT to_word FOREIGN KEY (word) REFERENCES dictionary (word))',
  'DROP TABLE dictionary',
  'CREATE TABLE dictionary (id int, word varchar(100), KEY (word(10)))',
  "INSERT INTO past.zone VALUES ('z')",
  "INSERT INTO country VALUES ('fr', 'z')",
  "INSERT INTO city VALUES (1, 'fr')",
  'CREATE TRIGGER noted BEFORE UPDATE ON country FOR EACH ROW SET NEW.zone = NEW.zone',
];

export function testMysqlOddKeys(fixture: EngineFixture, source: () => TestServer): void {
  describe(`${fixture.name}: foreign keys of odd tables`, () => {
    let target: TestServer;

    beforeAll(async () => {
      target = await fixture.startServer();
      for (const database of ['keys', 'past']) await fixture.createDatabase(source(), database);
      const session = await sqlSession(source(), 'keys');
      try {
        await session.query('SET foreign_key_checks = 0');
        for (const sql of [...both, ...(fixture.family === 'mariadb' ? onMariadb : [])])
          await session.query(sql);
      } finally {
        await session.close();
      }
    });

    afterAll(async () => {
      await source().run(
        'SET foreign_key_checks = 0; DROP DATABASE IF EXISTS `keys`; DROP DATABASE IF EXISTS past',
      );
      await target?.stop();
    });

    const tables = async (server: TestServer): Promise<Record<string, unknown>> => {
      const rows = await server.run(
        "SELECT CONCAT('`', TABLE_SCHEMA, '`.', TABLE_NAME) AS n FROM information_schema.TABLES WHERE TABLE_SCHEMA IN ('keys', 'past')",
      );
      const told: Record<string, unknown> = {};
      for (const name of rows.map((row) => String(row['n'])).toSorted()) {
        const [shown] = await server.run(`SHOW CREATE TABLE ${name}`);
        told[name] = [shown?.['Create Table'], await server.run(`SELECT * FROM ${name}`)];
      }
      return told;
    };

    if (fixture.family === 'mysql')
      test('a document that is larger than a packet of the target is refused by the plan', async () => {
        await source().run(
          "CREATE DATABASE documents; CREATE TABLE documents.t (id int PRIMARY KEY, j json); INSERT INTO documents.t VALUES (1, '[]'), " +
            "(2, CONCAT('[\"', REPEAT('x', 3000000), '\"]')), (3, '{}')",
        );
        const set = await takeShard(fixture.open(source(), ['documents']));
        await source().run('DROP DATABASE documents');
        const about = async (bytes: number): Promise<unknown[]> => {
          await target.run(`SET GLOBAL max_allowed_packet = ${bytes}`);
          const findings = await fixture.open(target).fit(set.stored);
          return findings.filter(({ subject }) => subject === 'documents.t').map(({ warning }) => warning);
        };
        const before = await target.run('SELECT @@GLOBAL.max_allowed_packet AS n');
        expect(await about(1024 * 1024)).toEqual([false]);
        expect(await about(4 * 1024 * 1024)).toEqual([true]);
        expect(await about(Number(before[0]?.['n']))).toEqual([]);
      });

    test('they come back as they were', async () => {
      const set = await takeShard(fixture.open(source(), ['keys', 'past']));
      // As if they were large: their indexes follow the data.
      const large = set.stored.tables.map((table) => ({
        ...table,
        engine: { ...table.engine, dataBytes: 2 ** 40 },
      }));
      const warnings = await restoreShard(
        fixture.open(target),
        { ...set, stored: { ...set.stored, tables: large } },
        'oddkeys1',
      );
      expect(warnings).toEqual([]);
      const before = await tables(source());
      expect(Object.keys(before).length).toBeGreaterThan(2);
      expect(await tables(target)).toEqual(before);
    });
  });
}

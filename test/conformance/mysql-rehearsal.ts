/** What no query of the catalogue tells of MySQL and MariaDB: a rehearsal finds it before a backup. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { TestServer } from '../servers/server.ts';
import type { EngineFixture } from './engine-fixture.ts';
import { rehearsalFolders, testRehearsalEnds } from './engine-rehearsal.ts';
import { rehearse } from './rehearse.ts';

/** All of this comes back, and of some of it the first hundred rows do not tell. */
const sound = `
  CREATE TABLE parent (id int PRIMARY KEY AUTO_INCREMENT, name varchar(40) UNIQUE) ENGINE=InnoDB;
  INSERT INTO parent (name) VALUES ('a'); INSERT INTO parent (name) SELECT UUID() FROM parent a, parent b;
  INSERT INTO parent (name) SELECT UUID() FROM parent a, parent b, parent c, parent d, parent e, parent f, parent g;
  CREATE TABLE child (id int, half int GENERATED ALWAYS AS (id DIV 2) STORED, FOREIGN KEY (id) REFERENCES parent (id)) ENGINE=InnoDB;
  INSERT INTO child (id) SELECT id FROM parent ORDER BY id DESC;
  CREATE VIEW names AS SELECT name FROM parent;
  CREATE TRIGGER noted BEFORE INSERT ON child FOR EACH ROW SET NEW.id = NEW.id;
  CREATE EVENT nightly ON SCHEDULE EVERY 1 DAY DO DELETE FROM child;
  CREATE PROCEDURE counted() SELECT COUNT(*) FROM child;`;

/** A view that names a column which is gone. */
const unsound = `
  CREATE TABLE items (id int PRIMARY KEY, price int, old_price int) ENGINE=InnoDB;
  CREATE VIEW prices AS SELECT price, old_price FROM items;
  ALTER TABLE items DROP COLUMN old_price;`;

export function testMysqlRehearsal(fixture: EngineFixture): void {
  describe(`${fixture.name}: rehearsals`, () => {
    let source: TestServer;
    beforeAll(async () => {
      source = await fixture.startServer();
      for (const [name, setup] of Object.entries({ sound, unsound })) {
        await fixture.createDatabase(source, name);
        await source.run(setup, name);
      }
    });
    afterAll(() => source?.stop());

    test('an object that cannot come back is named', async () => {
      const before = await fixture.listDatabases(source);
      const { findings, server } = await rehearse(fixture.open(source, ['unsound']));
      expect(findings).toMatchObject([{ code: 'not-supported', subject: 'unsound.prices', warning: true }]);
      expect(findings[0]?.cause).toMatch(/left out/);
      expect(server.version).toMatch(new RegExp(`^${source.version}`));
      expect(await fixture.listDatabases(source)).toEqual(before);
      expect(rehearsalFolders()).toEqual([]);
    });

    test('what comes back is not named, although only the first rows are there', async () => {
      const { findings, sums } = await rehearse(fixture.open(source, ['sound']));
      expect(findings).toEqual([]);
      expect(sums).toMatchObject({ tables: 2, rows: 200 });
    });

    test('the schema alone: no row is read', async () => {
      const { findings, sums } = await rehearse(fixture.open(source, ['sound', 'unsound']), 0);
      expect(sums.rows).toBe(0);
      expect(findings).toHaveLength(1);
    });

    testRehearsalEnds(fixture, () => source);
  });
}

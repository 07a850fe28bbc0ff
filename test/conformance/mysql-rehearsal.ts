/** What no query of the catalogue tells of MySQL and MariaDB: a rehearsal finds it before a backup. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { MemoryStore } from '../../repository/stores/memory.ts';
import { Progress } from '../../shard-agent/progress.ts';
import { takeSample } from '../../shard-agent/rehearsal/rehearsal.ts';
import type { TestServer } from '../servers/server.ts';
import type { EngineFixture } from './engine-fixture.ts';
import { rehearsalFolders, testRehearsalEnds } from './engine-rehearsal.ts';
import { rehearse, rehearseOn } from './rehearse.ts';

/** All of this comes back, and of some of it the first hundred rows do not tell. */
const sound = `
  CREATE TABLE parent (id int PRIMARY KEY AUTO_INCREMENT, name varchar(40) UNIQUE) ENGINE=InnoDB;
  INSERT INTO parent (name) VALUES ('a'); INSERT INTO parent (name) SELECT UUID() FROM parent a, parent b;
  INSERT INTO parent (name) SELECT UUID() FROM parent a, parent b, parent c, parent d, parent e, parent f, parent g;
  CREATE TABLE child (id int, half int GENERATED ALWAYS AS (id DIV 2) STORED, FOREIGN KEY (id) REFERENCES parent (id)) ENGINE=InnoDB;
  INSERT INTO child (id) SELECT id FROM parent ORDER BY id DESC;
  CREATE VIEW names AS SELECT name FROM parent;
  CREATE TRIGGER noted BEFORE INSERT ON child FOR EACH ROW SET NEW.id = NEW.id;
  CREATE EVENT nightly ON SCHEDULE EVERY 1 DAY STARTS CURRENT_TIMESTAMP + INTERVAL 1 DAY DO DELETE FROM child;
  CREATE PROCEDURE counted() SELECT COUNT(*) FROM child;`;

/** A view that names a column which is gone. */
const unsound = `
  CREATE TABLE items (id int PRIMARY KEY, price int, old_price int) ENGINE=InnoDB;
  CREATE VIEW prices AS SELECT price, old_price FROM items;
  ALTER TABLE items DROP COLUMN old_price;`;

/** On MariaDB: a table of an engine that a scratch server has not, with what needs it. */
const withoutEngine = `
  INSTALL SONAME 'ha_blackhole'; CREATE TABLE gone (id int PRIMARY KEY) ENGINE=BLACKHOLE;
  CREATE VIEW over_gone AS SELECT id FROM gone; CREATE VIEW over_that AS SELECT id FROM over_gone;
  CREATE TRIGGER on_gone BEFORE INSERT ON gone FOR EACH ROW SET NEW.id = 1;`;

/** What the account below is refused, and views that need it. */
const refused = (gone: string): string => `${unsound}
  CREATE TABLE parent (id int PRIMARY KEY) ENGINE=InnoDB; INSERT INTO parent VALUES (1);
  CREATE TABLE child (id int PRIMARY KEY, CONSTRAINT of_parent FOREIGN KEY (id) REFERENCES parent (id)) ENGINE=InnoDB;
  ${gone}; CREATE VIEW over_gone AS SELECT id FROM gone; CREATE VIEW over_that AS SELECT id FROM over_gone;
  CREATE TRIGGER noted BEFORE INSERT ON child FOR EACH ROW SET NEW.id = NEW.id;
  CREATE EVENT nightly ON SCHEDULE EVERY 1 DAY STARTS CURRENT_TIMESTAMP + INTERVAL 1 DAY DO DELETE FROM child;
  CREATE PROCEDURE counted() SELECT COUNT(*) FROM child; CREATE PROCEDURE again() CALL counted();`;
/** Of an engine that the target has not, or with a foreign key that is made with it. */
const goneTable = {
  mariadb: 'CREATE TABLE gone (id int PRIMARY KEY) ENGINE=BLACKHOLE',
  mysql:
    'CREATE TABLE gone (id int PRIMARY KEY, n int, two int AS (n * 2) STORED, FOREIGN KEY (id) REFERENCES parent (id) ON DELETE CASCADE)',
};

/** Not of REFERENCES, TRIGGER, CREATE ROUTINE and EVENT. */
const account = (more: string): string => `CREATE USER weak@'127.0.0.1' IDENTIFIED BY 'weak';
  GRANT SELECT, INSERT, UPDATE, DELETE, CREATE, DROP, ALTER, INDEX, LOCK TABLES, CREATE VIEW, SHOW VIEW, SUPER${more} ON *.* TO weak@'127.0.0.1'`;

export function testMysqlRehearsal(fixture: EngineFixture): void {
  const onMariadb = fixture.family === 'mariadb';
  describe(`${fixture.name}: rehearsals`, () => {
    let source: TestServer;
    beforeAll(async () => {
      source = await fixture.startServer();
      for (const [name, setup] of Object.entries({ sound, unsound })) {
        await fixture.createDatabase(source, name);
        await source.run(setup, name);
      }
      if (onMariadb) await source.run(withoutEngine, 'unsound');
    });
    afterAll(() => source?.stop());

    test('an object that cannot come back is named, and not what only needs it', async () => {
      const before = await fixture.listDatabases(source);
      const { findings, server } = await rehearse(fixture.open(source, ['unsound']));
      const gone = { code: 'database-failed', subject: 'table unsound.gone', warning: false };
      const prices = { code: 'not-supported', subject: 'unsound.prices', warning: true };
      expect(findings).toMatchObject(onMariadb ? [gone, prices] : [prices]);
      expect(findings.at(-1)?.cause).toMatch(/left out/);
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
      expect(findings).toHaveLength(onMariadb ? 2 : 1);
    });

    test('each object that is refused is named, and none hides another', async () => {
      await fixture.createDatabase(source, 'refused');
      await source.run(refused(onMariadb ? goneTable.mariadb : goneTable.mysql), 'refused');
      const order = {
        cluster: 'shop',
        shard: 'shop-00',
        lanes: 2,
        rows: 100,
        progress: new Progress('schema'),
      };
      const store = new MemoryStore('memory:');
      const { signal } = new AbortController();
      const sample = await takeSample({ ...order, engine: fixture.open(source, ['refused']), signal }, store);
      // The same server, as a target that lacks an engine, the privileges of this account and the loading of rows.
      await fixture.dropDatabase(source, 'refused');
      if (onMariadb) await source.run("UNINSTALL SONAME 'ha_blackhole'");
      await source.run(
        `SET GLOBAL local_infile = OFF; ${account(onMariadb ? '' : ', SYSTEM_VARIABLES_ADMIN, SET_ANY_DEFINER')}`,
      );
      const findings = await rehearseOn(
        fixture.open({ ...source, user: 'weak', password: 'weak' }),
        store,
        sample,
      );
      await source.run(`SET GLOBAL local_infile = ON; DROP USER weak@'127.0.0.1'`);
      expect(findings.map(({ subject }) => subject).toSorted()).toEqual([
        // MariaDB asks for no privilege on the other table.
        ...(onMariadb ? [] : ['CONSTRAINT `of_parent` FOREIGN KEY of refused.child']),
        'event refused.nightly',
        'procedure refused.again',
        'procedure refused.counted',
        'refused.prices',
        'rows of refused.parent',
        'table refused.gone',
        'trigger refused.noted',
      ]);
      expect(await fixture.listDatabases(source)).toEqual(['sound', 'unsound']);
    });

    testRehearsalEnds(fixture, () => source);
  });
}

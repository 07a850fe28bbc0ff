/** What no query of the catalogue tells: a rehearsal finds it before a backup. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { TestServer } from '../servers/server.ts';
import { rehearsalFolders, testRehearsalEnds } from './engine-rehearsal.ts';
import { openServer, type PostgresFixture } from './postgres-fixture.ts';
import { rehearse } from './rehearse.ts';

interface Refused {
  readonly what: string;
  /** All in one database. */
  readonly setup: string;
  /** The finding's subject behind the database, and its cause. */
  readonly says: readonly [subject: RegExp, cause: RegExp];
  readonly warning?: true;
}

const refused: readonly Refused[] = [
  {
    what: 'a function whose library is gone, and not the view that uses it',
    setup: `CREATE FUNCTION gone() RETURNS text LANGUAGE c AS '$libdir/plpgsql', 'plpgsql_call_handler';
      CREATE VIEW over_gone AS SELECT gone(); UPDATE pg_proc SET probin = '/nowhere/gone' WHERE proname = 'gone'`,
    says: [/^FUNCTION public gone\(\)$/, /could not access file "\/nowhere\/gone"/],
  },
  {
    what: 'a materialised view through a function that was replaced, and not the view over it',
    setup: `CREATE FUNCTION one() RETURNS int LANGUAGE plpgsql AS 'BEGIN RETURN 1; END'; CREATE MATERIALIZED VIEW lost AS SELECT one();
      CREATE MATERIALIZED VIEW over_lost AS SELECT * FROM lost;
      CREATE OR REPLACE FUNCTION one() RETURNS int LANGUAGE plpgsql AS 'BEGIN RETURN nowhere(); END'`,
    says: [/^MATERIALIZED VIEW DATA public lost$/, /function nowhere\(\) does not exist/],
  },
  {
    what: 'rows under a check whose function was replaced',
    setup: `CREATE FUNCTION fine(int) RETURNS bool IMMUTABLE LANGUAGE plpgsql AS 'BEGIN RETURN true; END';
      CREATE TABLE called (a int CHECK (public.fine(a))); INSERT INTO called VALUES (1);
      CREATE OR REPLACE FUNCTION fine(int) RETURNS bool IMMUTABLE LANGUAGE plpgsql AS 'BEGIN RETURN nowhere(); END'`,
    says: [/^rows of public.called$/, /function nowhere\(\) does not exist/],
  },
  {
    what: 'a check that reads another table, of which not every row is there',
    setup: `CREATE TABLE words (val text PRIMARY KEY); INSERT INTO words SELECT 'w' || g FROM generate_series(1, 500) g;
      INSERT INTO words VALUES ('z');
      CREATE FUNCTION known(t text) RETURNS bool STABLE LANGUAGE sql AS 'SELECT EXISTS (SELECT FROM public.words WHERE val = $1)';
      CREATE TABLE checked (val text CHECK (public.known(val))); INSERT INTO checked VALUES ('z')`,
    says: [/^rows of public.checked$/, /violates check constraint/],
    warning: true,
  },
];

/** All of this comes back, and of most of it the first hundred rows do not tell. */
const sound = `
  CREATE TABLE parent (id int PRIMARY KEY, name text UNIQUE); INSERT INTO parent SELECT g, 'n' || g FROM generate_series(1, 1000) g;
  CREATE TABLE child (id int REFERENCES parent, half int GENERATED ALWAYS AS (id / 2) STORED);
  INSERT INTO child SELECT g FROM generate_series(1000, 1, -1) g;
  CREATE MATERIALIZED VIEW share AS SELECT 1 / count(*) AS share FROM parent WHERE id > 900;
  CREATE UNIQUE INDEX ON child (id); COMMENT ON CONSTRAINT child_id_fkey ON child IS 'of the parent';
  CREATE FUNCTION noted() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RETURN new; END $$;
  CREATE TRIGGER noted BEFORE INSERT ON child FOR EACH ROW EXECUTE FUNCTION noted();
  CREATE TABLE guarded (a int); ALTER TABLE guarded ENABLE ROW LEVEL SECURITY; ALTER TABLE guarded OWNER TO "odd owner";
  CREATE TABLE base (a int); INSERT INTO base VALUES (1); CREATE MATERIALIZED VIEW z_base AS SELECT a FROM base;
  CREATE FUNCTION bases() RETURNS SETOF int STABLE LANGUAGE sql AS 'SELECT a FROM public.z_base';
  CREATE MATERIALIZED VIEW a_top AS SELECT count(*) FROM bases(); CREATE MATERIALIZED VIEW over_top AS SELECT * FROM a_top;
  CREATE TABLE watched (id int PRIMARY KEY); CREATE TABLE log (what regclass); INSERT INTO log VALUES ('watched_pkey'::regclass);
  CREATE SEQUENCE counted; CREATE PUBLICATION told FOR TABLE parent; ALTER DATABASE sound SET work_mem = '8MB'`;

export function testPostgresRehearsal(fixture: PostgresFixture): void {
  describe(`${fixture.name}: rehearsals`, () => {
    let source: TestServer;
    beforeAll(async () => {
      source = await fixture.startServer();
      await fixture.createDatabase(source, 'sound');
      await source.run(sound, 'sound');
      await fixture.createDatabase(source, 'unsound');
      await source.run('SET allow_system_table_mods = on', 'unsound');
      for (const { setup } of refused)
        await source.run(`SET allow_system_table_mods = on; ${setup}`, 'unsound');
    });
    afterAll(() => source?.stop());

    test('every object that cannot come back is named, and none hides another', async () => {
      const before = await source.run('SELECT count(*)::int AS n FROM pg_database');
      const { findings, server } = await rehearse(fixture.open(source, ['unsound']));
      for (const { what, says, warning } of refused) {
        const [subject, cause] = says;
        const found = findings.filter((each) =>
          subject.test(each.subject.replace(/^database unsound: /, '')),
        );
        expect(found, what).toMatchObject([{ code: 'database-failed', warning: warning ?? false }]);
        expect(found[0]?.cause, what).toMatch(cause);
      }
      expect(findings).toHaveLength(refused.length);
      expect(server.version).toBe(source.version);
      expect(await source.run('SELECT count(*)::int AS n FROM pg_database')).toEqual(before);
      expect(rehearsalFolders()).toEqual([]);
    });

    test('what comes back is not named, although only the first rows are there', async () => {
      const { findings, sums } = await rehearse(fixture.open(source, ['sound']));
      expect(findings.filter(({ warning }) => !warning)).toEqual([]);
      const share = 'database sound: MATERIALIZED VIEW DATA public share';
      expect(findings).toMatchObject([
        { subject: share, cause: expect.stringMatching(/^division by zero;/) },
      ]);
      expect(sums).toMatchObject({ tables: 6, rows: 202 });
    });

    test('the schema alone: no row is read', async () => {
      const { findings, sums } = await rehearse(fixture.open(source, ['unsound', 'sound']), 0);
      expect(sums.rows).toBe(0);
      const serious = findings.filter(({ warning }) => !warning).map(({ subject }) => subject);
      expect(serious.map((subject) => subject.replace(/^database unsound: /, '')).toSorted()).toEqual([
        'FUNCTION public gone()',
        'MATERIALIZED VIEW DATA public lost',
      ]);
    });

    test("without the server's own programs on this host it is said what to install", async () => {
      const engine = openServer(source, { databases: ['sound'], tools: { serverPrograms: '/nowhere' } });
      await expect(rehearse(engine)).rejects.toMatchObject({
        code: 'tool-missing',
        remedy: expect.stringContaining('--to'),
      });
    });

    testRehearsalEnds(fixture, () => source);
  });
}

/**
 * Expressions that a restore cannot evaluate at first: their functions look names up under a search path, read what comes later,
 * or see rows as their owner does. One set of all of them, and one restore.
 */
import { rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Finding, RestoreSession } from '../../shard-agent/engine.ts';
import type { PostgresServer } from '../servers/postgres.ts';
import { newFolder } from '../servers/run-folder.ts';
import { backupOrder } from './engine-conformance.ts';
import { loadChunks, type MemoryShard, prepareRestore, takeShard } from './memory-shard.ts';
import { majorOf, openServer, type PostgresFixture, postgresSession } from './postgres-fixture.ts';

const roles = `CREATE ROLE keeper; CREATE ROLE author; ALTER ROLE keeper SET search_path = own, public`;

/** Under the path of their owner, a role. Indexes are there before the rows, as on a server from version 17 on they must be. */
const paths = `
  CREATE SCHEMA own AUTHORIZATION keeper; SET ROLE keeper; SET search_path = own, public;
  CREATE FUNCTION own.low(t text) RETURNS text LANGUAGE sql IMMUTABLE AS 'SELECT lower($1)';
  CREATE FUNCTION own.inlined(t text) RETURNS text LANGUAGE sql IMMUTABLE AS 'SELECT low($1)';
  CREATE FUNCTION own.called(t text) RETURNS text LANGUAGE plpgsql IMMUTABLE AS 'BEGIN RETURN low(t); END';
  CREATE FUNCTION own.fine(t text) RETURNS bool LANGUAGE plpgsql IMMUTABLE AS 'BEGIN RETURN low(t) <> ''z''; END';
  CREATE TABLE own.made (id int PRIMARY KEY, t text, i text GENERATED ALWAYS AS (own.inlined(t)) STORED,
    c text GENERATED ALWAYS AS (own.called(t)) STORED);
  COMMENT ON COLUMN own.made.c IS 'kept'; INSERT INTO made VALUES (1, 'Ab');
  CREATE DOMAIN own.word AS text CHECK (own.fine(VALUE)); CREATE TABLE own.words (w own.word); INSERT INTO words VALUES ('q');
  CREATE TABLE own.parts (t text) PARTITION BY LIST ((own.inlined(t)));
  CREATE TABLE own.parts_a PARTITION OF own.parts FOR VALUES IN ('a'); CREATE TABLE own.parts_b PARTITION OF own.parts FOR VALUES IN ('b');
  CREATE INDEX parts_key ON own.parts (own.called(t)); INSERT INTO parts VALUES ('A'), ('B');
  CREATE TABLE own.apart (t text, CONSTRAINT apart_by EXCLUDE USING btree (own.called(t) WITH =));
  CREATE UNIQUE INDEX apart_key ON own.apart (own.called(t)) WHERE own.fine(t); COMMENT ON INDEX apart_key IS 'kept';
  CREATE STATISTICS own.counted ON (own.called(t)), t FROM own.apart; INSERT INTO apart VALUES ('A'), ('B')`;

/** Under the path of the database; reading ranges of it plans an index expression that names a type without its schema. */
const ranges = `
  ALTER DATABASE expr_ranges SET search_path = lib, public; CREATE SCHEMA lib; SET search_path = lib, public;
  CREATE DOMAIN lib.tag AS text; CREATE FUNCTION lib.tagged(t text) RETURNS text LANGUAGE sql IMMUTABLE AS 'SELECT lower($1)::tag::text';
  CREATE TABLE notes (id int PRIMARY KEY, body text); INSERT INTO notes SELECT g, repeat('x', 100) || g FROM generate_series(1, 5000) g;
  CREATE FUNCTION lib.plain(t text) RETURNS text LANGUAGE sql IMMUTABLE AS 'SELECT lower($1)'; CREATE INDEX notes_key ON notes (lib.plain(left(body, 20)));
  CREATE OR REPLACE FUNCTION lib.plain(t text) RETURNS text LANGUAGE sql IMMUTABLE AS 'SELECT tagged($1)'`;

const later = `
  CREATE TABLE allowed (val text PRIMARY KEY); INSERT INTO allowed SELECT 'w' || repeat(md5(g::text), 4) || g FROM generate_series(1, 5000) g;
  INSERT INTO allowed VALUES ('a'); CREATE MATERIALIZED VIEW allowed_then AS SELECT val FROM public.allowed;
  CREATE FUNCTION is_allowed(t text) RETURNS bool STABLE LANGUAGE sql AS 'SELECT EXISTS (SELECT FROM public.allowed WHERE val = $1)';
  CREATE FUNCTION was_allowed(t text) RETURNS bool STABLE LANGUAGE sql AS 'SELECT EXISTS (SELECT FROM public.allowed_then WHERE val = $1)';
  CREATE TABLE data (id int PRIMARY KEY, val text CHECK (public.is_allowed(val)), once text CHECK (public.was_allowed(once)));
  INSERT INTO data SELECT g, 'a', 'a' FROM generate_series(1, 30) g; CREATE TABLE child (id int REFERENCES data); INSERT INTO child VALUES (7);
  CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RAISE ''it fired''; END';
  CREATE TRIGGER fires BEFORE INSERT ON data FOR EACH ROW EXECUTE FUNCTION refuse();
  CREATE TABLE things (id int PRIMARY KEY, what regclass, how regprocedure, words regconfig);
  INSERT INTO things VALUES (1, 'data_pkey', 'is_allowed(text)', 'english'), (2, 'things_pkey', NULL, NULL);
  CREATE MATERIALIZED VIEW z_base AS SELECT id FROM data;
  CREATE FUNCTION bases() RETURNS SETOF int STABLE LANGUAGE sql AS 'SELECT id FROM public.z_base'; CREATE MATERIALIZED VIEW a_top AS SELECT count(*) FROM public.bases();
  CREATE TABLE orders (id int PRIMARY KEY, tenant text); INSERT INTO orders VALUES (1, 'a'), (2, 'b'); ALTER TABLE orders OWNER TO keeper;
  ALTER TABLE orders ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY; CREATE POLICY own ON orders USING (tenant = 'a');
  GRANT CREATE ON SCHEMA public TO keeper; SET ROLE keeper; CREATE MATERIALIZED VIEW seen AS SELECT * FROM orders`;

const far = (file: string): string => `
  CREATE EXTENSION file_fdw; CREATE SERVER files FOREIGN DATA WRAPPER file_fdw;
  CREATE FOREIGN TABLE prices (id int, name text) SERVER files OPTIONS (filename '${file}', format 'csv');
  CREATE MATERIALIZED VIEW cached AS SELECT * FROM prices; CREATE INDEX cached_id ON cached (id);
  CREATE MATERIALIZED VIEW on_top AS SELECT count(*) FROM cached; CREATE MATERIALIZED VIEW near AS SELECT 1 AS one`;

/** What servers before 17 take with the session's path. */
const before17 = `
  SET ROLE keeper; SET search_path = own, public; CREATE INDEX inlined_key ON made (own.inlined(t)); CREATE VIEW own.between AS SELECT own.called(t) AS t FROM apart;
  CREATE MATERIALIZED VIEW own.refreshed AS SELECT t FROM own.between; CREATE MATERIALIZED VIEW own.above AS SELECT t FROM own.refreshed; RESET ROLE;
  CREATE EXTENSION earthdistance CASCADE SCHEMA public; CREATE TABLE places (id int, lat float8, lon float8); INSERT INTO places VALUES (1, 50, 8);
  CREATE INDEX places_near ON places USING gist (public.ll_to_earth(lat, lon))`;

const databases = ['expr_paths', 'expr_ranges', 'expr_later', 'expr_far'] as const;

const sameOnBoth: Readonly<Record<string, readonly string[]>> = {
  expr_paths: [
    'SELECT id, t, i, c FROM own.made',
    'SELECT w FROM own.words',
    'SELECT tableoid::regclass, t FROM own.parts ORDER BY 2',
    'SELECT t FROM own.apart ORDER BY 1',
    `SELECT c.oid::regclass, c.relkind, c.relispopulated, pg_get_userbyid(c.relowner), obj_description(c.oid), pg_get_indexdef(c.oid), i.indisvalid
     FROM pg_class c LEFT JOIN pg_index i ON i.indexrelid = c.oid WHERE relnamespace = 'own'::regnamespace ORDER BY c.relname`,
    `SELECT conname, pg_get_constraintdef(oid), convalidated FROM pg_constraint WHERE connamespace = 'own'::regnamespace ORDER BY 1`,
    // Nothing is left of a path that was lent, and of a right.
    `SELECT p.oid::regprocedure, p.proconfig FROM pg_proc p WHERE p.oid >= 16384 ORDER BY p.proname, p.oid::regprocedure::text`,
    `SELECT nspname, nspacl FROM pg_namespace WHERE nspname IN ('own', 'public') ORDER BY 1`,
  ],
  expr_ranges: [
    'SELECT count(*), sum(hashtext(body)) FROM notes',
    `SELECT pg_get_indexdef('notes_key'::regclass)`,
  ],
  expr_later: [
    'SELECT id, val, once FROM data ORDER BY 1',
    'SELECT * FROM things ORDER BY 1',
    'SELECT count(*) FROM allowed',
    'SELECT count(*) FROM z_base',
    'SELECT * FROM a_top',
    'SELECT * FROM seen',
    'SELECT conname, convalidated FROM pg_constraint ORDER BY 1',
    `SELECT tgname, tgenabled FROM pg_trigger WHERE NOT tgisinternal`,
  ],
};

/** Without a restore: what no server takes back. */
const refused = `
  CREATE TABLE defaults_then AS SELECT * FROM pg_attrdef; CREATE TYPE pair AS (a int, tree pg_node_tree); CREATE TABLE nested (p pair[]);
  CREATE TABLE rights_then AS SELECT oid, relacl FROM pg_class WHERE false; CREATE TABLE people (who regrole, all_of regrole[]);
  INSERT INTO people VALUES ('author', '{author}'), (NULL, NULL); CREATE ROLE gone; INSERT INTO rights_then VALUES (1, '{gone=r/author}'); DROP ROLE gone`;

export function testPostgresExpressions(fixture: PostgresFixture): void {
  describe(`${fixture.name}: expressions`, () => {
    const folder = newFolder('expressions');
    const file = path.join(folder, 'rows.csv');
    let source: PostgresServer;
    let target: PostgresServer;
    let set: MemoryShard;
    let session: RestoreSession | undefined;

    beforeAll(async () => {
      writeFileSync(file, '1,a\n2,b\n', { mode: 0o644 });
      [source, target] = await Promise.all([fixture.start(), fixture.start()]);
      for (const server of [source, target]) await server.run(roles);
      for (const name of databases) await source.run(`CREATE DATABASE ${name}`);
      await run('expr_paths', paths);
      if (majorOf(source) < 17) await run('expr_paths', before17);
      await run('expr_ranges', ranges);
      await run('expr_later', later);
      await run('expr_far', far(file));
      set = await takeShard(openServer(source, { databases, tools: fixture.tools }), {
        chunkBytes: 16 << 10,
      });
      rmSync(file);
    }, 120_000);

    afterAll(async () => {
      await session?.close();
      await Promise.all([source?.stop(), target?.stop()]);
    });

    async function run(database: string, sql: string): Promise<void> {
      const one = await postgresSession(source, database);
      try {
        await one.query(sql);
      } finally {
        await one.close();
      }
    }

    test('come back in one restore, on one lane', { timeout: 120_000 }, async () => {
      session = await prepareRestore(openServer(target, { tools: fixture.tools }), set, 'expr1', {
        lanes: 1,
      });
      await session.stage();
      await loadChunks(await session.writeLanes(), set);
      await session.finishLoad();
      await session.closeTarget();
      await session.switch();
      await session.open();
      await session.finish();
    });

    test.each(Object.entries(sameOnBoth))('%s is the same', async (database, questions) => {
      for (const question of questions) {
        const [before, after] = await Promise.all(
          [source, target].map((server) =>
            server.run(`SET search_path = own, lib, public; ${question}`, database),
          ),
        );
        expect(after, question).toEqual(before);
        expect(after?.length, question).toBeGreaterThan(0);
      }
    });

    test('a table whose ranges the server cannot plan is read whole', () => {
      const notes = set.stored.tables.find(({ name }) => name === 'notes');
      const chunks = set.chunks.filter(({ line }) => line.table === notes?.table);
      expect(chunks.length).toBeGreaterThan(5);
      expect(new Set(chunks.map(({ line }) => line.range['fromBlock']))).toEqual(new Set([0]));
    });

    test('a view of rows that are out of reach is left unpopulated, and named', async () => {
      const populated = await target.run(
        `SELECT relname, relispopulated FROM pg_class WHERE relkind = 'm' ORDER BY 1`,
        'expr_far',
      );
      expect(populated).toEqual([
        { relname: 'cached', relispopulated: false },
        { relname: 'near', relispopulated: true },
        { relname: 'on_top', relispopulated: false },
      ]);
      expect(session?.warnings?.map(({ subject, warning }) => ({ subject, warning }))).toEqual([
        { subject: 'database expr_far: materialised view "public"."cached"', warning: true },
        { subject: 'database expr_far: materialised view "public"."on_top"', warning: true },
      ]);
      const [named] = (await namedBy('materialised views over foreign tables')) ?? [];
      expect(named).toMatchObject({
        warning: true,
        subject: expect.stringContaining('public.cached, public.on_top'),
      });
    });

    async function namedBy(things: string, database = 'expr_far'): Promise<Finding[]> {
      const findings = await openServer(source, { databases: [database], tools: fixture.tools }).check();
      return findings.filter(({ subject }) => subject.startsWith(`database ${database}: ${things}: `));
    }

    test('what fails under both paths says so', async () => {
      await source.run('CREATE DATABASE expr_never');
      await run(
        'expr_never',
        `CREATE SCHEMA hidden; CREATE FUNCTION hidden.low(t text) RETURNS text LANGUAGE sql IMMUTABLE AS 'SELECT lower($1)';
         CREATE FUNCTION low_of(t text) RETURNS text LANGUAGE plpgsql IMMUTABLE AS 'BEGIN RETURN low(t); END';
         SET search_path = hidden, public; CREATE TABLE t (a text CHECK (public.low_of(a) = 'a')); INSERT INTO t VALUES ('A')`,
      );
      const never = await takeShard(openServer(source, { databases: ['expr_never'], tools: fixture.tools }));
      const restore = await prepareRestore(openServer(target, { tools: fixture.tools }), never, 'expr2');
      try {
        await restore.stage();
        await loadChunks(await restore.writeLanes(), never);
        await expect(restore.finishLoad()).rejects.toMatchObject({
          code: 'database-failed',
          subject: 'expr_never: hidden.t',
          reason: expect.stringMatching(
            /^function low\(text\) does not exist; the same as \S+ with search_path "\$user", public$/,
          ),
          remedy: expect.stringContaining('ALTER FUNCTION'),
        });
        await restore.discard();
      } finally {
        await restore.close();
      }
    });

    test('values that no server takes are refused, and roles in values are looked for', async () => {
      await source.run('CREATE DATABASE expr_refused');
      await run('expr_refused', refused);
      const engine = openServer(source, { databases: ['expr_refused'], tools: fixture.tools });
      const [unreadable] = await namedBy('columns of types that are written and never read', 'expr_refused');
      expect(unreadable).toMatchObject({
        warning: false,
        subject: expect.stringContaining('public.defaults_then.adbin, public.nested.p'),
      });
      const [lost] = await namedBy('columns with grants to roles which are gone', 'expr_refused');
      expect(lost).toMatchObject({
        warning: false,
        subject: expect.stringContaining('"public"."rights_then"."relacl"'),
      });
      const [warned] = await namedBy('columns whose values name roles', 'expr_refused');
      expect(warned).toMatchObject({
        warning: true,
        subject: expect.stringContaining('public.people.all_of, public.people.who'),
      });
      await expect(engine.prepareBackup(backupOrder)).rejects.toMatchObject({ code: 'not-supported' });
      await run(
        'expr_refused',
        'DROP TABLE defaults_then, nested; DELETE FROM rights_then; INSERT INTO rights_then VALUES (2, NULL)',
      );
      const people = await takeShard(engine);
      await target.run('DROP ROLE author');
      const fits = await openServer(target, { tools: fixture.tools }).fit(people.stored, false);
      expect(fits.filter(({ warning }) => !warning).map(({ cause }) => cause)).toEqual([
        'role author does not exist',
      ]);
    });
  });
}

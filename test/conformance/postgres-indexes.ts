/** Indexes of large tables, which are built while other tables load: which may be, and that all come back. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { PostgresServer } from '../servers/postgres.ts';
import { loadChunks, prepareRestore, takeShard } from './memory-shard.ts';
import { openServer, type PostgresFixture } from './postgres-fixture.ts';

/** Above what is worth a build of its own: 5 MB in each table but the small ones. */
const fill = (id: string): string => `SELECT ${id}, repeat(md5(g::text), 8) FROM generate_series(1, 20000) g`;

/**
 * Nobody may create in the schema any more, not even its owner. `looked_up` says that it is immutable and reads another
 * table, the last to be loaded, in many chunks: an index on it is right only when that table's rows are in.
 */
const setup = `
  CREATE SCHEMA "the shop" AUTHORIZATION keeper; GRANT USAGE ON SCHEMA "the shop" TO app; SET search_path = "the shop", public;
  CREATE TABLE "a b" (id int, t text); INSERT INTO "a b" ${fill('g')};
  ALTER TABLE "a b" ADD CONSTRAINT aa_key PRIMARY KEY (id); CREATE UNIQUE INDEX "a b t" ON "a b" (t) INCLUDE (id); CREATE INDEX lower ON "a b" (lower(t)) WHERE id > 7;
  ALTER TABLE "a b" CLUSTER ON aa_key; ALTER TABLE "a b" REPLICA IDENTITY USING INDEX aa_key; COMMENT ON INDEX lower IS 'said of an index'; COMMENT ON CONSTRAINT aa_key ON "a b" IS 'said of the first key of all';
  CREATE TABLE "a" (id int, t text); INSERT INTO "a" SELECT 1, 'x'; CREATE INDEX on_a ON "a" (t);
  CREATE TABLE parts (id int, t text) PARTITION BY RANGE (id); CREATE TABLE low PARTITION OF parts FOR VALUES FROM (0) TO (20001); CREATE TABLE high PARTITION OF parts FOR VALUES FROM (20001) TO (90000);
  INSERT INTO parts ${fill('g')}; INSERT INTO parts ${fill('g + 20000')}; ALTER TABLE parts ADD CONSTRAINT parts_key UNIQUE (id); CREATE INDEX parts_t ON parts (t);
  CREATE TABLE zz_last (id int PRIMARY KEY, word text); INSERT INTO zz_last SELECT g, repeat(md5(g::text), 32) FROM generate_series(1, 2000) g;
  CREATE FUNCTION looked_up(int) RETURNS text IMMUTABLE LANGUAGE sql AS 'SELECT word FROM "the shop".zz_last WHERE id = $1 % 3';
  CREATE INDEX by_word ON "a b" (looked_up(id));
  ALTER TABLE parts ADD CONSTRAINT parts_of FOREIGN KEY (id) REFERENCES parts (id);
  ALTER FUNCTION looked_up OWNER TO app; ${['"a b"', 'a', 'parts', 'low', 'high', 'zz_last'].map((table) => `ALTER TABLE ${table} OWNER TO app`).join('; ')}; REVOKE CREATE ON SCHEMA "the shop" FROM keeper`;

const built = `SELECT indexrelid::regclass::text AS name FROM pg_index WHERE indexrelid >= 16384 AND indrelid::regclass::text ~ 'shop' ORDER BY 1`;

const comesBack = [
  `SELECT pg_get_indexdef(indexrelid) AS is, indisvalid, indisclustered, indisreplident, indislive, inhparent::regclass::text AS attached_to, obj_description(indexrelid) AS says
   FROM pg_index LEFT JOIN pg_inherits ON inhrelid = indexrelid WHERE indexrelid >= 16384 AND indrelid::regclass::text ~ 'shop' ORDER BY 1`,
  `SELECT conname, conrelid::regclass::text AS of, pg_get_constraintdef(oid) AS is, obj_description(oid, 'pg_constraint') AS says FROM pg_constraint WHERE connamespace = '"the shop"'::regnamespace ORDER BY 1, 2`,
  `SET enable_seqscan = off; SELECT count(*)::int FROM "the shop"."a b" WHERE "the shop".looked_up(id) = repeat(md5('1'), 32)`,
  `SELECT nspacl::text FROM pg_namespace WHERE nspname = 'the shop'`,
];

export function testPostgresIndexes(fixture: PostgresFixture): void {
  describe(`${fixture.name}: indexes while rows load`, () => {
    let source: PostgresServer;
    let target: PostgresServer;

    beforeAll(async () => {
      source = await fixture.start();
      target = await fixture.start();
      for (const server of [source, target]) await server.run('CREATE ROLE app; CREATE ROLE keeper');
      await target.run(
        `CREATE ROLE restorer LOGIN CREATEDB PASSWORD 'secret'; GRANT app, keeper TO restorer`,
      );
      await source.run('CREATE DATABASE shop OWNER keeper');
      await source.run(setup, 'shop');
    });

    afterAll(async () => {
      await source?.stop();
      await target?.stop();
    });

    test('those that need nothing but their table stand before the last row is in, and all come back as they were', async () => {
      const open = (server: PostgresServer, user: string, password: string) =>
        openServer(server, { user, password, databases: ['shop'], tools: fixture.tools });
      const set = await takeShard(open(source, 'postgres', source.password));
      const last = set.stored.tables.find(({ name }) => name === 'zz_last')?.table;
      const session = await prepareRestore(open(target, 'restorer', 'secret'), set, 'indexes');
      try {
        await session.stage();
        const lanes = await session.writeLanes();
        const ofLast = set.chunks.filter(({ line }) => line.table === last);
        const others = set.chunks.filter(({ line }) => line.table !== last);
        await loadChunks(lanes, { ...set, chunks: others });
        // By one lane, which then builds one after each chunk: with two, the other might load all while it builds the first.
        await loadChunks(lanes.slice(0, 1), { ...set, chunks: ofLast.slice(1) });
        const [staging] = await target.run(`SELECT datname FROM pg_database WHERE datname ~ 'indexes'`);
        const names = await target.run(built, String(staging?.['datname']));
        expect(names.map(({ name }) => name)).toEqual([
          '"the shop"."a b t"',
          '"the shop".aa_key',
          '"the shop".high_id_key',
          '"the shop".high_t_idx',
          '"the shop".low_id_key',
          '"the shop".low_t_idx',
          '"the shop".lower',
        ]);
        await loadChunks(lanes, { ...set, chunks: ofLast.slice(0, 1) });
        await session.finishLoad();
        await session.switch();
        await session.open();
        await session.finish();
      } finally {
        await session.close();
      }
      for (const question of comesBack)
        expect(await target.run(question, 'shop')).toEqual(await source.run(question, 'shop'));
    });
  });
}

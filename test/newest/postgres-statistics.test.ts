/** The planner's statistics after a restore onto a server that takes them: the source's, or made there. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type MemoryShard, restoreShard, takeShard } from '../conformance/memory-shard.ts';
import { openServer, postgresFixture } from '../conformance/postgres-fixture.ts';
import { newestPostgresTools, startNewestPostgres } from '../servers/newest.ts';
import { startPostgres, type PostgresServer } from '../servers/postgres.ts';

const tools = await newestPostgresTools();
const newest = postgresFixture('PostgreSQL 18', startNewestPostgres, tools);
const elder = postgresFixture('PostgreSQL 15', startPostgres, tools);

/** Analysed before two thirds of the rows came: no ANALYZE of all of them gives the same. */
const setup = `
  CREATE TYPE mood AS ENUM ('sad', 'ok', 'glad');
  CREATE FUNCTION few(n int) RETURNS SETOF int LANGUAGE sql AS 'SELECT generate_series(1, n)';
  CREATE TABLE "odd "" name's \\ {x}" (
    id int PRIMARY KEY, gone text, "odd, ""col'' \\" text, m mood, tags text[], spans int4multirange, span daterange, body jsonb, nothing text,
    twice int GENERATED ALWAYS AS (id * 2) STORED, never int GENERATED ALWAYS AS (id * 3) VIRTUAL, point point, words tsvector, bits varbit, at timestamptz, n numeric, f float4);
  ALTER TABLE "odd "" name's \\ {x}" DROP gone;
  CREATE VIEW rows_of AS SELECT g AS id, 'it''s "' || g % 7 || E'" \\\\ {a,b}\\n,' AS t, (enum_range(NULL::mood))[1 + g % 3] AS m, ARRAY['a' || g % 5, NULL, 'b,"'] AS tags,
    int4multirange(int4range(g, g + 5), int4range(g + 9, g + 12)) AS spans, daterange('2020-01-01', '2020-01-02'::date + g % 30) AS span, jsonb_build_object('k', g % 9, 'x', repeat('y', 40)) AS body,
    point(g, 1) AS p, to_tsvector('simple', 'word' || g % 11 || ' all') AS words, (g % 13)::bit(8)::varbit AS bits, timestamptz '2020-01-01 UTC' + g * interval '1 hour' AS at, g / 7.0 AS n, (g / 3.0)::float4 AS f
    FROM few(5000) g;
  INSERT INTO "odd "" name's \\ {x}" (id, "odd, ""col'' \\", m, tags, spans, span, body, point, words, bits, at, n, f) SELECT id, t, m, tags, spans, span, body, p, words, bits, at, n, f FROM rows_of;
  CREATE INDEX by_expression ON "odd "" name's \\ {x}" (lower("odd, ""col'' \\"), id, (id % 17)); CREATE INDEX partial ON "odd "" name's \\ {x}" ((id % 5)) WHERE id % 2 = 0;
  CREATE TABLE heap (a int, b text); INSERT INTO heap SELECT g % 40, repeat('x', 80) FROM few(6000) g;
  CREATE TABLE parent (id int, v int) PARTITION BY RANGE (id); CREATE TABLE part1 PARTITION OF parent FOR VALUES FROM (0) TO (10001); CREATE TABLE part2 PARTITION OF parent FOR VALUES FROM (10001) TO (30000);
  INSERT INTO parent SELECT g, g % 3 FROM few(20000) g;
  CREATE TABLE hashed (m mood, id int) PARTITION BY HASH (m); CREATE TABLE hashed0 PARTITION OF hashed FOR VALUES WITH (MODULUS 2, REMAINDER 0); CREATE TABLE hashed1 PARTITION OF hashed FOR VALUES WITH (MODULUS 2, REMAINDER 1);
  CREATE INDEX ON hashed (id); INSERT INTO hashed SELECT (enum_range(NULL::mood))[1 + g % 3], g FROM few(40000) g;
  CREATE TABLE elders (id int, v int); CREATE TABLE children (extra int) INHERITS (elders);
  INSERT INTO elders SELECT g, g % 4 FROM few(8000) g; INSERT INTO children SELECT g, g % 5, g FROM few(8000) g;
  CREATE MATERIALIZED VIEW kept AS SELECT g AS id, g % 6 AS v FROM few(9000) g; CREATE UNIQUE INDEX ON kept (id);
  CREATE TABLE never_analysed (a int, b int); INSERT INTO never_analysed SELECT g, g % 3 FROM few(9000) g;
  CREATE TABLE extended (a int, b int); INSERT INTO extended SELECT g % 50, g % 50 FROM few(9000) g; CREATE STATISTICS both_columns ON a, b FROM extended;
  CREATE TABLE later (a int); INSERT INTO later SELECT g FROM few(9000) g;
  CREATE TABLE small (a int PRIMARY KEY); INSERT INTO small SELECT g FROM few(10) g;
  CREATE TABLE empty (a int);
  CREATE TABLE kinds (k regclass, n int); INSERT INTO kinds SELECT 'small'::regclass, g FROM few(9000) g`;

/** Rows change once more after the statistics were made. */
const analyse = `ANALYZE "odd "" name's \\ {x}"; ANALYZE heap; ANALYZE parent; ANALYZE hashed; ANALYZE elders; ANALYZE children; ANALYZE kept; ANALYZE extended; ANALYZE later; ANALYZE small; ANALYZE kinds`;
const change = `
  DELETE FROM heap WHERE a < 20; UPDATE part1 SET v = 7; DELETE FROM elders WHERE v = 1; UPDATE children SET extra = 1;
  UPDATE "odd "" name's \\ {x}" SET nothing = 'something', m = 'glad', tags = '{c}', span = 'empty', bits = B'1';
  ALTER TABLE later ADD b int; UPDATE later SET b = a % 10; INSERT INTO small SELECT g + 10 FROM few(10) g`;

/** Of these tables and of their indexes. */
const statisticsOf = (tables: readonly string[]): string => `
  SELECT s.* FROM pg_stats s WHERE schemaname = 'public' AND (tablename IN (${tables.join()})
    OR tablename IN (SELECT indexname FROM pg_indexes i WHERE i.schemaname = 'public' AND i.tablename IN (${tables.join()})))
  ORDER BY tablename, attname, inherited`;
const carried = [
  `'odd " name''s \\ {x}'`,
  `'heap'`,
  `'parent'`,
  `'hashed'`,
  `'part1'`,
  `'part2'`,
  `'elders'`,
  `'children'`,
];

describe('planner statistics', () => {
  let source: PostgresServer;
  let target: PostgresServer;
  let set: MemoryShard;

  beforeAll(async () => {
    // Nothing analyses but the test and the restore.
    const never = { autovacuum_analyze_threshold: '2147483647', autovacuum_vacuum_threshold: '2147483647' };
    // Not by turning autovacuum off: then an index that is built does not count the rows either.
    const settings = { ...never, autovacuum_vacuum_insert_threshold: '-1' };
    [source, target] = await Promise.all([
      startNewestPostgres({ settings }),
      startNewestPostgres({ settings }),
    ]);
    await source.run('CREATE DATABASE planned');
    for (const step of [setup, analyse, change]) await source.run(step, 'planned');
    set = await takeShard(newest.open(source, ['planned']));
    await restoreShard(newest.open(target), set, 'planned1');
  });

  afterAll(async () => {
    await source?.stop();
    await target?.stop();
  });

  test('are the source’s, to the letter', async () => {
    expect(set.stored.schema.map(({ name }) => name)).toEqual(['archive', 'statistics']);
    const before = await source.run(statisticsOf(carried), 'planned');
    const kinds = new Set(before.map((row) => `${String(row['tablename'])} ${String(row['inherited'])}`));
    expect(kinds).toEqual(
      new Set([
        'odd " name\'s \\ {x} false',
        'by_expression false',
        'partial false',
        'heap false',
        'hashed true',
        'parent true',
        'part1 false',
        'part2 false',
        'elders false',
        'elders true',
        'children false',
      ]),
    );
    expect(await target.run(statisticsOf(carried), 'planned')).toEqual(before);
  });

  test('say of rows and pages what the restored files hold', async () => {
    const rows = await target.run(
      `SELECT relname, reltuples::int AS rows, relpages = pg_relation_size(oid) / 8192 AS pages FROM pg_class
         WHERE relname IN ('heap', 'part1', 'elders', 'children', 'kept', 'small', 'empty', 'partial') ORDER BY 1`,
      'planned',
    );
    const counts = {
      children: 6400,
      elders: 6000,
      empty: 0,
      heap: 3000,
      kept: 9000,
      part1: 10000,
      partial: 2500,
      small: 20,
    };
    expect(rows).toEqual(
      Object.entries(counts).map(([relname, count]) => ({ relname, rows: count, pages: true })),
    );
  });

  test('are made where the source had none, or the server takes none', async () => {
    const none = `SELECT DISTINCT tablename FROM pg_stats WHERE tablename = 'never_analysed' OR (tablename = 'later' AND attname = 'b')`;
    expect(await source.run(none, 'planned')).toEqual([]);
    const made = await target.run(
      `SELECT tablename, attname, n_distinct::float8 AS n FROM pg_stats WHERE tablename IN ('never_analysed', 'later', 'extended', 'small', 'kinds') ORDER BY 1, 2`,
      'planned',
    );
    expect(made).toEqual([
      { tablename: 'extended', attname: 'a', n: 50 },
      { tablename: 'extended', attname: 'b', n: 50 },
      { tablename: 'kinds', attname: 'k', n: 1 },
      { tablename: 'kinds', attname: 'n', n: -1 },
      { tablename: 'later', attname: 'a', n: -1 },
      { tablename: 'later', attname: 'b', n: 10 },
      { tablename: 'never_analysed', attname: 'a', n: -1 },
      { tablename: 'never_analysed', attname: 'b', n: 3 },
      { tablename: 'small', attname: 'a', n: -1 },
    ]);
    expect(await target.run('SELECT n_distinct::text AS n FROM pg_stats_ext', 'planned')).toEqual([
      { n: '{"1, 2": 50}' },
    ]);
    const analysed = await target.run(
      `SELECT relname FROM pg_stat_user_tables WHERE last_analyze IS NOT NULL ORDER BY 1`,
      'planned',
    );
    expect(analysed.map(({ relname }) => relname)).toEqual([
      'empty',
      'extended',
      'hashed0',
      'hashed1',
      'kept',
      'kinds',
      'later',
      'never_analysed',
      'small',
    ]);
  });

  test('that the server takes in part, or not at all, are made', async () => {
    const broken: MemoryShard = {
      ...set,
      stored: {
        ...set.stored,
        openSchema: (line) =>
          line.name === 'statistics' ? brokenLines(set.stored.openSchema(line)) : set.stored.openSchema(line),
      },
    };
    await restoreShard(newest.open(await emptied(target)), broken, 'planned2');
    const made = await target.run(
      `SELECT attname, n_distinct::float8 AS n, most_common_vals IS NOT NULL AS common FROM pg_stats WHERE tablename = 'heap' ORDER BY 1`,
      'planned',
    );
    expect(made).toEqual([
      { attname: 'a', n: 20, common: true },
      { attname: 'b', n: 1, common: true },
    ]);
    const others = carried.filter((name) => name !== `'heap'` && name !== `'part2'`);
    expect(await target.run(statisticsOf(others), 'planned')).toEqual(
      await source.run(statisticsOf(others), 'planned'),
    );
    expect(
      await target.run(`SELECT attname FROM pg_stats WHERE tablename = 'part2' ORDER BY 1`, 'planned'),
    ).toEqual([{ attname: 'id' }, { attname: 'v' }]);
  });

  test('are set by a restorer that is no superuser', async () => {
    await emptied(target);
    await target.run(`CREATE ROLE restorer LOGIN CREATEDB PASSWORD 'r'`);
    await target.run('GRANT postgres TO restorer');
    const plain = openServer(target, { user: 'restorer', password: 'r', databases: ['planned'], tools });
    await restoreShard(plain, set, 'planned3');
    expect(await target.run(statisticsOf(carried), 'planned')).toEqual(
      await source.run(statisticsOf(carried), 'planned'),
    );
  });

  test('of a server before 17 are made', async () => {
    const old = await elder.start();
    try {
      await old.run('CREATE DATABASE planned');
      await old.run(
        `CREATE TABLE t (a int, r int4range); INSERT INTO t SELECT g, int4range(g, g + 1) FROM generate_series(1, 20000) g; ANALYZE t`,
        'planned',
      );
      const taken = await takeShard(elder.open(old, ['planned']));
      expect(taken.stored.schema.map(({ name }) => name)).toEqual(['archive']);
      await restoreShard(newest.open(await emptied(target)), taken, 'planned4');
      expect(
        await target.run('SELECT attname FROM pg_stats WHERE tablename = $$t$$ ORDER BY 1', 'planned'),
      ).toEqual([{ attname: 'a' }, { attname: 'r' }]);
    } finally {
      await old.stop();
    }
  });
});

/** Where nothing stands in a restore's way. */
async function emptied(server: PostgresServer): Promise<PostgresServer> {
  await server.run('DROP DATABASE IF EXISTS planned WITH (FORCE)');
  return server;
}

/** Values of `heap.a` that are no numbers, of which the server takes the rest; a number of `part2.v` that is none; no JSON at all. */
async function* brokenLines(lines: AsyncIterable<Buffer>): AsyncIterable<Buffer> {
  const parts: Buffer[] = [];
  for await (const part of lines) parts.push(part);
  const text = Buffer.concat(parts).toString();
  const broken = text.split('\n').map((line) => {
    if (/"relation" : "heap", "column" : "a"/.test(line))
      return line.replace(/"most_common_vals" : "[^"]*"/, '"most_common_vals" : "{x,y}"');
    if (/"relation" : "part2", "column" : "v"/.test(line))
      return line.replace(/"null_frac" : "[^"]*"/, '"null_frac" : "x"');
    return line;
  });
  yield Buffer.from(broken.join('\n'));
}

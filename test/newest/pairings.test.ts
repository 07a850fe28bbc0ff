/** What may be restored onto what: a newer major version of the same family; everything else is refused, with the reason. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { EngineFixture } from '../conformance/engine-fixture.ts';
import { type MemoryShard, restoreShard, takeShard } from '../conformance/memory-shard.ts';
import { mysqlFixture } from '../conformance/mysql-fixture.ts';
import { postgresFixture } from '../conformance/postgres-fixture.ts';
import { notNullConstraints } from '../conformance/postgres-oddities.ts';
import { startMariadb } from '../servers/mariadb.ts';
import {
  newestPostgresTools,
  startNewestMariadb,
  startNewestMysql,
  startNewestPostgres,
} from '../servers/newest.ts';
import { startPostgres } from '../servers/postgres.ts';
import type { TestServer } from '../servers/server.ts';

interface Side {
  readonly fixture: EngineFixture;
  /** Of the database `odd`, which holds everything odd; undefined where nothing is restored from. */
  set?: MemoryShard;
  server?: TestServer;
}

const loading = { settings: { 'local-infile': 'ON' } };
/** pg_restore is of at least the version of the pg_dump that made the archive, whatever server it speaks to. */
const tools = await newestPostgresTools();

const sides = {
  'PostgreSQL 15': { fixture: postgresFixture('PostgreSQL 15', startPostgres, tools) },
  'PostgreSQL 18': { fixture: postgresFixture('PostgreSQL 18', startNewestPostgres, tools) },
  'MariaDB 10.11': { fixture: mysqlFixture('MariaDB 10.11', 'mariadb', () => startMariadb(loading)) },
  'MariaDB 11.8': { fixture: mysqlFixture('MariaDB 11.8', 'mariadb', () => startNewestMariadb(loading)) },
  'MySQL 9': { fixture: mysqlFixture('MySQL 9', 'mysql', () => startNewestMysql(loading)) },
} satisfies Record<string, Side>;
type Name = keyof typeof sides;

function side(name: Name): Side & { set: MemoryShard; server: TestServer } {
  const { fixture, set, server } = sides[name] as Side;
  if (set === undefined || server === undefined) throw new Error(`${name} is not there`);
  return { fixture, set, server };
}

beforeAll(async () => {
  await Promise.all(
    (Object.values(sides) as Side[]).map(async (one) => {
      const { fixture } = one;
      one.server = await fixture.startServer();
      await fixture.createDatabase(one.server, 'odd');
      const maker = await fixture.session(one.server, 'odd');
      for (const sql of fixture.oddities.setup) await maker.query(sql);
      await maker.close();
      one.set = await takeShard(fixture.open(one.server, ['odd']));
    }),
  );
});

afterAll(async () => {
  await Promise.all((Object.values(sides) as Side[]).map(async (one) => one.server?.stop()));
});

async function answers(name: Name, database: string): Promise<[string, (string | null)[][]][]> {
  const { fixture, server } = side(name);
  const session = await fixture.session(server, database);
  try {
    const found: [string, (string | null)[][]][] = [];
    for (const sql of fixture.oddities.questions) {
      if (!ofTheVersion(sql)) found.push([sql, await session.query(sql)]);
    }
    return found;
  } finally {
    await session.close();
  }
}

/** What the server's own version decides: extensions come from its packages. */
const ofTheVersion = (sql: string): boolean => sql === notNullConstraints || sql.includes('extversion');

/** Where a newer version prints the same definition in other words. */
const reworded: readonly [string, string][] = [
  // PostgreSQL 16 leaves out the table where a query has only one.
  ['sum(per_author.count)', 'sum(count)'],
  ['SELECT book.author,', 'SELECT author,'],
  ['GROUP BY book.author', 'GROUP BY author'],
  ['INVISIBLE DEFAULT 7', 'DEFAULT 7 INVISIBLE'],
];

function inTheNewWords(answer: (string | null)[][] | undefined): (string | null)[][] | undefined {
  return answer?.map((row) =>
    row.map((text) => reworded.reduce((said, [from, to]) => said?.replaceAll(from, to) ?? null, text)),
  );
}

describe('onto a newer major version of the same family', () => {
  for (const [from, onto] of [
    ['PostgreSQL 15', 'PostgreSQL 18'],
    ['MariaDB 10.11', 'MariaDB 11.8'],
  ] as const) {
    test(`${from} onto ${onto}: everything odd comes back as it was`, async () => {
      const { fixture, server } = side(onto);
      await fixture.dropDatabase(server, 'odd');
      const engine = fixture.open(server);
      const { set } = side(from);
      expect((await engine.fit(set.stored)).filter((finding) => !finding.warning)).toEqual([]);
      await restoreShard(engine, set, 'newer');
      const before = await answers(from, 'odd');
      for (const [index, [sql, answer]] of (await answers(onto, 'odd')).entries())
        expect({ sql, answer }).toEqual({ sql, answer: inTheNewWords(before[index]?.[1]) });
    });
  }
});

describe('what cannot work is refused before anything is touched', () => {
  const refusals: [Name, Name, RegExp][] = [
    ['PostgreSQL 18', 'PostgreSQL 15', /taken from PostgreSQL 18\.\d+, this is version 15/],
    ['MariaDB 11.8', 'MariaDB 10.11', /of version 11\.8\.\d+, this server is 10\.11\.\d+/],
    ['MySQL 9', 'MariaDB 11.8', /of mysql, this server is mariadb/],
    ['MySQL 9', 'MariaDB 10.11', /of mysql, this server is mariadb/],
    ['MariaDB 11.8', 'MySQL 9', /of mariadb, this server is mysql/],
    ['MariaDB 10.11', 'MySQL 9', /of mariadb, this server is mysql/],
    ['PostgreSQL 18', 'MySQL 9', /of postgresql, this server is mysql/],
    ['MySQL 9', 'PostgreSQL 18', /taken from mysql, this is PostgreSQL/],
    ['PostgreSQL 15', 'MariaDB 11.8', /of postgresql, this server is mariadb/],
    ['MariaDB 10.11', 'PostgreSQL 15', /taken from mariadb, this is PostgreSQL/],
  ];
  for (const [from, onto, reason] of refusals) {
    test(`${from} onto ${onto}`, async () => {
      const { fixture, server } = side(onto);
      const before = await fixture.listDatabases(server);
      const stopping = (await fixture.open(server).fit(side(from).set.stored)).filter(
        (finding) => !finding.warning,
      );
      expect(stopping).toContainEqual(
        expect.objectContaining({
          code: 'does-not-fit',
          cause: expect.stringMatching(reason),
          remedy: expect.stringMatching(/./),
        }),
      );
      expect(await fixture.listDatabases(server)).toEqual(before);
    });
  }
});

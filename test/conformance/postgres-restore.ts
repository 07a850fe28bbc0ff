/** Databases whose restore only PostgreSQL can get wrong: encodings, locales, its own names, subscriptions. */
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { Engine } from '../../shard-agent/engine.ts';
import type { DatabaseLine } from '../../repository/manifest-entries.ts';
import type { PostgresServer } from '../servers/postgres.ts';
import { loadChunks, prepareRestore, restoreShard, takeShard, type MemoryShard } from './memory-shard.ts';
import { majorOf, type PostgresFixture } from './postgres-fixture.ts';

export function testPostgresRestore(fixture: PostgresFixture): void {
  describe(`${fixture.name}: restore of its own`, () => {
    let source: PostgresServer;
    let target: PostgresServer;
    let engine: Engine;

    async function take(...databases: string[]): Promise<MemoryShard> {
      return takeShard(fixture.open(source, databases));
    }

    beforeAll(async () => {
      source = await fixture.start({ settings: { wal_level: 'logical' } });
      target = await fixture.start();
      engine = fixture.open(target);
    });

    beforeEach(async () => {
      for (const database of await fixture.listDatabases(target))
        await fixture.dropDatabase(target, database);
    });

    afterAll(async () => {
      await source?.stop();
      await target?.stop();
    });

    describe('encodings and locales', () => {
      const databases = [
        { name: 'latin', options: `ENCODING 'LATIN1' LC_COLLATE 'C' LC_CTYPE 'C'`, value: `E'\\xe4 \\xa4'` },
        {
          name: 'bytes',
          options: `ENCODING 'SQL_ASCII' LC_COLLATE 'C' LC_CTYPE 'C'`,
          value: `E'\\xff\\xfe \\xe4\\t'`,
        },
        { name: 'german', options: `ENCODING 'UTF8' LOCALE_PROVIDER icu ICU_LOCALE 'de-DE'`, value: `'ä€'` },
      ];
      for (const { name, options, value } of databases) {
        test(`${name}: ${options}`, async () => {
          await source.run(`CREATE DATABASE ${name} TEMPLATE template0 ${options}`);
          const writer = await source.connect(name);
          // The bytes are the database's own: no conversion on the way in.
          await writer.query(
            `SET client_encoding = '${name === 'german' ? 'UTF8' : name === 'latin' ? 'LATIN1' : 'SQL_ASCII'}'`,
          );
          await writer.query('CREATE TABLE words (t text, c char(3))');
          await writer.query(`INSERT INTO words VALUES (${value}, 'x')`);
          await writer.end();
          const locale = majorOf(source) >= 17 ? 'datlocale' : 'daticulocale';
          const questions = [
            `SELECT encode(convert_to(t, getdatabaseencoding()), 'hex') AS t FROM words`,
            `SELECT encoding, datcollate, datctype, datlocprovider, ${locale} FROM pg_database WHERE datname = '${name}'`,
          ];
          const before = await Promise.all(questions.map((sql) => source.run(sql, name)));
          const set = await take(name);
          expect((await engine.fit(set.stored)).filter((finding) => !finding.warning)).toEqual([]);
          await restoreShard(engine, set, 'enc');
          expect(await Promise.all(questions.map((sql) => target.run(sql, name)))).toEqual(before);
        });
      }
    });

    describe('what belongs to the server', () => {
      test('the database named postgres is restored when it is asked for', async () => {
        await source.run('CREATE TABLE IF NOT EXISTS kept (id int); INSERT INTO kept VALUES (1)');
        const set = await take('postgres');
        const comment = `SELECT shobj_description(oid, 'pg_database') AS c FROM pg_database WHERE datname = 'postgres'`;
        await restoreShard(engine, set, 'own');
        expect(await target.run('SELECT id FROM kept')).toEqual([{ id: 1 }]);
        expect(await target.run(comment)).toEqual(await source.run(comment));
        expect(await fixture.listDatabases(target)).toEqual([]);
        await target.run('DROP TABLE kept');
      });

      test('roles, extensions, tablespaces and locales that the target lacks are named', async () => {
        await source.run('CREATE DATABASE needy');
        await source.run('CREATE ROLE absent');
        await source.run('CREATE TABLE things (id int); GRANT SELECT ON things TO absent', 'needy');
        const set = await take('needy');
        const [line] = set.stored.databases;
        if (line === undefined) throw new Error('no database');
        const needs = {
          extensions: [{ name: 'no_such', version: '1' }],
          tablespaces: ['nowhere'],
          collate: 'xx_XX.utf8',
        };
        const stored = { ...set.stored, databases: [{ ...line, engine: { ...line.engine, ...needs } }] };
        const causes = (await engine.fit(stored)).map((finding) => finding.cause);
        expect(causes).toEqual([
          'role absent does not exist',
          'extension no_such is not available',
          'tablespace nowhere does not exist: what lies in it comes to the default tablespace',
          'locale xx_XX.utf8 is not known to this server',
        ]);
        await target.run('CREATE ROLE absent');
        expect(await engine.fit(set.stored)).toEqual([]);
      });

      test('a restored subscription is not enabled and does not keep the restore from being undone', async () => {
        await source.run('CREATE DATABASE subscriber');
        await source.run(
          `CREATE SUBSCRIPTION sub CONNECTION 'host=127.0.0.1 port=1' PUBLICATION p WITH (connect = false)`,
          'subscriber',
        );
        const set = await take('subscriber');
        const session = await prepareRestore(engine, set, 'sub');
        try {
          await session.stage();
          await loadChunks(await session.writeLanes(), set);
          await session.finishLoad();
          await session.switch();
          const enabled = await target.run('SELECT subenabled FROM pg_subscription');
          expect(enabled).toEqual([{ subenabled: false }]);
          await session.discard();
        } finally {
          await session.close();
        }
        expect(await fixture.listDatabases(target)).toEqual([]);
        expect(await target.run('SELECT FROM pg_subscription')).toEqual([]);
      });

      test("a configuration table of an extension gives only the rows that are the user's", async () => {
        await source.run('CREATE DATABASE extended');
        await source.run(
          `CREATE EXTENSION hstore; CREATE TABLE conf (id int); CREATE TABLE internal (id int);
           INSERT INTO conf SELECT generate_series(1, 20); INSERT INTO internal VALUES (1);
           ALTER EXTENSION hstore ADD TABLE conf; ALTER EXTENSION hstore ADD TABLE internal;
           UPDATE pg_extension SET extconfig = ARRAY['conf'::regclass::oid], extcondition = ARRAY['WHERE id > 10'] WHERE extname = 'hstore'`,
          'extended',
        );
        const set = await take('extended');
        expect(set.stored.tables.map((table) => table.name)).toEqual(['conf']);
        expect(set.chunks.map((chunk) => chunk.line.rows)).toEqual([10]);
      });
    });

    describe('a set of an earlier version', () => {
      test('has what that version stored of its databases', async () => {
        await source.run('CREATE DATABASE elder');
        await source.run(
          `CREATE EXTENSION hstore; CREATE TABLE public.words (id int PRIMARY KEY, pairs public.hstore);
           INSERT INTO words VALUES (1, 'a=>1'); REVOKE CONNECT ON DATABASE elder FROM PUBLIC`,
          'elder',
        );
        const set = await take('elder');
        const elder = {
          ...set,
          stored: { ...set.stored, databases: set.stored.databases.map(asStoredBefore) },
        };
        expect(await engine.fit(elder.stored)).toEqual([]);
        await restoreShard(engine, elder, 'elder');
        for (const question of [
          'SELECT id, pairs FROM public.words',
          'SELECT extname, extnamespace::regnamespace FROM pg_extension ORDER BY 1',
          'SELECT datacl FROM pg_database WHERE datname = current_database()',
        ])
          expect(await target.run(question, 'elder')).toEqual(await source.run(question, 'elder'));
      });
    });

    describe('who interferes', () => {
      test('a table that appears under the final name before the switch stops it, and the undo leaves it alone', async () => {
        await source.run('CREATE DATABASE shop');
        await source.run('CREATE TABLE orders (id int); INSERT INTO orders VALUES (1)', 'shop');
        const set = await take('shop');
        const session = await prepareRestore(engine, set, 'late');
        try {
          await session.stage();
          await loadChunks(await session.writeLanes(), set);
          await session.finishLoad();
          await target.run('CREATE DATABASE shop');
          await target.run('CREATE TABLE mine (id int)', 'shop');
          await expect(session.switch()).rejects.toMatchObject({ code: 'target-not-empty' });
          await session.discard();
        } finally {
          await session.close();
        }
        expect(await target.run('SELECT FROM mine', 'shop')).toEqual([]);
      });

      test('clients of the empty database are turned away during the switch and let in after it', async () => {
        const set = await take('shop');
        await target.run('CREATE DATABASE shop');
        const client = await target.connect('shop');
        const gone = new Promise((resolve) => client.once('end', resolve));
        const session = await prepareRestore(engine, set, 'busy');
        try {
          await session.stage();
          await loadChunks(await session.writeLanes(), set);
          await session.finishLoad();
          await session.switch();
          await gone;
          await expect(target.connect('shop')).rejects.toThrow(/not currently accepting connections/);
          await session.open();
          await session.finish();
        } finally {
          await session.close();
        }
        expect(await target.run('SELECT id FROM orders', 'shop')).toEqual([{ id: 1 }]);
        await client.end().catch(() => undefined);
      });

      test('a staging whose maker died before it was marked is found and dropped', async () => {
        await target.run('CREATE DATABASE tidemark_r9_0');
        const found = await engine.staged();
        expect(found.map(({ restore, cluster }) => ({ restore, cluster }))).toEqual([
          { restore: 'r9', cluster: '' },
        ]);
        const session = await found[0]?.reopen();
        await expect(session?.switch()).rejects.toMatchObject({ code: 'internal' });
        await session?.discard();
        expect(await fixture.listDatabases(target)).toEqual([]);
      });
    });
  });
}

/** The line of a database as Tidemark wrote it before sets had extensions with their schema and owner, and grants their grantor. */
function asStoredBefore(line: DatabaseLine): DatabaseLine {
  const unknown = ['placements', 'publicSchema', 'serverMajor'];
  const rest = Object.fromEntries(Object.entries(line.engine).filter(([name]) => !unknown.includes(name)));
  const grants = rest['grants'] as { grantee: string; privilege: string; grantable: boolean }[] | null;
  const extensions = rest['extensions'] as { name: string; version: string }[];
  return {
    ...line,
    engine: {
      ...rest,
      grants: grants?.map(({ grantee, privilege, grantable }) => ({ grantee, privilege, grantable })) ?? null,
      extensions: extensions
        .filter(({ name }) => name !== 'plpgsql')
        .map(({ name, version }) => ({ name, version })),
    },
  };
}

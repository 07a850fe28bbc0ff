/** Names that all databases of a server share, in databases with encodings of their own. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Engine, Finding } from '../../shard-agent/engine.ts';
import type { PostgresServer } from '../servers/postgres.ts';
import { prepareRestore, restoreShard, takeShard } from './memory-shard.ts';
import { majorOf, openServer, type PostgresFixture } from './postgres-fixture.ts';

const roles = ['müller', 'Иван', '太郎'].map((name) => `"${name}"`);

interface Example {
  readonly name: string;
  readonly encoding: string;
  readonly owner: string;
  /** By a session in `postgres`, which is UTF8. */
  readonly outside: readonly string[];
  /** By a session in the database. */
  readonly inside: readonly string[];
}

const examples: readonly Example[] = [
  {
    name: 'größe',
    encoding: 'LATIN1',
    owner: 'müller',
    outside: [
      `COMMENT ON DATABASE "größe" IS 'Größe und Иван'; GRANT CREATE ON DATABASE "größe" TO "Иван" WITH GRANT OPTION`,
      `ALTER DATABASE "größe" SET "app.said" = 'Иван'; ALTER ROLE "Иван" IN DATABASE "größe" SET work_mem = '8MB'`,
    ],
    inside: [
      `CREATE SCHEMA "übrig"; CREATE TABLE "übrig"."maß" (id int PRIMARY KEY, "größe" text); INSERT INTO "übrig"."maß" VALUES (1, 'süß')`,
      `DO $$BEGIN EXECUTE format('ALTER TABLE "übrig"."maß" OWNER TO %I', (SELECT rolname FROM pg_roles WHERE oid = (SELECT datdba FROM pg_database WHERE datname = current_database()))); END$$`,
      `CREATE TYPE span AS RANGE (subtype = int); DO $$BEGIN EXECUTE format('ALTER TYPE span OWNER TO %1$I; ALTER TYPE span_multirange OWNER TO %1$I; CREATE EXTENSION pg_trgm', (SELECT rolname FROM pg_roles WHERE oid = (SELECT datdba FROM pg_database WHERE datname = current_database()))); END$$`,
      `REVOKE SELECT ON "übrig"."maß" FROM PUBLIC`,
    ],
  },
  {
    name: 'коты',
    encoding: 'WIN1251',
    owner: 'Иван',
    outside: [],
    inside: [
      `CREATE SCHEMA "схема"; CREATE TABLE "схема"."товар" (id int, "имя" text); INSERT INTO "схема"."товар" VALUES (1, 'Щука')`,
      // In the encoding of the database: another database sees bytes that mean nothing.
      `DO $$BEGIN EXECUTE format('COMMENT ON DATABASE %I IS %L; ALTER DATABASE %1$I SET search_path = %3$I', current_database(), 'Кошки', 'схема'); END$$`,
    ],
  },
  {
    name: '猫',
    encoding: 'EUC_JP',
    owner: 'postgres',
    outside: [`COMMENT ON DATABASE "猫" IS 'neko'; CREATE ROLE nobody`],
    inside: [`CREATE TABLE "猫" ("名前" text); INSERT INTO "猫" VALUES ('タマ')`],
  },
];

/** Asked in `postgres`; bytes as bytes. */
const shared = `
  SELECT d.datname::text AS name, pg_encoding_to_char(d.encoding) AS encoding, pg_get_userbyid(d.datdba) AS owner, COALESCE(d.datacl, acldefault('d', d.datdba))::text AS rights,
    (SELECT encode(replace(description, '\\', '\\\\')::bytea, 'hex') FROM pg_shdescription WHERE objoid = d.oid AND classoid = 'pg_database'::regclass) AS comment,
    (SELECT json_agg(ARRAY[COALESCE((SELECT rolname::text FROM pg_roles WHERE oid = setrole), '-'), encode(array_to_string(setconfig, ',')::bytea, 'hex')] ORDER BY setrole) FROM pg_db_role_setting WHERE setdatabase = d.oid) AS settings
  FROM pg_database d WHERE d.oid >= 16384 AND datname <> 'postgres' ORDER BY 1`;

const within = [
  `SELECT n.nspname::text AS place, c.relname::text AS name, r.oid = (SELECT datdba FROM pg_database WHERE datname = current_database()) AS same_owner
   FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace JOIN pg_roles r ON r.oid = c.relowner WHERE c.oid >= 16384 AND relkind = 'r' ORDER BY 1, 2`,
  `SELECT extname, extowner = (SELECT datdba FROM pg_database WHERE datname = current_database()) AS same_owner FROM pg_extension ORDER BY 1`,
  `SELECT typname::text AS name, typowner = (SELECT datdba FROM pg_database WHERE datname = current_database()) AS same_owner FROM pg_type WHERE oid >= 16384 AND typtype IN ('r', 'm') ORDER BY 1`,
  `SELECT table_to_xml(c.oid, true, false, '')::text AS rows FROM pg_class c WHERE c.oid >= 16384 AND relkind = 'r' ORDER BY relname`,
];

const stopping = (findings: readonly Finding[]): Finding[] => findings.filter(({ warning }) => !warning);

export function testPostgresSharedNames(fixture: PostgresFixture): void {
  const open = (server: PostgresServer, databases?: readonly string[]): Engine =>
    openServer(server, { tools: fixture.tools, ...(databases === undefined ? {} : { databases }) });

  const make = async (
    server: PostgresServer,
    { name, encoding, owner }: Pick<Example, 'name' | 'encoding' | 'owner'>,
  ) =>
    server.run(
      `CREATE DATABASE "${name}" OWNER "${owner}" TEMPLATE template0 ENCODING '${encoding}' LC_COLLATE 'C' LC_CTYPE 'C' ${majorOf(server) >= 15 ? "LOCALE_PROVIDER 'libc'" : ''}`,
    );

  describe(`${fixture.name}: names in other encodings`, () => {
    let source: PostgresServer;
    let target: PostgresServer;

    beforeAll(async () => {
      source = await fixture.start();
      target = await fixture.start();
      for (const server of [source, target]) await server.run(`CREATE ROLE ${roles.join('; CREATE ROLE ')}`);
      for (const example of examples) {
        await make(source, example);
        for (const sql of example.outside) await source.run(sql);
        for (const sql of example.inside) await source.run(sql, example.name);
      }
    });

    afterAll(async () => {
      await source?.stop();
      await target?.stop();
    });

    test('databases, owners, grants, comments, settings and extensions come back byte by byte', async () => {
      const engine = open(source);
      expect(stopping(await engine.check())).toEqual([]);
      const set = await takeShard(engine, { globals: 'without-passwords' });
      expect(stopping(await open(target).fit(set.stored))).toEqual([]);
      // An empty one of the same name is set aside and let go again, with what is said of it.
      await make(target, { name: 'коты', encoding: 'WIN1251', owner: 'Иван' });
      await target.run(
        `DO $$BEGIN EXECUTE format('COMMENT ON DATABASE %I IS %L', current_database(), 'Пусто'); END$$`,
        'коты',
      );
      const before = await target.run(shared);
      const undone = await prepareRestore(open(target), set, 'undone');
      try {
        await undone.stage();
        await undone.writeLanes();
        await undone.finishLoad();
        await undone.closeTarget();
        await undone.discard();
      } finally {
        await undone.close();
      }
      expect(await target.run(shared)).toEqual(before);
      await restoreShard(open(target), set, 'names');
      expect(await target.run(shared)).toEqual(await source.run(shared));
      for (const { name } of examples)
        for (const question of within)
          expect(await target.run(question, name), question).toEqual(await source.run(question, name));
    });

    test('names whose bytes are of no known encoding are refused, by name', async () => {
      await make(source, { name: 'plain', encoding: 'SQL_ASCII', owner: 'postgres' });
      await make(source, { name: 'west', encoding: 'LATIN1', owner: 'postgres' });
      const bytes = async (database: string, sql: string): Promise<void> => {
        const client = await source.connect(database);
        try {
          // The byte 0xe9, whatever the client says it is.
          await client.query(
            `SET client_encoding = 'LATIN1'; DO $do$BEGIN EXECUTE replace($sql$${sql}$sql$, '#', convert_from('\\xe9', getdatabaseencoding())); END$do$`,
          );
        } finally {
          await client.end();
        }
      };
      try {
        await bytes('plain', 'CREATE TABLE "caf#" (id int PRIMARY KEY, "pr#nom" text)');
        const [named, ...more] = stopping(await open(source, ['plain']).check());
        expect(more).toEqual([]);
        expect(named).toMatchObject({ code: 'not-supported' });
        expect(named?.subject).toMatch(/^database plain: column pr\\xe9nom, .*relation caf\\xe9, /);
        await expect(takeShard(open(source, ['plain']))).rejects.toMatchObject({ code: 'not-supported' });

        await bytes('west', 'CREATE ROLE "caf#"; CREATE TABLE t (); ALTER TABLE t OWNER TO "caf#"');
        expect(stopping(await open(source, ['west']).check())).toMatchObject([
          { code: 'not-supported', subject: 'database west: role: caf\u{fffd}' },
        ]);
        expect(stopping(await open(source, ['größe']).check({ globals: 'without-passwords' }))).toMatchObject(
          [{ code: 'not-supported', subject: 'role caf\\xe9' }],
        );
        await bytes(
          'west',
          'ALTER TABLE t OWNER TO postgres; DROP ROLE "caf#"; ALTER DATABASE plain RENAME TO "caf#"',
        );
        expect(stopping(await open(source).check())).toMatchObject([
          { code: 'not-supported', subject: 'database caf\u{fffd}' },
        ]);
      } finally {
        await bytes('west', 'ALTER DATABASE "caf#" RENAME TO plain').catch(() => undefined);
        await source.run('DROP DATABASE IF EXISTS plain');
        await source.run('DROP DATABASE west');
      }
    });

    test('a server whose own database has another encoding has its names in that one, the databases’ too', async () => {
      const [from, to] = [await fixture.start(), await fixture.start()];
      try {
        for (const server of [from, to]) {
          await server.run('ALTER DATABASE postgres RENAME TO unicode', 'template1');
          await server.run(
            `CREATE DATABASE postgres TEMPLATE template0 ENCODING 'LATIN1' LC_COLLATE 'C' LC_CTYPE 'C'`,
            'template1',
          );
          await server.run('DROP DATABASE unicode');
          await server.run('CREATE ROLE "müller"');
        }
        await make(from, { name: 'shop', encoding: 'LATIN1', owner: 'müller' });
        await from.run(`CREATE TABLE "maß" (a text); INSERT INTO "maß" VALUES ('süß')`, 'shop');
        await from.run(`COMMENT ON DATABASE shop IS 'Größe'; ALTER DATABASE shop RENAME TO "größe"`);
        const set = await takeShard(open(from), { globals: 'without-passwords' });
        expect(stopping(await open(to).fit(set.stored))).toEqual([]);
        await restoreShard(open(to), set, 'latin');
        expect(await to.run(shared)).toEqual(await from.run(shared));
        await to.run('ALTER DATABASE "größe" RENAME TO shop');
        expect(await to.run('SELECT a FROM "maß"', 'shop')).toEqual([{ a: 'süß' }]);
      } finally {
        await from.stop();
        await to.stop();
      }
    });
  });
}

/** A restore by a role that is no superuser: it may make databases, and is a member of every owner. */
import { chown, mkdir } from 'node:fs/promises';
import path from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import type { Engine } from '../../shard-agent/engine.ts';
import type { PostgresServer } from '../servers/postgres.ts';
import { restoreShard, takeShard } from './memory-shard.ts';
import { majorOf, openServer, type PostgresFixture } from './postgres-fixture.ts';

const roles = ['app', 'other', 'reader'];

/** Owners that could not make an object where theirs lies: somebody else made it, or the right was taken from them. */
const setup = `
  CREATE TABLE t (id int PRIMARY KEY, n int); INSERT INTO t SELECT g, g FROM generate_series(1, 10) g; ALTER TABLE t OWNER TO other;
  CREATE TYPE kind AS ENUM ('x'); ALTER TYPE kind OWNER TO other;
  CREATE FUNCTION f() RETURNS int LANGUAGE sql AS 'SELECT 1'; ALTER FUNCTION f OWNER TO other; GRANT EXECUTE ON FUNCTION f TO reader;
  CREATE SEQUENCE free; ALTER SEQUENCE free OWNER TO other;
  COMMENT ON SCHEMA public IS 'the first entry of all';
  CREATE SCHEMA s AUTHORIZATION other; CREATE TABLE s.u (id int PRIMARY KEY); ALTER TABLE s.u OWNER TO app; GRANT SELECT ON s.u TO reader;
  CREATE MATERIALIZED VIEW s.m AS SELECT 1 AS one; ALTER MATERIALIZED VIEW s.m OWNER TO reader;
  CREATE STATISTICS s.both ON id, n FROM t; ALTER STATISTICS s.both OWNER TO app;
  CREATE SCHEMA open AUTHORIZATION app; GRANT CREATE, USAGE ON SCHEMA open TO PUBLIC; CREATE VIEW open.v AS SELECT 1 AS one; ALTER VIEW open.v OWNER TO other;
  CREATE SCHEMA shut AUTHORIZATION app; GRANT USAGE ON SCHEMA shut TO reader; REVOKE CREATE ON SCHEMA shut FROM app;
  CREATE PUBLICATION p FOR TABLE t; ALTER PUBLICATION p OWNER TO app; ALTER DEFAULT PRIVILEGES FOR ROLE other IN SCHEMA s GRANT SELECT ON TABLES TO reader;
  SELECT lo_from_bytea(7, 'seven'); ALTER LARGE OBJECT 7 OWNER TO other;
  CREATE TABLE refers (id int REFERENCES t); INSERT INTO refers VALUES (3); ALTER TABLE refers OWNER TO app; SELECT nextval('free');
  CREATE FUNCTION twice(int) RETURNS int IMMUTABLE LANGUAGE sql AS 'SELECT $1 * 2'; ALTER FUNCTION twice OWNER TO other; CREATE INDEX ON refers (twice(id))`;

/** From themselves or from everybody, when rows, keys and indexes were there already: with these grants they cannot be made again. */
const taken = `
  REVOKE ALL ON t FROM other; REVOKE INSERT ON refers FROM app; REVOKE UPDATE ON SEQUENCE free FROM other; REVOKE USAGE ON TYPE kind FROM PUBLIC;
  REVOKE EXECUTE ON FUNCTION twice FROM PUBLIC, other; REVOKE USAGE ON SCHEMA shut FROM app`;

/** Everybody's owner and grants, those that are the default in the words of the default; and what precedes them all. */
const rights = `
  SELECT 'relation ' || relname AS of, pg_get_userbyid(relowner) AS owner, relacl::text AS grants FROM pg_class WHERE oid >= 16384 AND relkind IN ('r', 'S', 'm', 'v')
  UNION ALL SELECT 'type ' || typname, pg_get_userbyid(typowner), typacl::text FROM pg_type WHERE typname = 'kind'
  UNION ALL SELECT 'function ' || proname, pg_get_userbyid(proowner), proacl::text FROM pg_proc WHERE oid >= 16384
  UNION ALL SELECT 'statistics ' || stxname, pg_get_userbyid(stxowner), NULL FROM pg_statistic_ext
  UNION ALL SELECT 'schema ' || nspname, pg_get_userbyid(nspowner), COALESCE(nspacl, acldefault('n', nspowner))::text FROM pg_namespace WHERE nspname !~ '^(pg_|information)'
  UNION ALL SELECT 'publication ' || pubname, pg_get_userbyid(pubowner), NULL FROM pg_publication
  UNION ALL SELECT 'large object ' || oid, pg_get_userbyid(lomowner), lomacl::text FROM pg_largeobject_metadata
  UNION ALL SELECT 'default', pg_get_userbyid(defaclrole), defaclacl::text FROM pg_default_acl
  UNION ALL SELECT 'comment', NULL, obj_description('public'::regnamespace, 'pg_namespace')
  UNION ALL SELECT 'database', pg_get_userbyid(datdba), COALESCE(datacl, acldefault('d', datdba))::text FROM pg_database WHERE datname = current_database()
  ORDER BY 1`;

export function testPostgresPlainRestorer(fixture: PostgresFixture): void {
  describe(`${fixture.name}: a restorer that is no superuser`, () => {
    let source: PostgresServer;
    let target: PostgresServer;

    const open = (server: PostgresServer, user: string, password: string): Engine =>
      openServer(server, { user, password, databases: ['shop'], tools: fixture.tools });

    beforeAll(async () => {
      source = await fixture.start();
      target = await fixture.start();
      for (const server of [source, target])
        for (const role of roles) await server.run(`CREATE ROLE ${role}`);
      await source.run('CREATE DATABASE shop OWNER app');
      await source.run(setup, 'shop');
      await source.run(taken, 'shop');
    });

    afterEach(async () => {
      const made = await target.run(
        `SELECT quote_ident(datname) AS name FROM pg_database WHERE datname ~ '^(shop|tidemark_.*)$'`,
      );
      for (const { name } of made) await target.run(`DROP DATABASE ${String(name)} WITH (FORCE)`);
      await target.run('DROP ROLE restorer');
    });

    afterAll(async () => {
      await source?.stop();
      await target?.stop();
    });

    test('gives everything to its owner, with its grants and no others', async () => {
      await target.run(
        `CREATE ROLE restorer LOGIN CREATEDB PASSWORD 'secret'; GRANT app, other, reader TO restorer`,
      );
      const set = await takeShard(open(source, 'postgres', source.password));
      const engine = open(target, 'restorer', 'secret');
      const found = await engine.fit(set.stored, false);
      expect(found.filter(({ warning }) => !warning)).toEqual([]);
      // Who is a superuser is not told to become one.
      expect(
        found.find(({ cause }) => cause.startsWith('extension plpgsql belonged to postgres'))?.remedy,
      ).toBe('To have it as it was: GRANT "postgres" TO "restorer"; while the restore runs.');
      await restoreShard(engine, set, 'plain');
      expect(await target.run(rights, 'shop')).toEqual(await source.run(rights, 'shop'));
      expect(await target.run('SELECT last_value, is_called FROM free', 'shop')).toEqual([
        { last_value: '1', is_called: true },
      ]);
    });

    test('must have the rights of the owners without asking for them: fit names what is missing', async () => {
      await target.run(
        `CREATE ROLE restorer LOGIN CREATEDB NOINHERIT PASSWORD 'secret'; GRANT app, other, reader TO restorer`,
      );
      const set = await takeShard(open(source, 'postgres', source.password));
      const engine = open(target, 'restorer', 'secret');
      const found = (await engine.fit(set.stored, false)).filter(({ warning }) => !warning);
      expect(found.map(({ cause }) => cause)).toEqual(
        roles.map((name) => `objects cannot be given to role ${name}`),
      );
      for (const { code, remedy } of found) {
        expect(code).toBe('privilege-missing');
        await target.run(remedy);
      }
      expect((await engine.fit(set.stored, false)).filter(({ warning }) => !warning)).toEqual([]);
      await restoreShard(engine, set, 'plain2');
    });

    test('everything else that it needs is named, and each of it when it is taken away', async () => {
      for (const server of [source, target]) {
        const folder = `${path.dirname(server.dataDir)}/space`;
        await mkdir(folder, { recursive: true });
        const { account } = server.place;
        if (account !== undefined) await chown(folder, account.uid, account.gid);
        await server.run(`CREATE TABLESPACE space LOCATION '${folder}'`);
      }
      await source.run('CREATE DATABASE rich OWNER app');
      await source.run(
        `CREATE TABLE placed (id int) TABLESPACE space; ALTER TABLE placed OWNER TO app;
         ALTER DATABASE rich SET log_min_duration_statement = 500; ALTER ROLE reader IN DATABASE rich SET work_mem = '8MB'`,
        'rich',
      );
      try {
        await target.run(
          `CREATE ROLE restorer LOGIN CREATEDB PASSWORD 'secret'; GRANT app, other, reader TO restorer`,
        );
        await target.run('CREATE DATABASE rich');
        const set = await takeShard(openServer(source, { databases: ['rich'], tools: fixture.tools }));
        const engine = openServer(target, {
          user: 'restorer',
          password: 'secret',
          databases: ['rich'],
          tools: fixture.tools,
        });
        const missing = async (): Promise<string[]> =>
          (await engine.fit(set.stored)).filter(({ warning }) => !warning).map(({ remedy }) => remedy);
        const found = await missing();
        const admin = majorOf(target) >= 16 ? ' GRANT "reader" TO "restorer" WITH ADMIN OPTION;' : '';
        const parameter =
          majorOf(target) >= 15
            ? 'GRANT SET ON PARAMETER log_min_duration_statement TO "restorer";'
            : 'While the restore runs: ALTER ROLE "restorer" SUPERUSER;';
        expect(found).toEqual([
          'GRANT CREATE ON TABLESPACE "space" TO "restorer";',
          parameter,
          `ALTER ROLE "restorer" CREATEROLE;${admin}`,
          'DROP DATABASE "rich"; or ALTER DATABASE "rich" OWNER TO "restorer";',
        ]);
        for (const remedy of found) await target.run(remedy.replace(/^(?:While|DROP).*? (?=ALTER)/, ''));
        expect(await missing()).toEqual([]);
        await restoreShard(engine, set, 'rich1');
        expect(
          await target.run(`SELECT tablespace FROM pg_tables WHERE tablename = 'placed'`, 'rich'),
        ).toEqual([{ tablespace: 'space' }]);
        await target.run('DROP DATABASE rich');
        for (const [taken, wanted] of [
          ['REVOKE CREATE ON TABLESPACE space FROM restorer', found[0]],
          ...(majorOf(target) >= 15
            ? [['REVOKE SET ON PARAMETER log_min_duration_statement FROM restorer', found[1]] as const]
            : []),
          ['ALTER ROLE restorer NOCREATEROLE', found[2]],
        ] as const) {
          await target.run(taken);
          expect(await missing()).toEqual([wanted]);
          await target.run(wanted ?? '');
        }
      } finally {
        await source.run('DROP DATABASE rich');
        await target.run('DROP DATABASE IF EXISTS rich WITH (FORCE)');
        await target.run('DROP OWNED BY restorer');
        for (const server of [source, target]) await server.run('DROP TABLESPACE IF EXISTS space');
      }
    });

    test('what only a superuser makes is named, and is enough when it is one', async () => {
      await source.run('CREATE DATABASE guarded OWNER app');
      await source.run(
        `CREATE FUNCTION watch() RETURNS event_trigger LANGUAGE plpgsql AS 'BEGIN END'; CREATE EVENT TRIGGER watching ON ddl_command_start EXECUTE FUNCTION watch();
         CREATE PUBLICATION everything FOR ALL TABLES; CREATE FUNCTION sure(int) RETURNS bool LANGUAGE sql LEAKPROOF AS 'SELECT true'; CREATE TYPE hue AS ENUM ('x');
         CREATE EXTENSION hstore; GRANT EXECUTE ON FUNCTION akeys(hstore) TO reader; GRANT EXECUTE ON FUNCTION pg_ls_dir(text) TO reader;
         ALTER TEXT SEARCH CONFIGURATION pg_catalog.danish DROP MAPPING FOR email; CREATE FUNCTION logged() RETURNS int LANGUAGE sql SET log_min_duration_statement = 5 AS 'SELECT 1'`,
        'guarded',
      );
      try {
        await target.run(
          `CREATE ROLE restorer LOGIN CREATEDB PASSWORD 'secret'; GRANT app, other, reader TO restorer; GRANT postgres TO restorer`,
        );
        const set = await takeShard(openServer(source, { databases: ['guarded'], tools: fixture.tools }));
        const engine = openServer(target, {
          user: 'restorer',
          password: 'secret',
          databases: ['guarded'],
          tools: fixture.tools,
        });
        const found = (await engine.fit(set.stored)).filter(({ warning }) => !warning);
        expect(found).toMatchObject([
          {
            code: 'privilege-missing',
            cause:
              'only a superuser can make: event trigger watching, function public.sure(integer), grants on function pg_ls_dir(text), publication everything, text search configuration danish',
          },
          {
            code: 'privilege-missing',
            cause: 'only a superuser can grant on objects of the extension hstore',
          },
          {
            code: 'privilege-missing',
            cause: 'functions set log_min_duration_statement, which this role may not',
          },
        ]);
        await target.run(found[0]?.remedy.replace(/^.*: /, '') ?? '');
        expect((await engine.fit(set.stored)).filter(({ warning }) => !warning)).toEqual([]);
        await restoreShard(engine, set, 'guarded1');
      } finally {
        await source.run('DROP DATABASE guarded');
        await target.run('DROP DATABASE IF EXISTS guarded');
      }
    });
  });
}

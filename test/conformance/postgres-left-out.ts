/** What a backup does not carry as it is: each named by the check. And what a target must have, or may lack. */
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import type { Engine } from '../../shard-agent/engine.ts';
import { agentPassword, agentUser, createAgentUser } from '../cluster/database-user.ts';
import type { PostgresServer } from '../servers/postgres.ts';
import { backupOrder } from './engine-conformance.ts';
import { restoreShard, takeShard } from './memory-shard.ts';
import { openServer, type PostgresFixture } from './postgres-fixture.ts';

interface Case {
  readonly title: string;
  readonly setup: readonly string[];
  /** The finding's subject behind the database, and its cause. */
  readonly says: readonly [subject: string, cause: string];
  readonly fatal?: boolean;
}

const broken = `CREATE TABLE t (a int); INSERT INTO t VALUES (1), (1)`;

const cases: readonly Case[] = [
  {
    title: 'foreign tables',
    setup: [
      'CREATE FOREIGN DATA WRAPPER w; CREATE SERVER s FOREIGN DATA WRAPPER w; CREATE FOREIGN TABLE f (a int) SERVER s',
    ],
    says: ['foreign tables: public.f', 'the rows stay where they are'],
  },
  {
    title: 'foreign partitions beside rows that are placed anew',
    setup: [
      `CREATE FOREIGN DATA WRAPPER w; CREATE SERVER s FOREIGN DATA WRAPPER w; CREATE TYPE e AS ENUM ('a', 'b');
       CREATE TABLE known (k int) PARTITION BY HASH (k);
       CREATE FOREIGN TABLE kept PARTITION OF known FOR VALUES WITH (MODULUS 2, REMAINDER 0) SERVER s;
       CREATE TABLE p (k e) PARTITION BY HASH (k); CREATE TABLE p0 PARTITION OF p FOR VALUES WITH (MODULUS 2, REMAINDER 0);
       CREATE FOREIGN TABLE p1 PARTITION OF p FOR VALUES WITH (MODULUS 2, REMAINDER 1) SERVER s`,
    ],
    says: [
      'foreign partitions of a table hashed otherwise on every server: public.p1',
      'would write some of them to that other server',
    ],
    fatal: true,
  },
  {
    title: 'materialised views',
    setup: [
      'CREATE MATERIALIZED VIEW "M m" AS SELECT 1; CREATE MATERIALIZED VIEW empty AS SELECT 1 WITH NO DATA',
    ],
    says: ['materialised views: public."M m"', 'as a refresh at the cut would have made them'],
  },
  {
    title: 'subscriptions',
    setup: [
      `CREATE SUBSCRIPTION sub CONNECTION 'host=127.0.0.1 port=1' PUBLICATION p WITH (connect = false)`,
    ],
    says: ['subscriptions: sub', 'they are left out: only a superuser'],
  },
  {
    title: 'user mappings',
    setup: [
      `CREATE FOREIGN DATA WRAPPER w; CREATE SERVER s FOREIGN DATA WRAPPER w; CREATE USER MAPPING FOR postgres SERVER s OPTIONS (password 'x')`,
    ],
    says: ['user mappings: of postgres on s', 'they come back without their options'],
  },
  {
    title: 'invalid indexes',
    setup: [broken, 'CREATE UNIQUE INDEX CONCURRENTLY never ON t (a)'],
    says: ['invalid indexes: public.never', 'their building once broke off'],
  },
  {
    title: 'foreign keys whose triggers are off',
    setup: [
      'CREATE TABLE p (a int PRIMARY KEY); CREATE TABLE t (a int CONSTRAINT k REFERENCES p); ALTER TABLE t DISABLE TRIGGER ALL',
    ],
    says: ['foreign keys whose triggers are off: public.t: k', 'they come back enforced'],
  },
  {
    title: 'checks of children',
    setup: [
      'CREATE TABLE p (a int); ALTER TABLE p ADD CONSTRAINT k CHECK (a > 0) NOT VALID; CREATE TABLE c () INHERITS (p)',
    ],
    says: ['checks of children, valid though those of their parents are not: public.c: k', 'NOT VALID'],
  },
  {
    title: 'functions with a nameless parameter',
    setup: [
      `CREATE FUNCTION a_literal(int, b int) RETURNS text LANGUAGE sql BEGIN ATOMIC SELECT '""' || b AS "x""y"; END;
       CREATE FUNCTION uses_it(int, b int) RETURNS int LANGUAGE sql BEGIN ATOMIC SELECT $1 + b AS "x"; END`,
    ],
    says: [
      'functions with a nameless parameter beside named ones: public.uses_it(integer,integer)',
      'cannot be made again',
    ],
    fatal: true,
  },
  {
    title: 'TOAST options',
    setup: [
      `CREATE TABLE t (a int, b text) WITH (toast.autovacuum_enabled = false); CREATE TABLE kept (LIKE t) WITH (toast.autovacuum_enabled = false);
       ALTER TABLE t DROP COLUMN b`,
    ],
    says: [
      'TOAST options of tables without long columns: public.t',
      'they are left out where no column is long enough',
    ],
  },
  {
    title: 'parents that disagree',
    setup: [
      `CREATE TABLE p (a text, b text); CREATE TABLE q (a text, b text); CREATE TABLE c () INHERITS (p, q);
       ALTER TABLE ONLY p ALTER a SET STORAGE EXTERNAL; ALTER TABLE p ALTER b SET COMPRESSION pglz; ALTER TABLE q ALTER b SET COMPRESSION lz4`,
    ],
    says: [
      'children whose parents store one column in different ways: public.c.a, public.c.b',
      'the server makes no child of parents that disagree',
    ],
    fatal: true,
  },
  {
    title: 'the order of columns',
    setup: [
      `CREATE TABLE p (a int, b int); CREATE TABLE c (own int) INHERITS (p); CREATE TABLE late (x int) INHERITS (p); ALTER TABLE p ADD COLUMN z int;
       CREATE TABLE given (b int, a int, z int); ALTER TABLE given INHERIT p`,
    ],
    says: [
      'children whose columns do not stand in the order of their parents: public.c, public.given, public.late',
      'inherited columns come first',
    ],
  },
  {
    title: 'a row type with its columns in another order',
    setup: [
      'CREATE TABLE p (a int); CREATE TABLE c (own text) INHERITS (p); ALTER TABLE p ADD COLUMN z int; CREATE TABLE t (v c, w c[])',
    ],
    says: [
      'columns of the row type of a child whose columns do not stand in the order of their parents: public.t.v, public.t.w',
      'their values would be read wrongly',
    ],
    fatal: true,
  },
  {
    title: 'collations',
    setup: ['CREATE COLLATION "every C" FROM "C"; CREATE COLLATION own (provider = libc, locale = \'C\')'],
    says: ['collations that belong to no encoding: public."every C"', "tied to the database's encoding"],
  },
  {
    title: "the server's own schemas",
    setup: [`CREATE FUNCTION pg_catalog.mine() RETURNS int LANGUAGE sql AS 'SELECT 1'`],
    says: ["objects in the server's own schemas: function mine()", 'they are left out'],
  },
  {
    title: 'generated columns',
    setup: [
      `CREATE FUNCTION size_of(n int) RETURNS text IMMUTABLE LANGUAGE sql AS $$SELECT CASE WHEN n < 10 THEN 'small' ELSE 'large' END$$;
       CREATE TABLE t (n int, size text GENERATED ALWAYS AS (size_of(n)) STORED, twice int GENERATED ALWAYS AS (n * 2) STORED)`,
    ],
    says: [
      'stored generated columns that call functions of users: public.t.size',
      'a restore computes them again',
    ],
  },
  {
    title: 'languages',
    setup: ['CREATE LANGUAGE other HANDLER plpgsql_call_handler'],
    says: ['languages: other', 'they cannot be made again'],
    fatal: true,
  },
  {
    title: 'replication slots',
    setup: [`SELECT pg_create_logical_replication_slot('tailed', 'pgoutput')`],
    says: ['replication slots: tailed', 'the log of this server'],
  },
];

export function testPostgresLeftOut(fixture: PostgresFixture): void {
  describe(`${fixture.name}: what is not carried`, () => {
    let source: PostgresServer;
    let target: PostgresServer;

    const openAs = (user: string, password: string, server: PostgresServer = source): Engine =>
      openServer(server, { user, password, databases: ['shop'], tools: fixture.tools });

    beforeAll(async () => {
      source = await fixture.start({ settings: { wal_level: 'logical' } });
      target = await fixture.start();
      await createAgentUser(source, 'backup');
    });

    afterEach(async () => {
      await source.run(
        `SELECT pg_drop_replication_slot(slot_name) FROM pg_replication_slots WHERE database = 'shop'`,
      );
      for (const server of [source, target]) await dropShop(server);
    });

    afterAll(async () => {
      await source?.stop();
      await target?.stop();
    });

    test.each(cases.map((entry) => [entry.title, entry] as const))('%s', async (_, entry) => {
      await source.run('CREATE DATABASE shop');
      const engine = openAs(agentUser, agentPassword);
      // A database alone is nothing to speak of.
      const [subject, cause] = entry.says;
      const before = await engine.check();
      expect(before.filter((one) => one.subject.startsWith('database shop'))).toEqual([]);
      for (const sql of entry.setup) await source.run(sql, 'shop').catch(refusedIndex);
      const found = (await engine.check()).filter((one) => one.subject === `database shop: ${subject}`);
      expect(found).toMatchObject([{ code: 'not-supported', warning: entry.fatal !== true }]);
      expect(found[0]?.cause).toContain(cause);
      expect(found[0]?.remedy).not.toBe('');
      if (entry.fatal === true) {
        const { code, subject: named, cause: reason } = found[0] ?? {};
        await expect(engine.prepareBackup(backupOrder)).rejects.toMatchObject({
          code,
          subject: named,
          reason,
        });
      }
    });

    test('every role that objects name is named before a restore, and no other', async () => {
      await source.run('CREATE DATABASE shop');
      const roles = [
        'owner',
        'typed',
        'column',
        'policy',
        'defaults',
        'granted',
        'mapped',
        'setting',
        'large',
      ];
      for (const name of [...roles, 'member', 'idle']) await source.run(`CREATE ROLE r_${name}`);
      await source.run(
        `ALTER DATABASE shop OWNER TO r_owner; ALTER ROLE r_setting IN DATABASE shop SET work_mem = '5MB'; GRANT r_member TO r_owner`,
      );
      await source.run(
        `CREATE TABLE t (a int); ALTER TABLE t OWNER TO r_owner; CREATE TYPE e AS ENUM ('x'); ALTER TYPE e OWNER TO r_typed; GRANT SELECT (a) ON t TO r_column;
         CREATE POLICY p ON t TO r_policy USING (true); ALTER DEFAULT PRIVILEGES FOR ROLE r_defaults GRANT SELECT ON TABLES TO r_granted;
         CREATE FOREIGN DATA WRAPPER w; CREATE SERVER s FOREIGN DATA WRAPPER w; CREATE USER MAPPING FOR r_mapped SERVER s;
         SELECT lo_create(4711); ALTER LARGE OBJECT 4711 OWNER TO r_large`,
        'shop',
      );
      const set = await takeShard(openAs('postgres', source.password));
      const engine = openAs('postgres', target.password, target);
      const missing = (await engine.fit(set.stored, false)).map(({ cause }) => cause);
      expect(missing).toEqual(roles.map((name) => `role r_${name} does not exist`).sort());
    });

    test('the bootstrap superuser is needed where something names it', async () => {
      await source.run('CREATE DATABASE shop');
      await source.run('CREATE ROLE app; ALTER DATABASE shop OWNER TO app');
      const named = async (): Promise<unknown> => {
        const set = await takeShard(openAs('postgres', source.password));
        return set.stored.databases[0]?.engine['roles'];
      };
      await source.run(
        'CREATE EXTENSION citext; CREATE TABLE t (a citext); ALTER TABLE t OWNER TO app',
        'shop',
      );
      expect(await named()).toEqual(['app']);
      await source.run('GRANT SELECT ON t TO postgres', 'shop');
      expect(await named()).toEqual(['app', 'postgres']);
      await source.run('REVOKE ALL ON t FROM postgres; CREATE OPERATOR FAMILY f USING btree', 'shop');
      expect(await named()).toEqual(['app', 'postgres']);
    });

    test('what lay in a tablespace that is not there comes to the default one, what lay in others to them', async () => {
      for (const name of ['here', 'gone']) await makeTablespace(source, name);
      await makeTablespace(target, 'here');
      await source.run('CREATE DATABASE shop TABLESPACE gone');
      await source.run(
        `CREATE TABLE a (n int PRIMARY KEY) TABLESPACE here; INSERT INTO a SELECT generate_series(1, 50); CREATE TABLE b (n int); INSERT INTO b VALUES (1);
         CREATE INDEX kept ON b (n) TABLESPACE here; CREATE MATERIALIZED VIEW m TABLESPACE here AS SELECT count(*) FROM a; CREATE TABLE c (n int) TABLESPACE pg_default`,
        'shop',
      );
      const set = await takeShard(openAs('postgres', source.password));
      const engine = openAs('postgres', target.password, target);
      expect(await engine.fit(set.stored, false)).toMatchObject([
        {
          code: 'does-not-fit',
          cause: 'tablespace gone does not exist: what lies in it comes to the default tablespace',
          warning: true,
        },
      ]);
      await restoreShard(engine, set, 'folded');
      const lies = await target.run(
        `SELECT relname, spcname FROM pg_class c LEFT JOIN pg_tablespace s ON s.oid = c.reltablespace
         WHERE relnamespace = 'public'::regnamespace ORDER BY 1`,
        'shop',
      );
      expect(Object.fromEntries(lies.map(({ relname, spcname }) => [relname, spcname]))).toEqual({
        a: 'here',
        a_pkey: null,
        b: null,
        c: null,
        kept: 'here',
        m: 'here',
      });
      expect(await target.run('SELECT count(*)::int AS n FROM a, m WHERE m.count = 50', 'shop')).toEqual([
        { n: 50 },
      ]);
    });

    test('a materialised view that cannot be refreshed stops the restore, and the reason is told', async () => {
      await source.run('CREATE DATABASE shop');
      await source.run(
        `CREATE TABLE t (a int); INSERT INTO t VALUES (1); CREATE MATERIALIZED VIEW m AS SELECT 1 / a AS n FROM t; UPDATE t SET a = 0`,
        'shop',
      );
      const set = await takeShard(openAs('postgres', source.password));
      const engine = openAs('postgres', target.password, target);
      await expect(restoreShard(engine, set, 'stale')).rejects.toMatchObject({
        code: 'database-failed',
        subject: expect.stringMatching(/^database shop: MATERIALIZED VIEW .*\bm\b/) as string,
        reason: expect.stringMatching(/^division by zero/) as string,
      });
      const [staged] = await engine.staged();
      const session = await staged?.reopen();
      await session?.discard();
      await session?.close();
    });
  });
}

/** An index over what is not unique breaks off: that is how it gets invalid. */
function refusedIndex(error: unknown): void {
  if (!/could not create unique index/.test(String(error))) throw error;
}

async function dropShop(server: PostgresServer): Promise<void> {
  const rows = await server.run(`SELECT 1 FROM pg_database WHERE datname = 'shop'`);
  if (rows.length === 0) return;
  const subscriptions = await server.run('SELECT subname FROM pg_subscription');
  for (const { subname } of subscriptions) {
    await server.run(`ALTER SUBSCRIPTION ${String(subname)} SET (slot_name = NONE)`, 'shop');
    await server.run(`DROP SUBSCRIPTION ${String(subname)}`, 'shop');
  }
  await server.run('DROP DATABASE shop WITH (FORCE)');
}

async function makeTablespace(server: PostgresServer, name: string): Promise<void> {
  const client = await server.connect();
  try {
    await client.query('SET allow_in_place_tablespaces = on');
    await client.query(`CREATE TABLESPACE ${name} LOCATION ''`);
  } finally {
    await client.end();
  }
}

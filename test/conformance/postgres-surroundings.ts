/** Objects whose surroundings are unusual: in the server's own schemas, on an extension's own tables, with roles that are gone. */
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import type { Finding, StoredShard } from '../../shard-agent/engine.ts';
import type { DatabaseProperties } from '../../shard-agent/engines/postgres/database/properties.ts';
import { propertiesOf } from '../../shard-agent/engines/postgres/database/stored-properties.ts';
import type { PostgresServer } from '../servers/postgres.ts';
import { backupOrder } from './engine-conformance.ts';
import { restoreShard, takeShard } from './memory-shard.ts';
import { openServer, type PostgresFixture } from './postgres-fixture.ts';

/** An extension with tables, as its script would make them: what one transaction makes is the extension's own. */
const withTables = `
  BEGIN; CREATE EXTENSION citext; CREATE TABLE notes (id int PRIMARY KEY, note text); CREATE INDEX given ON notes (note);
  CREATE TABLE kinds (id int PRIMARY KEY, name text, builtin bool DEFAULT false); INSERT INTO kinds VALUES (1, 'given', true);
  CREATE FUNCTION one() RETURNS int LANGUAGE sql IMMUTABLE AS 'SELECT 1'; CREATE TYPE hue AS ENUM ('red'); CREATE VIEW seen AS SELECT 1 AS a;
  CREATE SEQUENCE numbers; CREATE TEXT SEARCH CONFIGURATION words (COPY = simple);
  ${[
    'TABLE notes',
    'TABLE kinds',
    'FUNCTION one()',
    'TYPE hue',
    'VIEW seen',
    'SEQUENCE numbers',
    'TEXT SEARCH CONFIGURATION words',
  ]
    .map((member) => `ALTER EXTENSION citext ADD ${member}`)
    .join('; ')};
  UPDATE pg_extension SET extconfig = ARRAY['kinds'::regclass::oid], extcondition = ARRAY['WHERE NOT builtin'] WHERE extname = 'citext';
  COMMIT; CREATE ROLE app`;

/** Nothing of it is in a dump. */
const additions = `
  INSERT INTO notes VALUES (1, 'mine'); CREATE INDEX mine ON notes (note); ALTER TABLE notes ENABLE ROW LEVEL SECURITY;
  CREATE POLICY everything ON notes USING (true); CREATE FUNCTION noted() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END';
  CREATE TRIGGER noted BEFORE INSERT ON kinds FOR EACH ROW EXECUTE FUNCTION noted(); CREATE RULE kept AS ON DELETE TO notes DO INSTEAD NOTHING;
  ALTER TABLE notes ADD CONSTRAINT above CHECK (id > 0); CREATE STATISTICS pair ON id, note FROM notes; ALTER TYPE hue ADD VALUE 'blue';
  CREATE OR REPLACE VIEW seen AS SELECT 2 AS a; ALTER TABLE kinds ADD COLUMN mine int; CREATE PUBLICATION p FOR TABLE kinds; CREATE VIEW uses AS SELECT mine FROM kinds`;

const changes = `
  ALTER TABLE notes SET (fillfactor = 50); CREATE OR REPLACE FUNCTION one() RETURNS int LANGUAGE sql IMMUTABLE AS 'SELECT 2';
  ALTER FUNCTION one() OWNER TO app; COMMENT ON TABLE kinds IS 'mine'; ALTER FUNCTION citextin(cstring) SET search_path = '';
  ALTER TEXT SEARCH CONFIGURATION words ALTER MAPPING FOR word WITH english_stem; UPDATE kinds SET name = 'other'; SELECT nextval('numbers');
  GRANT SELECT ON notes, kinds TO app; GRANT EXECUTE ON FUNCTION citextout(citext) TO app`;

const misplaced = `
  CREATE FUNCTION pg_catalog.text(int) RETURNS text IMMUTABLE STRICT LANGUAGE sql AS 'SELECT textin(int4out($1))';
  CREATE CAST (int AS text) WITH FUNCTION pg_catalog.text(int); CREATE DOMAIN pg_catalog.small AS int; CREATE TABLE t (a pg_catalog.small, b pg_catalog.small[]);
  CREATE FUNCTION pg_catalog.unused() RETURNS int LANGUAGE sql AS 'SELECT 1'; CREATE OPERATOR CLASS pg_catalog.own FOR TYPE int USING hash AS OPERATOR 1 =;
  CREATE TEXT SEARCH DICTIONARY pg_catalog.own (TEMPLATE = simple)`;

const alteredServer = `
  CREATE FUNCTION less(int8, numeric) RETURNS bool IMMUTABLE LANGUAGE sql AS 'SELECT $1::numeric < $2';
  CREATE OPERATOR <<<< (FUNCTION = less, LEFTARG = int8, RIGHTARG = numeric); ALTER OPERATOR FAMILY integer_ops USING btree ADD OPERATOR 1 <<<< (int8, numeric);
  CREATE OR REPLACE FUNCTION pg_catalog.pi() RETURNS float8 LANGUAGE sql AS 'SELECT 3.0::float8'; ALTER FUNCTION upper(text) COST 5;
  ALTER OPERATOR = (int4, int4) SET (RESTRICT = NONE); COMMENT ON FUNCTION lower(text) IS 'mine'; COMMENT ON SCHEMA public IS 'carried';
  CREATE OR REPLACE VIEW information_schema.enabled_roles AS SELECT 'x'::information_schema.sql_identifier AS role_name;
  ALTER DOMAIN information_schema.cardinal_number ADD CONSTRAINT below CHECK (VALUE < 1000000);
  GRANT EXECUTE ON FUNCTION lower(text) TO pg_monitor; GRANT SELECT ON pg_stat_activity, information_schema.columns TO pg_monitor; ALTER COLLATION "C" REFRESH VERSION`;

const lost = `
  CREATE ROLE app; CREATE TABLE t (a int); GRANT SELECT ON t TO app; CREATE TABLE owned (a int); ALTER TABLE owned OWNER TO app;
  ALTER DEFAULT PRIVILEGES GRANT EXECUTE ON FUNCTIONS TO app; CREATE EXTENSION dblink; ALTER DEFAULT PRIVILEGES REVOKE EXECUTE ON FUNCTIONS FROM app;
  REVOKE EXECUTE ON ALL FUNCTIONS IN SCHEMA public FROM app; ALTER ROLE app IN DATABASE shop SET work_mem = '5MB';
  DELETE FROM pg_shdepend WHERE refobjid = 'app'::regrole; DELETE FROM pg_authid WHERE rolname = 'app'`;

/** Of libraries, files and locales of the server's host. */
const needy = `
  CREATE TEXT SEARCH DICTIONARY ours (TEMPLATE = simple, STOPWORDS = 'english', ACCEPT = false); CREATE EXTENSION unaccent;
  CREATE TEXT SEARCH DICTIONARY every (TEMPLATE = simple); CREATE TEXT SEARCH DICTIONARY bare (TEMPLATE = unaccent, RULES = 'unaccent');
  CREATE TEXT SEARCH DICTIONARY words (TEMPLATE = thesaurus, DICTFILE = 'thesaurus_sample', DICTIONARY = 'public.every');
  CREATE COLLATION german (provider = libc, locale = 'C.UTF-8'); CREATE COLLATION loose (provider = icu, locale = 'de', deterministic = false); CREATE FUNCTION pid() RETURNS int LANGUAGE internal AS 'pg_backend_pid';
  CREATE FUNCTION quick() RETURNS int LANGUAGE sql SET work_mem = '9MB' SET search_path = a, "b c" AS 'SELECT 1';
  CREATE FUNCTION sound(text) RETURNS text LANGUAGE c AS '$libdir/fuzzystrmatch', 'soundex'; ALTER DATABASE shop SET work_mem = '8MB';
  GRANT EXECUTE ON FUNCTION pg_ls_dir(text) TO pg_monitor; GRANT SELECT (pid) ON pg_stat_activity TO pg_monitor;
  CREATE VIEW named AS SELECT table_name COLLATE "en-x-icu" AS name FROM information_schema.tables`;

export function testPostgresSurroundings(fixture: PostgresFixture): void {
  describe(`${fixture.name}: objects in unusual surroundings`, () => {
    let server: PostgresServer;

    let target: PostgresServer;

    beforeAll(async () => {
      server = await fixture.start({ settings: { wal_level: 'logical' } });
      target = await fixture.start();
    });

    afterEach(async () => {
      for (const one of [server, target]) {
        await one.run('DROP DATABASE IF EXISTS shop WITH (FORCE)');
        await one.run('DELETE FROM pg_db_role_setting; DROP ROLE IF EXISTS app');
      }
    });

    afterAll(async () => {
      await server?.stop();
      await target?.stop();
    });

    const open = () => openServer(server, { databases: ['shop'], tools: fixture.tools });
    const openTarget = () => openServer(target, { databases: ['shop'], tools: fixture.tools });

    /** By what the things are called. */
    async function found(): Promise<Map<string, { finding: Finding; names: string[] }>> {
      const findings = (await open().check()).filter(({ subject }) => subject.startsWith('database shop: '));
      return new Map(
        findings.map((finding) => {
          const [, things = '', names = ''] = /^database shop: (.*?): (.*)$/.exec(finding.subject) ?? [];
          return [things, { finding, names: names.split(/, (?!boolean|integer|numeric)/) }];
        }),
      );
    }

    async function made(...scripts: readonly string[]): Promise<void> {
      await server.run('CREATE DATABASE shop');
      for (const sql of scripts) await server.run(sql, 'shop');
    }

    test('what is added to objects of an extension is named, and what its script made is not', async () => {
      await made(withTables);
      expect([...(await found()).keys()]).toEqual([]);
      await server.run(additions, 'shop');
      const all = await found();
      expect([...all.keys()]).toEqual([
        'what was added to objects of extensions',
        'what was added to objects of extensions and is used by other objects',
        'objects of extensions that were altered',
        'rows in tables of extensions',
      ]);
      const added = (await leftOut('what was added to objects of extensions')).split(', ');
      expect(added).toEqual([
        'column mine of table public.kinds',
        'constraint above on table public.notes',
        'index public.mine',
        'policy everything on table public.notes',
        'publication of table public.kinds in publication p',
        'rule _RETURN on view public.seen',
        'rule kept on table public.notes',
        'statistics object public.pair',
        'trigger noted on table public.kinds',
        "type public.hue: 'blue'",
      ]);
      expect(all.get('what was added to objects of extensions and is used by other objects')?.names).toEqual([
        'column mine of table public.kinds (used by rule _RETURN on view public.uses)',
      ]);
      expect(all.get('rows in tables of extensions')?.names).toEqual(['"public"."notes"']);
    });

    async function leftOut(things: string): Promise<string> {
      return (await found()).get(things)?.finding.subject.replace(`database shop: ${things}: `, '') ?? '';
    }

    test('what is changed in objects of an extension is named, and grants are not', async () => {
      await made(withTables, changes);
      expect(await leftOut('objects of extensions that were altered')).toBe(
        'function public.citextin(cstring), function public.one(), function public.one() (its owner), table public.kinds (its comment), table public.notes, text search configuration public.words',
      );
      expect(await leftOut('sequences of extensions')).toBe('public.numbers');
      expect(await leftOut('rows in tables of extensions')).toBe('"public"."kinds"');
      expect((await found()).size).toBe(3);
    });

    test("objects in the server's own schemas are named, and refused where others use them", async () => {
      await made(misplaced);
      expect(await leftOut("objects in the server's own schemas")).toBe(
        'function text(integer), function unused(), operator class own for access method hash, operator family own for access method hash, text search dictionary own, type small',
      );
      const used = (await found()).get("objects in the server's own schemas that other objects use");
      expect(used?.finding.warning).toBe(false);
      expect(used?.names).toEqual([
        'function text(integer) (used by cast from integer to text)',
        'type small (used by column a of table public.t)',
        'type small (used by column b of table public.t)',
      ]);
      await expect(open().prepareBackup(backupOrder)).rejects.toMatchObject({
        code: 'not-supported',
        subject: used?.finding.subject,
      });
    });

    test("what is changed in the server's own objects is named, and grants are not", async () => {
      await made(alteredServer);
      expect(await leftOut("the server's own objects that were altered")).toBe(
        'constraint below, function pi(), function upper(text), operator =(integer,integer), view information_schema.columns, view information_schema.enabled_roles',
      );
      expect(await leftOut("comments on the server's own objects")).toBe('function lower(text)');
      expect(await leftOut("what was added to the server's own operator families")).toMatch(
        /^operator 1 \(bigint, numeric\) of operator family integer_ops/,
      );
      expect((await found()).size).toBe(3);
    });

    test('an exclusion constraint by an operator that was added to a family of the server is refused', async () => {
      await made(
        `CREATE FUNCTION same(anyrange, anyrange) RETURNS bool IMMUTABLE LANGUAGE sql AS 'SELECT $1 = $2';
         CREATE OPERATOR === (FUNCTION = same, LEFTARG = anyrange, RIGHTARG = anyrange, COMMUTATOR = ===);
         ALTER OPERATOR FAMILY range_ops USING gist ADD OPERATOR 99 === (anyrange, anyrange);
         CREATE TABLE t (a int4range, CONSTRAINT apart EXCLUDE USING gist (a WITH ===))`,
      );
      const things = "constraints that compare by what was added to the server's own operator families";
      expect(await leftOut(things)).toBe('constraint apart on table public.t');
      expect((await found()).get(things)?.finding.warning).toBe(false);
    });

    test('rights that objects of an extension have from default privileges are carried, and no others', async () => {
      await made(
        `CREATE ROLE app; ALTER DEFAULT PRIVILEGES GRANT EXECUTE ON FUNCTIONS TO app; CREATE EXTENSION dblink;
         REVOKE EXECUTE ON FUNCTION dblink_connect_u(text, text) FROM app; REVOKE EXECUTE ON FUNCTION dblink_open(text, text) FROM app, PUBLIC`,
      );
      const rights = `SELECT oid::regprocedure::text AS f, has_function_privilege('app', oid, 'EXECUTE') AS app,
        has_function_privilege('pg_monitor', oid, 'EXECUTE') AS everybody FROM pg_proc WHERE proname ~ '^dblink' ORDER BY 1`;
      const set = await takeShard(open());
      await target.run('CREATE ROLE app');
      await restoreShard(openTarget(), set, 'rights1');
      const here = await server.run(rights, 'shop');
      expect(here.filter(({ f, app }) => app === true && /connect_u/.test(String(f)))).toHaveLength(1);
      expect(await target.run(rights, 'shop')).toEqual(here);
    });

    test("what a database needs of the target's host is tried, and each of it named when it is not there", async () => {
      await made(needy);
      const set = await takeShard(open());
      const misfits = async (stored: StoredShard): Promise<string[]> =>
        (await openTarget().fit(stored))
          .filter(({ warning }) => !warning)
          .map(({ code, cause }) => `${code}: ${cause}`);
      expect(await misfits(set.stored)).toEqual([]);
      const session = await target.connect();
      await session.query('ALTER ROLE ALL SET default_transaction_read_only = on');
      const readOnly = await misfits(set.stored).finally(async () => {
        await session.query('ALTER ROLE ALL RESET default_transaction_read_only');
        await session.end();
      });
      expect(readOnly).toEqual([expect.stringMatching(/^shard-refused: the server is read-only/)]);
      const [line] = set.stored.databases;
      if (line === undefined) throw new Error('no database');
      const { settings, hostFiles, serverParts } = propertiesOf(line);
      if (hostFiles === undefined || serverParts === undefined) throw new Error('nothing is needed');
      expect(serverParts).toEqual({
        functions: ['pg_ls_dir(text)'],
        columns: [
          { schema: 'information_schema', relation: 'tables', column: 'table_name' },
          { schema: 'pg_catalog', relation: 'pg_stat_activity', column: 'pid' },
        ],
        collations: ['en-x-icu'],
      });
      const lacking: DatabaseProperties = {
        ...propertiesOf(line),
        settings: [
          ...settings,
          { role: null, name: 'session_preload_libraries', value: 'auto_explain, "not there"' },
          { role: null, name: 'work_mem', value: 'all of it' },
        ],
        serverParts: {
          functions: [...serverParts.functions, 'no_such_function(integer)'],
          columns: [
            ...serverParts.columns,
            { schema: 'pg_catalog', relation: 'pg_stat_activity', column: 'no_such_column' },
            { schema: 'pg_catalog', relation: 'pg_no_such', column: null },
          ],
          collations: [...serverParts.collations, 'no-such-collation'],
        },
        hostFiles: {
          settings: [...hostFiles.settings, { name: 'no_such_setting', value: '1' }],
          functions: [
            ...hostFiles.functions,
            { language: 'internal', library: null, symbol: 'no_such_function' },
            { language: 'c', library: '$libdir/fuzzystrmatch', symbol: 'no_such_symbol' },
            { language: 'c', library: '$libdir/not there', symbol: 'soundex' },
            { language: 'c', library: '/nowhere/at/all', symbol: 'soundex' },
          ],
          dictionaries: hostFiles.dictionaries.map((one) => ({
            ...one,
            options: (one.options ?? '').replaceAll(/'(english|unaccent|thesaurus_sample)'/g, "'not_there'"),
          })),
          collations: hostFiles.collations.map((one) => ({
            ...one,
            collate: 'no_SUCH',
            ctype: 'no_SUCH',
          })),
        },
      };
      const rewritten = { ...line, engine: { ...lacking } };
      const found = await misfits({ ...set.stored, databases: [rewritten] });
      expect(found.map((cause) => cause.replace(/"[^"]*\/([^"]*)"/, '"$1"'))).toEqual([
        "does-not-fit: it uses the server's own collation no-such-collation, which is not here",
        "does-not-fit: it uses the server's own column no_such_column of relation pg_catalog.pg_stat_activity, which is not here",
        "does-not-fit: it uses the server's own function no_such_function(integer), which is not here",
        "does-not-fit: it uses the server's own relation pg_catalog.pg_no_such, which is not here",
        expect.stringMatching(/^does-not-fit: its setting work_mem is refused here: invalid value/),
        expect.stringMatching(/each session loads the library not there: could not access file/),
        expect.stringMatching(/functions set no_such_setting, which is refused here: unrecognized/),
        expect.stringMatching(/text search dictionary public.bare: could not open .*"not_there.rules"/),
        expect.stringMatching(/text search dictionary public.ours: could not open .*"not_there.stop"/),
        expect.stringMatching(/text search dictionary public.words: could not open .*"not_there.ths"/),
        expect.stringMatching(
          /functions call no_such_symbol of the library \$libdir\/fuzzystrmatch: could not find/,
        ),
        expect.stringMatching(/functions call no_such_function of the server: there is no built-in function/),
        expect.stringMatching(
          /functions call soundex of the library \$libdir\/not there: could not access file/,
        ),
        expect.stringMatching(
          /functions call soundex of the library \/nowhere\/at\/all: could not access file/,
        ),
        expect.stringMatching(/collation public.german: could not/),
      ]);
      await restoreShard(openTarget(), set, 'host1');
    });

    test('roles that are gone are named with all that still names them', async () => {
      await made(lost);
      const all = await found();
      const grants = all.get('grants that name roles which are gone');
      expect(grants?.finding.warning).toBe(false);
      expect(await leftOut('grants that name roles which are gone')).toMatch(
        /^function public\.dblink_connect_u\(text\) \(role \d+\), function public\.dblink_connect_u\(text,text\) \(role \d+\), table public\.t \(role \d+\)$/,
      );
      expect(await leftOut('objects of owners which are gone')).toMatch(/^table public\.owned \(role \d+\)$/);
      expect(await leftOut('settings of roles which are gone')).toMatch(
        /^settings of this database \(role \d+\)$/,
      );
      expect(all.size).toBe(3);
    });
  });
}

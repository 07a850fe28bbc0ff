/** Settings of the target: those that a session can set do not matter, and those it cannot are told before anything is made. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Finding } from '../../shard-agent/engine.ts';
import type { TestServer } from '../servers/server.ts';
import type { EngineFixture } from './engine-fixture.ts';
import { type MemoryShard, restoreShard, takeShard } from './memory-shard.ts';
import { openServer, sqlSession } from './mysql-fixture.ts';

const wideColumns = Array.from({ length: 250 }, (_, number) => `c${number} varchar(50)`).join(', ');

const setup: readonly string[] = [
  'CREATE TABLE page (id int PRIMARY KEY, url varchar(255) CHARACTER SET utf8mb4, UNIQUE KEY url (url))',
  'CREATE TABLE log (at int, what text)',
  "INSERT INTO log VALUES (1, 'x')",
  'SET SESSION explicit_defaults_for_timestamp = ON',
  'CREATE TABLE visit (id int PRIMARY KEY, seen timestamp NOT NULL, left_at timestamp NOT NULL)',
  "INSERT INTO visit VALUES (1, '2024-01-02 03:04:05', '2024-01-02 04:04:05')",
  'SET SESSION innodb_strict_mode = OFF',
  `CREATE TABLE form (id int PRIMARY KEY, ${wideColumns}) ROW_FORMAT=COMPACT CHARSET=latin1`,
  "INSERT INTO form (id, c0, c249) VALUES (1, 'first', 'last')",
  'CREATE TABLE old (id int PRIMARY KEY, what text) ROW_FORMAT=REDUNDANT',
  "SET SESSION sql_mode = 'NO_UNSIGNED_SUBTRACTION'",
  'CREATE TABLE stock (id int PRIMARY KEY, had int unsigned, sold int unsigned, rest bigint AS (had - sold) STORED, KEY by_rest (rest))',
  'INSERT INTO stock (id, had, sold) VALUES (1, 5, 2), (2, 3, 7)',
];

/** Taken by a restore as they are. */
const harmless: Readonly<Record<'mysql' | 'mariadb', readonly string[]>> = {
  mysql: [
    'sql_require_primary_key = ON',
    'sql_generate_invisible_primary_key = ON',
    'explicit_defaults_for_timestamp = OFF',
    'innodb_strict_mode = ON',
    'transaction_read_only = ON',
    'show_create_table_verbosity = ON',
  ],
  mariadb: [
    'explicit_defaults_for_timestamp = OFF',
    'innodb_strict_mode = ON',
    'innodb_compression_default = ON',
    'innodb_default_encryption_key_id = 7',
    'tx_read_only = ON',
    "lc_messages = 'de_DE'",
  ],
};

export function testMysqlFitSettings(fixture: EngineFixture, server: () => TestServer): void {
  const family = fixture.family === 'mysql' ? 'mysql' : 'mariadb';
  let set: MemoryShard;
  const shown = new Map<string, string>();
  const showAll = async (): Promise<Map<string, string>> => {
    const tables = new Map<string, string>();
    for (const { name } of set.stored.tables) {
      const [row] = await server().run(`SHOW CREATE TABLE settings.${name}`);
      tables.set(name, String(row?.['Create Table']));
    }
    return tables;
  };
  const judge =
    family === 'mariadb'
      ? ["INSTALL SONAME 'simple_password_check'", "UNINSTALL SONAME 'simple_password_check'"]
      : [
          "INSTALL COMPONENT 'file://component_validate_password'",
          "UNINSTALL COMPONENT 'file://component_validate_password'",
        ];
  /** With these globals, back as they were afterwards. */
  const under = async (names: readonly string[], work: () => Promise<void>): Promise<void> => {
    const before: string[] = [];
    for (const setting of names) {
      const [name = ''] = setting.split(' ');
      const [row] = await server().run(`SELECT @@GLOBAL.${name} AS v`);
      const value = row?.['v'];
      before.push(`${name} = ${typeof value === 'string' ? `'${value}'` : String(value)}`);
      await server().run(`SET GLOBAL ${setting}`);
    }
    try {
      await work();
    } finally {
      for (const setting of before) await server().run(`SET GLOBAL ${setting}`);
    }
  };
  const fit = async (globals = false): Promise<readonly Finding[]> =>
    (await openServer(server()).fit(set.stored, globals)).filter(({ code }) => code === 'does-not-fit');

  describe(`${fixture.name}: settings of the target`, () => {
    beforeAll(async () => {
      await server().run('SET GLOBAL local_infile = ON');
      await server().run('CREATE DATABASE settings');
      const session = await sqlSession(server(), 'settings');
      for (const sql of setup) await session.query(sql);
      await session.close();
      await server().run("CREATE USER weak@localhost IDENTIFIED BY 'Short1!'; CREATE USER open@localhost");
      set = await takeShard(fixture.open(server(), ['settings']), { globals: 'with-passwords' });
      for (const [name, text] of await showAll()) shown.set(name, text);
      await server().run('DROP DATABASE settings; DROP USER weak@localhost, open@localhost');
    });
    afterAll(() => server().run('DROP DATABASE IF EXISTS settings'));

    test('those of a session are as on the source, whatever they are globally', async () => {
      await under(harmless[family], async () => {
        expect((await fit()).filter(({ warning }) => !warning)).toEqual([]);
        await restoreShard(openServer(server()), set, 'settings');
      });
      expect(await showAll()).toEqual(shown);
      const rows = await server().run('SELECT rest FROM settings.stock ORDER BY id');
      expect(rows.map((row) => Number(row['rest']))).toEqual([3, -4]);
      await server().run('DROP DATABASE settings');
    });

    test('a default row format that takes shorter keys is named', async () => {
      await under(["innodb_default_row_format = 'compact'"], async () => {
        const found = (await fit()).find(({ subject }) => subject === 'innodb_default_row_format');
        expect(found).toMatchObject({ warning: false, cause: expect.stringContaining('settings.page') });
      });
    });

    test('accounts whose passwords the server would judge are named', async () => {
      const [install = '', remove = ''] = judge;
      await server().run(install);
      try {
        const accounts = (await fit(true)).filter(({ subject }) => subject.startsWith('accounts '));
        const named = accounts.filter(({ warning }) => !warning).map(({ subject }) => subject);
        expect(named.join()).toContain('open');
        if (family === 'mariadb') expect(named.join()).toContain('weak');
      } finally {
        await server().run(remove);
      }
    });

    // MySQL's roles are accounts with a host.
    if (family === 'mariadb')
      test('a role that objects run as is refused where it is missing, and kept where it is there', async () => {
        await server().run('CREATE ROLE keeper');
        await server().run(
          'CREATE DATABASE kept; CREATE DEFINER = keeper PROCEDURE kept.p() SELECT 1; CREATE DEFINER = keeper VIEW kept.v AS SELECT 1 AS n',
        );
        const kept = await takeShard(fixture.open(server(), ['kept']));
        await server().run('DROP DATABASE kept; DROP ROLE keeper');
        const findings = (): Promise<readonly Finding[]> => openServer(server()).fit(kept.stored, false);
        expect((await findings()).find(({ subject }) => subject === 'keeper')).toMatchObject({
          code: 'does-not-fit',
          warning: false,
          remedy: expect.stringMatching(/^CREATE ROLE `keeper`;/),
        });
        await server().run('CREATE ROLE keeper');
        expect((await findings()).filter(({ subject }) => subject === 'keeper')).toEqual([]);
        await restoreShard(openServer(server()), kept, 'kept');
        const definers = await server().run(
          "SELECT DEFINER AS d FROM information_schema.ROUTINES WHERE ROUTINE_SCHEMA = 'kept' UNION ALL SELECT DEFINER FROM information_schema.VIEWS WHERE TABLE_SCHEMA = 'kept'",
        );
        expect(definers.map(({ d }) => d)).toEqual(['keeper', expect.stringMatching(/^keeper@?$/)]);
        await server().run('DROP DATABASE kept; DROP ROLE keeper');
      });

    // MySQL's setting for this is one of a session, and sessions of a restore set it.
    if (family === 'mariadb')
      test('tables without a key that the server would refuse are named', async () => {
        await under(['innodb_force_primary_key = ON'], async () => {
          const found = (await fit()).find(({ subject }) => subject === 'innodb_force_primary_key');
          expect(found).toMatchObject({ warning: false, cause: expect.stringContaining('settings.log') });
        });
      });
  });
}

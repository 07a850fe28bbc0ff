import { expect, test } from 'vitest';
import {
  quoteName,
  quoteText,
} from '../../../../../../shard-agent/engines/postgres/connection/connection.ts';
import {
  createStatement,
  propertyStatements,
  sequenceStatements,
  settingElements,
  type DatabaseProperties,
} from '../../../../../../shard-agent/engines/postgres/database/properties.ts';
import {
  readMark,
  restoreInName,
  stagingName,
} from '../../../../../../shard-agent/engines/postgres/restore/staging-mark.ts';

const properties: DatabaseProperties = {
  encoding: 'UTF8',
  collate: 'C',
  ctype: 'C',
  localeProvider: 'c',
  locale: null,
  icuRules: null,
  owner: 'o',
  connectionLimit: -1,
  tablespace: 'pg_default',
  comment: null,
  grants: null,
  settings: [],
  roles: [],
  extensions: [],
  tablespaces: [],
  sequences: [],
  placements: [],
  publicSchema: true,
  serverMajor: 15,
  dumpMajor: 15,
};

test('names and texts are quoted whatever they hold', () => {
  expect(quoteName('a"b')).toBe('"a""b"');
  expect(quoteText("it's")).toBe("'it''s'");
  expect(quoteText("\\ and '")).toBe("E'\\\\ and '''");
});

test('a list of names is set name by name, any other value as one text', () => {
  expect(settingElements('search_path', '"$user", public, "a ""b"", c"')).toEqual([
    '$user',
    'public',
    'a "b", c',
  ]);
  expect(settingElements('search_path', '""')).toEqual(['']);
  expect(settingElements('application_name', 'a, "b"')).toEqual(['a, "b"']);
});

test('a database is made with its own locale, in the words of the target', () => {
  expect(createStatement('s', properties, 14)).not.toMatch(/LOCALE_PROVIDER/);
  expect(createStatement('s', properties, 15)).toMatch(/LOCALE_PROVIDER libc/);
  const icu = { ...properties, localeProvider: 'i', locale: 'de-DE' } as const;
  expect(createStatement('s', icu, 16)).toMatch(/LOCALE_PROVIDER icu ICU_LOCALE 'de-DE'/);
  const builtin = { ...properties, localeProvider: 'b', locale: 'C.UTF-8' } as const;
  expect(createStatement('s', builtin, 18)).toMatch(/LOCALE_PROVIDER builtin BUILTIN_LOCALE 'C.UTF-8'/);
});

test('grants replace the defaults, settings of a role name the database', () => {
  const statements = propertyStatements('s', {
    ...properties,
    grants: [
      { grantee: null, grantor: 'o', privilege: 'CONNECT', grantable: false },
      { grantee: 'r', grantor: 'o', privilege: 'CREATE', grantable: true },
      { grantee: 's', grantor: 'r', privilege: 'CREATE', grantable: false },
    ],
    settings: [{ role: 'r', name: 'my.setting', value: 'x' }],
  });
  expect(statements).toEqual([
    'ALTER DATABASE "s" OWNER TO "o"',
    `ALTER ROLE "r" IN DATABASE "s" SET "my"."setting" TO 'x'`,
    'ALTER DATABASE "s" CONNECTION LIMIT -1',
    'REVOKE ALL ON DATABASE "s" FROM PUBLIC, "o"',
    'GRANT CONNECT ON DATABASE "s" TO PUBLIC',
    'GRANT CREATE ON DATABASE "s" TO "r" WITH GRANT OPTION',
    'SET LOCAL ROLE "r"',
    'GRANT CREATE ON DATABASE "s" TO "s"',
    'SET LOCAL ROLE NONE',
  ]);
});

test('a sequence that was never asked stays so', () => {
  expect(sequenceStatements([{ schema: 's', name: "q'", lastValue: '5', isCalled: false }])).toEqual([
    `SELECT pg_catalog.setval('"s"."q''"', 5, false)`,
  ]);
  expect(sequenceStatements([])).toEqual([]);
});

test('a mark is read from a comment, and nothing else is', () => {
  expect(readMark('{"tidemark":1,"role":"staged"}')).toEqual({ tidemark: 1, role: 'staged' });
  expect(readMark('{"tidemark":1,')).toBeUndefined();
  expect(readMark('a comment')).toBeUndefined();
  expect(readMark(null)).toBeUndefined();
});

test('a staging name fits into the 63 bytes of a name and tells its restore', () => {
  const restore = 'abcdefghijklmnopqrstuvwx';
  expect(stagingName(restore, 12345).length).toBeLessThanOrEqual(63 - '_old'.length);
  expect(restoreInName(stagingName(restore, 0))).toBe(restore);
  expect(restoreInName('tidemark_shop')).toBeUndefined();
});

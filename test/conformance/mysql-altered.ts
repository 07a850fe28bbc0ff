/** What no statement of MySQL or MariaDB shows as it is: `check` says beforehand that it comes back otherwise. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Finding } from '../../shard-agent/engine.ts';
import type { TestServer } from '../servers/server.ts';
import type { EngineFixture } from './engine-fixture.ts';
import { backupOrder } from './engine-conformance.ts';
import { openServer } from './mysql-fixture.ts';

interface Altered {
  readonly what: string;
  readonly family?: 'mysql' | 'mariadb';
  readonly setup: readonly string[];
  /** Of table `t`. */
  readonly columns: readonly string[];
  readonly cause: RegExp;
}

const typed = [
  'CAST(1.50 AS DECIMAL(9, 2))',
  "CAST('2026-11-20 12:34:56' AS DATETIME)",
  "CAST('2026-11-20' AS DATE)",
  "CAST('12:34:56' AS TIME)",
  "CAST(x'00FF' AS BINARY)",
];

const cases: readonly Altered[] = [
  {
    what: 'members with a character beyond 16 bits',
    setup: [
      "CREATE TABLE t (e ENUM('a', '😀'), s SET('😀'), plain ENUM('a', 'é漢'), l ENUM('?') CHARACTER SET latin1)",
    ],
    columns: ['e', 's'],
    cause: /member/,
  },
  {
    what: 'defaults with a character beyond 16 bits',
    family: 'mariadb',
    setup: ["CREATE TABLE t (d VARCHAR(9) DEFAULT 'é😀', plain VARCHAR(9) DEFAULT 'é漢')"],
    columns: ['d'],
    cause: /default/,
  },
  {
    what: 'more digits than the column declares',
    setup: [
      'CREATE TABLE t (f FLOAT, d DOUBLE, g FLOAT(9,3), h DOUBLE(12,3))',
      'INSERT INTO t VALUES (1 / 7, 1 / 7, 1 / 7, 1 / 7), (123456.789, 1e8, 123456.789, 12345678.901)',
      'ALTER TABLE t MODIFY f FLOAT(9,3), MODIFY d DOUBLE(12,3)',
    ],
    columns: ['f', 'd'],
    cause: /digits/,
  },
  {
    what: 'types inside documents that JSON has no word for',
    family: 'mysql',
    setup: [
      `CREATE TABLE t (plain JSON, ${typed.map((_, index) => `j${index} JSON`).join(', ')})`,
      `INSERT INTO t VALUES ('{"a": [1, 1.5, 1e300, "2026-11-20", null, 18446744073709551615]}', ${typed.map((value) => `JSON_OBJECT('k', JSON_ARRAY(${value}))`).join(', ')})`,
    ],
    columns: typed.map((_, index) => `j${index}`),
    cause: /documents/,
  },
];

export function testMysqlAltered(fixture: EngineFixture, server: () => TestServer): void {
  describe('check names what comes back otherwise', () => {
    const own = cases.filter(({ family }) => family === undefined || family === fixture.family);
    const nameOf = (entry: Altered): string => `altered_${own.indexOf(entry)}`;

    beforeAll(async () => {
      for (const entry of own) {
        await fixture.createDatabase(server(), nameOf(entry));
        const session = await fixture.session(server(), nameOf(entry));
        for (const sql of ['SET NAMES utf8mb4', ...entry.setup]) await session.query(sql);
        await session.close();
      }
    });
    afterAll(async () => {
      for (const entry of own) await fixture.dropDatabase(server(), nameOf(entry));
    });

    test.each(own.map((entry) => [entry.what, entry] as const))('%s', async (_, entry) => {
      expectAltered(entry, await openServer(server(), [nameOf(entry)]).check());
    });

    test.each(own.map((entry) => [entry.what, entry] as const))('a backup too: %s', async (_, entry) => {
      const session = await openServer(server(), [nameOf(entry)]).prepareBackup(backupOrder);
      try {
        expectAltered(entry, session.warnings);
      } finally {
        await session.close();
      }
    });

    function expectAltered(entry: Altered, findings: readonly Finding[]): void {
      const altered = findings.filter(({ subject }) => subject.startsWith(`${nameOf(entry)}.t.`));
      expect(altered.map(({ subject }) => subject.split('.').at(-1))).toEqual(entry.columns);
      for (const { cause, warning } of altered) {
        expect(cause).toMatch(entry.cause);
        expect(warning).toBe(true);
      }
    }
  });
}

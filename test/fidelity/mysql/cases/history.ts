/** MariaDB's periods: tables that keep their history, and application-time periods. */
import type { FidelityCase } from '../../case.ts';
import { counts, objectCase, onMariadb, onMariadbSince } from './object-case.ts';

/** A table's former rows can be written from this version on. */
const historyCanBeLoaded = onMariadbSince(10, 11);
/** Rows as they were at times of their own. */
const changes = (table: string): string =>
  [
    "SET timestamp = UNIX_TIMESTAMP('2020-01-01 00:00:00.123456')",
    `INSERT INTO ${table} (id, v) VALUES (1, 'first'), (2, 'second'), (3, NULL)`,
    "SET timestamp = UNIX_TIMESTAMP('2021-01-01 00:00:00.5')",
    `UPDATE ${table} SET v = 'changed' WHERE id = 1`,
    "SET timestamp = UNIX_TIMESTAMP('2022-01-01')",
    `UPDATE ${table} SET v = 'changed again' WHERE id = 1`,
    `DELETE FROM ${table} WHERE id = 2`,
    'SET timestamp = DEFAULT',
  ].join('; ');
const former = (table: string): string[] => [
  `SELECT COUNT(*) = 5 FROM ${table} FOR SYSTEM_TIME ALL`,
  `SELECT v = 'changed' FROM ${table} FOR SYSTEM_TIME AS OF TIMESTAMP '2021-06-01 00:00:00' WHERE id = 1`,
  `SELECT COUNT(*) = 2 FROM ${table}`,
];

export const historyCases: readonly FidelityCase[] = [
  objectCase(
    'history: with implicit period columns',
    ['CREATE TABLE t (id int PRIMARY KEY, v varchar(20)) WITH SYSTEM VERSIONING', changes('t')],
    former('t'),
    { exists: historyCanBeLoaded },
  ),
  objectCase(
    'history: with declared period columns',
    [
      `CREATE TABLE t (id int, v varchar(20), \`from\` timestamp(6) GENERATED ALWAYS AS ROW START, until_ timestamp(6) GENERATED ALWAYS AS ROW END INVISIBLE,
       PERIOD FOR SYSTEM_TIME (\`from\`, until_), PRIMARY KEY (id)) WITH SYSTEM VERSIONING`,
      changes('t'),
    ],
    [...former('t'), 'SELECT YEAR(`from`) = 2020 FROM t WHERE id = 3'],
    { exists: historyCanBeLoaded },
  ),
  objectCase(
    'history: without a key, with generated, invisible and unversioned columns',
    [
      'CREATE TABLE t (id int, v varchar(20), g varchar(30) AS (CONCAT(id, v)) VIRTUAL, s int AS (id * 2) STORED, h int INVISIBLE DEFAULT 4, free int WITHOUT SYSTEM VERSIONING) WITH SYSTEM VERSIONING',
      changes('t'),
      'UPDATE t SET free = 9',
    ],
    former('t'),
    { exists: historyCanBeLoaded },
  ),
  objectCase(
    'history: in partitions by SYSTEM_TIME',
    [
      'CREATE TABLE t (id int, v varchar(20)) WITH SYSTEM VERSIONING PARTITION BY SYSTEM_TIME (PARTITION old HISTORY, PARTITION now_ CURRENT)',
      changes('t'),
      'CREATE TABLE by_count (id int, v varchar(20)) WITH SYSTEM VERSIONING PARTITION BY SYSTEM_TIME LIMIT 2 PARTITIONS 4',
      changes('by_count'),
      "CREATE TABLE by_time (id int, v varchar(20)) WITH SYSTEM VERSIONING PARTITION BY SYSTEM_TIME INTERVAL 1 YEAR STARTS '2020-01-01 00:00:00' PARTITIONS 4",
      changes('by_time'),
    ],
    [
      ...former('t'),
      'SELECT COUNT(*) = 2 FROM by_time PARTITION (pn)',
      'SELECT COUNT(*) = 5 FROM by_count FOR SYSTEM_TIME ALL',
    ],
    { exists: historyCanBeLoaded },
  ),
  objectCase(
    'history: of rows all deleted, and of a table without any',
    [
      'CREATE TABLE gone (id int PRIMARY KEY, v varchar(20)) WITH SYSTEM VERSIONING',
      changes('gone'),
      'DELETE FROM gone',
      'CREATE TABLE fresh (id int PRIMARY KEY) WITH SYSTEM VERSIONING',
    ],
    ['SELECT COUNT(*) = 0 FROM gone', 'SELECT COUNT(*) = 5 FROM gone FOR SYSTEM_TIME ALL'],
    { exists: historyCanBeLoaded },
  ),
  objectCase(
    'periods of the application, WITHOUT OVERLAPS',
    [
      'CREATE TABLE t (id int, s date, e date, PERIOD FOR valid (s, e), PRIMARY KEY (id, valid WITHOUT OVERLAPS))',
      "INSERT INTO t VALUES (1, '2020-01-01', '2020-06-01'), (1, '2020-06-01', '2021-01-01'), (2, '2000-01-01', '9999-12-31')",
      'CREATE TABLE u (id int NOT NULL, s datetime(6) NOT NULL, e datetime(6) NOT NULL, PERIOD FOR `odd p` (s, e), UNIQUE KEY k (id, `odd p` WITHOUT OVERLAPS))',
    ],
    [
      'SELECT COUNT(*) = 3 FROM t',
      "SELECT COUNT(*) = 2 FROM information_schema.TABLE_CONSTRAINTS WHERE TABLE_SCHEMA = DATABASE() AND CONSTRAINT_TYPE IN ('PRIMARY KEY', 'UNIQUE')",
    ],
    { exists: onMariadb },
  ),
  objectCase(
    'periods of the application and of the system in one table',
    [
      "CREATE TABLE t (id int, v varchar(20), s date DEFAULT '2020-01-01', e date DEFAULT '2030-01-01', PERIOD FOR valid (s, e), UNIQUE KEY (id, valid WITHOUT OVERLAPS)) WITH SYSTEM VERSIONING",
      changes('t'),
    ],
    [...former('t'), counts('TABLES', 1, "TABLE_TYPE = 'SYSTEM VERSIONED'")],
    { exists: historyCanBeLoaded },
  ),
];

/** What a database itself is declared with. */
import type { FidelityCase } from '../../case.ts';
import { counts, objectCase, onMariadb, onMysql } from './object-case.ts';

export const databaseCases: readonly FidelityCase[] = [
  objectCase('database: nothing in it', ['DO 1'], [counts('SCHEMATA', 1)]),
  objectCase(
    'database: character set and collation',
    ['CREATE TABLE t (a varchar(9)); CREATE PROCEDURE p (x char(5)) SELECT x'],
    [counts('SCHEMATA', 1, "DEFAULT_COLLATION_NAME = 'latin2_croatian_ci'")],
    { createDatabase: (name) => `CREATE DATABASE ${name} CHARACTER SET latin2 COLLATE latin2_croatian_ci` },
  ),
  objectCase(
    'database: comment',
    ['CREATE TABLE t (a int)'],
    [counts('SCHEMATA', 1, "SCHEMA_COMMENT = 'it''s \"quoted\" \\\\ é'")],
    {
      exists: onMariadb,
      createDatabase: (name) => `CREATE DATABASE ${name} /*M! COMMENT 'it''s "quoted" \\\\ é' */`,
    },
  ),
  objectCase(
    'database: read only',
    [
      'CREATE TABLE t (a int PRIMARY KEY); INSERT INTO t VALUES (1); CREATE VIEW v AS SELECT a FROM t; CREATE TRIGGER tr BEFORE INSERT ON t FOR EACH ROW SET NEW.a = 1',
      "CREATE EVENT e ON SCHEDULE EVERY 1 DAY STARTS '2037-01-01 00:00:00' DO SELECT 1",
      'ALTER DATABASE {db} READ ONLY = 1',
    ],
    [counts('SCHEMATA_EXTENSIONS', 1, "OPTIONS = 'READ ONLY=1'"), 'SELECT a = 1 FROM v'],
    { exists: onMysql },
  ),
  objectCase(
    'database: default encryption',
    ['DO 1'],
    [counts('SCHEMATA', 1, "DEFAULT_ENCRYPTION = 'YES'")],
    {
      exists: onMysql,
      createDatabase: (name) => `CREATE DATABASE ${name} /*!80016 DEFAULT ENCRYPTION = 'Y' */`,
    },
  ),
];

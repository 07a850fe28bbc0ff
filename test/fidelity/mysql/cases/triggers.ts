/** Triggers: their order, the settings each was made with, their texts. */
import type { FidelityCase } from '../../case.ts';
import { counts, objectCase } from './object-case.ts';

const table =
  'CREATE TABLE t (id int, v varchar(200)); CREATE TABLE log (n int AUTO_INCREMENT PRIMARY KEY, what varchar(200))';

export const triggerCases: readonly FidelityCase[] = [
  objectCase(
    'triggers of every time and event',
    [
      table,
      ...['BEFORE', 'AFTER'].flatMap((time) =>
        ['INSERT', 'UPDATE', 'DELETE'].map(
          (event) =>
            `CREATE TRIGGER ${time}_${event} ${time} ${event} ON t FOR EACH ROW INSERT INTO log (what) VALUES ('${time} ${event}')`,
        ),
      ),
      "INSERT INTO t VALUES (1, 'x'); UPDATE t SET v = 'y'",
    ],
    [counts('TRIGGERS', 6), 'SELECT COUNT(*) = 4 FROM log'],
  ),
  objectCase(
    'triggers of one event in an order against their names and their making',
    [
      table,
      "CREATE TRIGGER m BEFORE INSERT ON t FOR EACH ROW SET NEW.v = CONCAT(NEW.v, 'm')",
      "CREATE TRIGGER z BEFORE INSERT ON t FOR EACH ROW PRECEDES m SET NEW.v = CONCAT(NEW.v, 'z')",
      "CREATE TRIGGER a BEFORE INSERT ON t FOR EACH ROW FOLLOWS m SET NEW.v = CONCAT(NEW.v, 'a')",
      "CREATE TRIGGER k BEFORE INSERT ON t FOR EACH ROW FOLLOWS z SET NEW.v = CONCAT(NEW.v, 'k')",
      "CREATE TRIGGER `follows b` AFTER INSERT ON t FOR EACH ROW INSERT INTO log (what) VALUES ('FOLLOWS a')",
      "CREATE TRIGGER a_first AFTER INSERT ON t FOR EACH ROW PRECEDES `follows b` INSERT INTO log (what) VALUES ('first')",
      "INSERT INTO t VALUES (1, '')",
      'DELETE FROM log',
    ],
    [
      "SELECT v = 'zkma' FROM t",
      counts('TRIGGERS', 1, "TRIGGER_NAME = 'a' AND ACTION_ORDER = 4"),
      counts('TRIGGERS', 1, "TRIGGER_NAME = 'a_first' AND ACTION_ORDER = 1"),
    ],
  ),
  objectCase(
    'triggers with modes of their own',
    [
      table,
      `SET SESSION sql_mode = 'ANSI_QUOTES,PIPES_AS_CONCAT'; CREATE TRIGGER "odd ""name" BEFORE INSERT ON "t" FOR EACH ROW SET NEW."v" = 'a' || NEW."v" || '"'`,
      `SET SESSION sql_mode = 'NO_BACKSLASH_ESCAPES'; CREATE TRIGGER slash BEFORE INSERT ON t FOR EACH ROW SET NEW.v = CONCAT(NEW.v, '\\', '; -- ')`,
      `SET SESSION sql_mode = ''; CREATE TRIGGER loose BEFORE UPDATE ON t FOR EACH ROW BEGIN IF "double" = 'double' THEN SET NEW.id = 'not a number'; END IF; END`,
      `SET SESSION sql_mode = 'STRICT_ALL_TABLES,NO_ZERO_DATE,IGNORE_SPACE,HIGH_NOT_PRECEDENCE'; CREATE TRIGGER strict_ AFTER DELETE ON t FOR EACH ROW SET @x = COUNT_(1)`,
    ].map((sql) => sql.replace('COUNT_(1)', '1')),
    [
      counts('TRIGGERS', 1, "SQL_MODE LIKE '%ANSI_QUOTES%'"),
      counts('TRIGGERS', 1, "SQL_MODE = 'NO_BACKSLASH_ESCAPES'"),
      counts('TRIGGERS', 1, "SQL_MODE = ''"),
    ],
  ),
  objectCase(
    'triggers with character sets of their own',
    [
      table,
      'SET NAMES latin1 COLLATE latin1_german2_ci',
      "CREATE TRIGGER latin BEFORE INSERT ON t FOR EACH ROW SET NEW.v = 'caf\u00e9'",
      'SET NAMES utf8mb4 COLLATE utf8mb4_bin',
      "CREATE TRIGGER planes BEFORE UPDATE ON t FOR EACH ROW SET NEW.v = '𝒳 é 表'",
      'SET NAMES utf8mb3',
      "SET SESSION collation_connection = 'cp1251_bin'; CREATE TRIGGER mixed AFTER INSERT ON t FOR EACH ROW SET @x = 'ж'",
    ],
    [
      counts('TRIGGERS', 1, "CHARACTER_SET_CLIENT = 'latin1' AND COLLATION_CONNECTION = 'latin1_german2_ci'"),
      counts('TRIGGERS', 1, "COLLATION_CONNECTION = 'cp1251_bin'"),
    ],
  ),
  objectCase(
    'triggers with definers of their own',
    [
      table,
      "CREATE DEFINER = 'gone user'@'10.0.0.%' TRIGGER other BEFORE INSERT ON t FOR EACH ROW SET NEW.id = 1",
      'CREATE DEFINER = CURRENT_USER TRIGGER own AFTER INSERT ON t FOR EACH ROW SET @x = 1',
    ],
    [counts('TRIGGERS', 1, "DEFINER = 'gone user@10.0.0.%'")],
  ),
  objectCase(
    'triggers typed with the name of the database, comments and line breaks',
    [
      table,
      'CREATE TRIGGER {db}.plain BEFORE INSERT ON {db}.t FOR EACH ROW SET NEW.id = 2',
      'CREATE TRIGGER `{db}` . `spaced name`\n\tbefore update\n  ON `{db}` . `t`\n FOR  EACH\tROW SET NEW.id = 3',
      "CREATE /* one */ TRIGGER /* it's two */ commented AFTER INSERT ON t /* three */ FOR EACH ROW /* four; */ SET @x = 1 /* five */",
      'CREATE TRIGGER IF NOT EXISTS {db}.unless AFTER UPDATE ON {db}.t FOR EACH ROW SET @x = 2',
      "CREATE TRIGGER {db}.mixed /* c */ AFTER /* on {db}.x */ DELETE ON /* here */ {db}.t FOR EACH ROW INSERT INTO {db}.log (what) VALUES ('{db}.t')",
    ],
    [counts('TRIGGERS', 5)],
  ),
  objectCase(
    'triggers with long bodies full of delimiters',
    [
      table,
      `CREATE TRIGGER busy BEFORE INSERT ON t FOR EACH ROW BEGIN
        DECLARE i int DEFAULT 0; -- a comment ; with $$ and //
        DECLARE CONTINUE HANDLER FOR SQLEXCEPTION BEGIN END;
        again: WHILE i < 3 DO SET i = i + 1; IF i = 2 THEN ITERATE again; END IF; INSERT INTO log (what) VALUES (CONCAT(';;$$//~~', i)); END WHILE;
        # hash comment

        SET NEW.v = 'DELIMITER ;
DELIMITER $$
';
      END`,
      "INSERT INTO t VALUES (1, 'x')",
    ],
    ['SELECT COUNT(*) = 2 FROM log', "SELECT v LIKE 'DELIMITER%' FROM t"],
  ),
  objectCase(
    'triggers that write into another database',
    [
      'CREATE TABLE t (id int); CREATE TABLE {more}.log (id int)',
      'CREATE TRIGGER across AFTER INSERT ON t FOR EACH ROW INSERT INTO {more}.log VALUES (NEW.id)',
      'INSERT INTO t VALUES (8)',
    ],
    ['SELECT id = 8 FROM {more}.log', counts('TRIGGERS', 1)],
    { more: 1 },
  ),
];

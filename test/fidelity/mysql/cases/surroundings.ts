/** Objects that are plain themselves and whose surroundings are odd: the time, the session, or the client that made them. */
import type { FidelityCase } from '../../case.ts';
import { counts, objectCase, onMariadb } from './object-case.ts';

const goneBy = objectCase(
  'events whose last time has passed, and one that is to come',
  [
    'CREATE TABLE log (id INT)',
    "SET timestamp = UNIX_TIMESTAMP('2020-01-01 00:00:00')",
    "CREATE EVENT once_then ON SCHEDULE AT '2020-06-01 00:00:00' DO INSERT INTO log VALUES (1)",
    "CREATE EVENT once_kept ON SCHEDULE AT '2020-06-01 00:00:00' ON COMPLETION PRESERVE DO INSERT INTO log VALUES (2)",
    "CREATE EVENT once_off ON SCHEDULE AT '2020-06-01 00:00:00' DISABLE DO INSERT INTO log VALUES (2)",
    "CREATE EVENT season ON SCHEDULE EVERY 1 DAY STARTS '2020-02-01 00:00:00' ENDS '2020-03-01 00:00:00' DO INSERT INTO log VALUES (3)",
    "CREATE EVENT season_kept ON SCHEDULE EVERY 1 DAY STARTS '2020-02-01 00:00:00' ENDS '2020-03-01 00:00:00' ON COMPLETION PRESERVE DO INSERT INTO log VALUES (4)",
    "CREATE EVENT to_come ON SCHEDULE AT '2037-01-01 00:00:00' DO INSERT INTO log VALUES (5)",
    'SET timestamp = DEFAULT',
  ],
  [counts('EVENTS', 6), counts('EVENTS', 5, "STATUS = 'ENABLED'"), 'SELECT COUNT(*) = 0 FROM log'],
  // A server whose scheduler runs drops what has gone by, here and there.
  { exists: ({ family }) => family === 'mariadb' },
);

/** A client's character set: names, bodies and comments are in it, and the second byte of some characters is a backslash. */
function clientCase(charset: string, table: string, column: string): FidelityCase {
  const entry = objectCase(
    `programs and views named by a client in ${charset}`,
    [
      `CREATE TABLE \`${table}\` (id INT PRIMARY KEY, \`${column}\` INT)`,
      `CREATE PROCEDURE \`${table}\`(IN \`${column}\` INT) COMMENT '${column}' SELECT \`${column}\`, '${table}' FROM \`${table}\``,
      `CREATE FUNCTION \`f${table}\`(\`${column}\` INT) RETURNS VARCHAR(20) DETERMINISTIC COMMENT '${column}' RETURN '${table}'`,
      `CREATE TRIGGER \`${table}\` BEFORE INSERT ON \`${table}\` FOR EACH ROW SET NEW.\`${column}\` = LENGTH('${table}')`,
      `CREATE VIEW \`v${table}\` AS SELECT \`${column}\` AS \`c${column}\` FROM \`${table}\``,
      `CREATE EVENT \`${table}\` ON SCHEDULE EVERY 1 DAY STARTS '2037-01-01 00:00:00' COMMENT '${column}' DO INSERT INTO \`${table}\` VALUES (1, '${table}')`,
    ],
    [
      counts('ROUTINES', 2, `CHARACTER_SET_CLIENT = '${charset}'`),
      counts('TRIGGERS', 1, `CHARACTER_SET_CLIENT = '${charset}' AND HEX(TRIGGER_NAME) = '${hex(table)}'`),
      counts('EVENTS', 1, `CHARACTER_SET_CLIENT = '${charset}' AND HEX(EVENT_NAME) = '${hex(table)}'`),
      counts(
        'ROUTINES',
        1,
        `HEX(ROUTINE_NAME) = '${hex(table)}' AND HEX(ROUTINE_COMMENT) = '${hex(column)}'`,
      ),
    ],
  );
  return { ...entry, clientCharset: charset };
}

function hex(text: string): string {
  return Buffer.from(text, 'utf8').toString('hex').toUpperCase();
}

/** Names that one comparison of the server's takes for one. */
const byCase: FidelityCase = {
  group: 'objects',
  item: 'databases, tables and triggers whose names differ by case or accents',
  database: 'o_CASE',
  moreDatabases: ['o_case'],
  setup: [
    'CREATE DATABASE o_case',
    ...['o_CASE', 'o_case'].flatMap((name, index) => [
      `CREATE TABLE ${name}.cafe (id INT PRIMARY KEY, n INT, d DOUBLE DEFAULT 0.5)`,
      `CREATE TABLE ${name}.\`café\` (id INT PRIMARY KEY, m INT, f FLOAT DEFAULT ${index + 1}.5)`,
      `CREATE TABLE ${name}.CAFE (k INT PRIMARY KEY)`,
      `INSERT INTO ${name}.cafe VALUES (${index}, 1, 1); INSERT INTO ${name}.\`café\` VALUES (${index}, 2, 2); INSERT INTO ${name}.CAFE VALUES (${index})`,
      `CREATE PROCEDURE ${name}.p() SELECT ${index}`,
      `CREATE VIEW ${name}.v AS SELECT ${index} AS n`,
      `CREATE TRIGGER ${name}.t BEFORE INSERT ON ${name}.cafe FOR EACH ROW SET NEW.n = ${index}`,
      `CREATE EVENT ${name}.e ON SCHEDULE EVERY 1 DAY STARTS '2037-01-01 00:00:00' DO SELECT ${index}`,
    ]),
    'CREATE PROCEDURE o_CASE.only_there() SELECT 1',
  ],
  proof: [
    "SELECT COUNT(*) = 8 FROM information_schema.TABLES WHERE CAST(TABLE_SCHEMA AS BINARY) IN ('o_CASE', 'o_case')",
    "SELECT COUNT(*) = 3 FROM information_schema.ROUTINES WHERE CAST(ROUTINE_SCHEMA AS BINARY) IN ('o_CASE', 'o_case')",
    'SELECT COUNT(*) = 1 FROM o_case.`café` WHERE id = 1 AND m = 2',
  ],
};

/** MariaDB alone keeps triggers apart by case. */
const triggersByCase = objectCase(
  'triggers whose names differ by case or accents',
  [
    'CREATE TABLE t (id INT PRIMARY KEY, n INT)',
    ...['one', 'ONE', 'öne'].map(
      (name, index) => `CREATE TRIGGER \`${name}\` BEFORE INSERT ON t FOR EACH ROW SET NEW.n = ${index}`,
    ),
  ],
  [counts('TRIGGERS', 3)],
  { exists: onMariadb },
);

export const surroundingCases: readonly FidelityCase[] = [
  goneBy,
  clientCase('latin1', 'été', 'prévu'),
  clientCase('sjis', '表ソ', '予構'),
  clientCase('gbk', '表乗', '乗x'),
  byCase,
  triggersByCase,
];

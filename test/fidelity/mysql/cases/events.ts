/** Events: their state, their times, the settings each was made with. None is due before the test ends. */
import type { FidelityCase } from '../../case.ts';
import { counts, objectCase } from './object-case.ts';

export const eventCases: readonly FidelityCase[] = [
  objectCase(
    'events: enabled, disabled, disabled on replicas',
    [
      "CREATE EVENT on_ ON SCHEDULE EVERY 1 DAY STARTS '2037-01-01 00:00:00' ENABLE DO SELECT 1",
      "CREATE EVENT off_ ON SCHEDULE EVERY 1 DAY STARTS '2037-01-01 00:00:00' DISABLE DO SELECT 1",
      "CREATE EVENT slaveside ON SCHEDULE EVERY 1 DAY STARTS '2037-01-01 00:00:00' DISABLE ON SLAVE DO SELECT 1",
      "CREATE EVENT kept ON SCHEDULE EVERY 1 DAY STARTS '2037-01-01 00:00:00' ON COMPLETION PRESERVE ENABLE DO SELECT 'ON COMPLETION PRESERVE ENABLE'",
    ],
    [
      counts('EVENTS', 2, "STATUS = 'ENABLED'"),
      counts('EVENTS', 1, "STATUS LIKE '%SIDE_DISABLED'"),
      counts('EVENTS', 1, "STATUS = 'DISABLED'"),
    ],
  ),
  objectCase(
    'events: once, to come and gone by',
    [
      "CREATE EVENT to_come ON SCHEDULE AT '2037-12-31 23:59:59' DO SELECT 1",
      "CREATE EVENT kept ON SCHEDULE AT '2037-12-31 23:59:59' ON COMPLETION PRESERVE COMMENT 'it''s once' DO SELECT 1",
      "CREATE EVENT gone_by ON SCHEDULE AT '2001-01-01 00:00:00' ON COMPLETION PRESERVE DISABLE DO SELECT 1",
      "CREATE EVENT ended ON SCHEDULE EVERY 1 HOUR STARTS '2001-01-01 00:00:00' ENDS '2002-01-01 00:00:00' ON COMPLETION PRESERVE DISABLE DO SELECT 1",
    ],
    [counts('EVENTS', 2, "EXECUTE_AT > '2037-01-01'"), counts('EVENTS', 2, "STATUS = 'DISABLED'")],
  ),
  objectCase(
    'events: intervals of every kind, with beginning and end',
    [
      ...['YEAR', 'QUARTER', 'MONTH', 'WEEK', 'DAY', 'HOUR', 'MINUTE', 'SECOND'].map(
        (unit) =>
          `CREATE EVENT every_${unit} ON SCHEDULE EVERY 3 ${unit} STARTS '2037-01-01 01:02:03' DO SELECT 1`,
      ),
      "CREATE EVENT half_past ON SCHEDULE EVERY '1:30' HOUR_MINUTE STARTS '2037-01-01 00:00:00' ENDS '2037-06-01 00:00:00' DO SELECT 1",
      "CREATE EVENT months ON SCHEDULE EVERY '1-2' YEAR_MONTH STARTS '2037-01-01 00:00:00' DO SELECT 1",
      "CREATE EVENT long_ ON SCHEDULE EVERY '1 2:3:4' DAY_SECOND STARTS '2037-01-01 00:00:00' DO SELECT 1",
    ],
    [counts('EVENTS', 11), counts('EVENTS', 1, "ENDS = '2037-06-01 00:00:00'")],
  ),
  objectCase(
    'events: in several time zones',
    [
      "SET time_zone = '+05:30'; CREATE EVENT india ON SCHEDULE AT '2037-01-01 05:30:00' DO SELECT 1",
      "SET time_zone = '-11:00'; CREATE EVENT samoa ON SCHEDULE EVERY 1 DAY STARTS '2037-01-01 05:30:00' ENDS '2037-02-01 05:30:00' DO SELECT 1",
      "SET time_zone = 'SYSTEM'; CREATE EVENT system_ ON SCHEDULE EVERY 1 DAY STARTS '2037-01-01 00:00:00' DO SELECT 1",
    ],
    [counts('EVENTS', 1, "TIME_ZONE = '+05:30'"), counts('EVENTS', 1, "TIME_ZONE = '-11:00'")],
  ),
  objectCase(
    'events under HIGH_NOT_PRECEDENCE, kept and not',
    [
      "SET SESSION sql_mode = 'HIGH_NOT_PRECEDENCE,ANSI_QUOTES'; CREATE EVENT \"ON COMPLETION NOT PRESERVE\" ON SCHEDULE EVERY 1 DAY STARTS '2037-01-01' DISABLE COMMENT 'ON COMPLETION NOT PRESERVE' DO SELECT NOT 1 BETWEEN 2 AND 3, 'ON COMPLETION NOT PRESERVE'",
      "CREATE EVENT kept ON SCHEDULE EVERY 1 DAY STARTS '2037-01-01' ON COMPLETION PRESERVE DO SELECT NOT 1",
      "SET SESSION sql_mode = ''",
    ],
    [counts('EVENTS', 2, "SQL_MODE LIKE '%HIGH_NOT_PRECEDENCE%'"), counts('EVENTS', 1, "STATUS = 'ENABLED'")],
  ),
  objectCase(
    'events with modes, character sets, definers and odd names',
    [
      `SET SESSION sql_mode = 'ANSI_QUOTES,PIPES_AS_CONCAT'; CREATE EVENT "odd ""name' é" ON SCHEDULE EVERY 1 DAY STARTS '2037-01-01' DO SELECT 'a' || 'b' AS "c"`,
      "SET SESSION sql_mode = 'NO_BACKSLASH_ESCAPES'; CREATE EVENT slash ON SCHEDULE EVERY 1 DAY STARTS '2037-01-01' ON COMPLETION PRESERVE COMMENT 'ENABLE \\' DO SELECT 'ON COMPLETION PRESERVE ENABLE \\'",
      "SET SESSION sql_mode = ''",
      'SET NAMES latin1 COLLATE latin1_german2_ci',
      "CREATE EVENT latin ON SCHEDULE EVERY 1 DAY STARTS '2037-01-01' COMMENT 'caf\u00e9' DO SELECT 'caf\u00e9'",
      'SET NAMES utf8mb4',
      "CREATE DEFINER = 'gone user'@'%.x' EVENT planes ON SCHEDULE EVERY 1 DAY STARTS '2037-01-01' DISABLE COMMENT '𝒳 it''s' DO BEGIN DECLARE x int; SELECT '𝒳;' INTO @y; END",
    ],
    [
      counts('EVENTS', 1, "DEFINER = 'gone user@%.x'"),
      counts('EVENTS', 1, "CHARACTER_SET_CLIENT = 'latin1'"),
      counts('EVENTS', 3, "STATUS = 'ENABLED'"),
    ],
  ),
];

/** Procedures, functions, packages. */
import type { FidelityCase } from '../../case.ts';
import { counts, objectCase, onMariadb, onMysql, onMysqlSince } from './object-case.ts';

export const routineCases: readonly FidelityCase[] = [
  objectCase(
    'procedures with parameters of every mode and many types',
    [
      "CREATE PROCEDURE p (IN a int unsigned, OUT b varchar(20) CHARACTER SET latin1 COLLATE latin1_bin, INOUT `odd c` decimal(10,2), d enum('x','it''s'), e datetime(6), f json, g bit(3), h set('p','q')) SET b = 'out'",
      'CREATE PROCEDURE none() BEGIN END',
    ],
    [counts('PARAMETERS', 8)],
  ),
  objectCase(
    'functions of many types',
    [
      "CREATE FUNCTION f1 (a int) RETURNS varchar(30) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin DETERMINISTIC NO SQL RETURN CONCAT(a, '𝒳')",
      'CREATE FUNCTION f2 () RETURNS decimal(65,30) DETERMINISTIC RETURN 1.5',
      "CREATE FUNCTION f3 () RETURNS enum('a','b') DETERMINISTIC RETURN 'b'",
      'CREATE FUNCTION f4 (g geometry) RETURNS double DETERMINISTIC RETURN ST_X(g)',
      'CREATE FUNCTION f5 () RETURNS json DETERMINISTIC RETURN JSON_ARRAY(1)',
    ],
    [
      "SELECT HEX(f1(5)) = '35F09D92B3'",
      "SELECT HEX(f3()) = HEX('b')",
      counts('ROUTINES', 5, "ROUTINE_TYPE = 'FUNCTION'"),
    ],
  ),
  objectCase(
    'routines with every characteristic, comments and definers',
    [
      "CREATE DEFINER = 'gone user'@'%' PROCEDURE p1 () LANGUAGE SQL NOT DETERMINISTIC CONTAINS SQL SQL SECURITY INVOKER COMMENT 'it''s \"quoted\" \\\\ é\\nnew line' SELECT 1",
      'CREATE PROCEDURE p2 () MODIFIES SQL DATA SQL SECURITY DEFINER SET @x = 1',
      'CREATE FUNCTION f1 () RETURNS int DETERMINISTIC READS SQL DATA RETURN 1',
      "CREATE FUNCTION f2 () RETURNS int NO SQL DETERMINISTIC COMMENT '' RETURN 2",
    ],
    [
      counts(
        'ROUTINES',
        1,
        "SECURITY_TYPE = 'INVOKER' AND DEFINER = 'gone user@%' AND ROUTINE_COMMENT LIKE 'it''s%'",
      ),
    ],
  ),
  objectCase(
    'routines with modes of their own',
    [
      `SET SESSION sql_mode = 'ANSI_QUOTES,PIPES_AS_CONCAT'; CREATE FUNCTION "ansi ""f" ("x" int) RETURNS varchar(20) DETERMINISTIC RETURN 'a' || "x"`,
      "SET SESSION sql_mode = 'NO_BACKSLASH_ESCAPES'; CREATE FUNCTION slash () RETURNS varchar(20) DETERMINISTIC COMMENT 'ends in \\' RETURN CONCAT('\\', 'x')",
      "SET SESSION sql_mode = ''; CREATE FUNCTION loose () RETURNS tinyint DETERMINISTIC RETURN 300",
      "SET SESSION sql_mode = 'ANSI,STRICT_ALL_TABLES,ALLOW_INVALID_DATES'; CREATE PROCEDURE mixed () SELECT 'x' || 'y'",
    ],
    [
      "SELECT `ansi \"f`(5) LIKE BINARY 'a5'",
      "SELECT HEX(slash()) = '5C78'",
      counts('ROUTINES', 1, "SQL_MODE = 'NO_BACKSLASH_ESCAPES'"),
    ],
  ),
  objectCase(
    'routines with character sets of their own',
    [
      'SET NAMES latin1 COLLATE latin1_german2_ci',
      "CREATE FUNCTION latin () RETURNS varchar(20) CHARACTER SET utf8mb4 DETERMINISTIC RETURN 'caf\u00e9'",
      'SET NAMES utf8mb4 COLLATE utf8mb4_bin',
      "CREATE FUNCTION planes () RETURNS varchar(20) CHARACTER SET utf8mb4 DETERMINISTIC COMMENT '𝒳' RETURN '𝒳 é 表'",
      'SET NAMES utf8mb4',
      "SET SESSION collation_connection = 'sjis_bin'; CREATE PROCEDURE japanese () SELECT '表'",
      'ALTER DATABASE {db} COLLATE utf8mb4_unicode_ci',
      'CREATE PROCEDURE later () SELECT 1',
    ],
    ["SELECT HEX(planes()) = HEX('𝒳 é 表')", counts('ROUTINES', 2, "COLLATION_CONNECTION = 'sjis_bin'")],
  ),
  objectCase(
    'routines with long bodies full of delimiters, comments and empty lines',
    [
      `CREATE PROCEDURE \`busy; $$ // name\` ()
outer_: BEGIN
  DECLARE done int DEFAULT 0; DECLARE x varchar(100);
  DECLARE c CURSOR FOR SELECT TABLE_NAME FROM information_schema.TABLES LIMIT 2;
  DECLARE CONTINUE HANDLER FOR NOT FOUND SET done = 1;

  -- a comment; with 'quotes
  # and one "more
  /* and ; $$ // ~~ @@@ %%% ^^^ !!! ||| ;;;;;;; all of them */
  OPEN c;
  r: REPEAT FETCH c INTO x; UNTIL done END REPEAT r;
  CLOSE c;
  CASE x WHEN 'a;b' THEN SELECT 'DELIMITER ;'; ELSE BEGIN END; END CASE;
  SET @s = 'SELECT 1;'; PREPARE st FROM @s; EXECUTE st; DEALLOCATE PREPARE st;
  SELECT '
DELIMITER ;
-- no comment
';
END   `,
      `CREATE FUNCTION big () RETURNS int DETERMINISTIC BEGIN ${'SET @x = 1; -- padding é\n'.repeat(4000)} RETURN 7; END`,
    ],
    ['SELECT big() = 7', counts('ROUTINES', 1, 'LENGTH(ROUTINE_DEFINITION) > 90000')],
  ),
  objectCase(
    'a procedure and a function of one name, and routines that call each other',
    [
      'CREATE FUNCTION same () RETURNS int DETERMINISTIC RETURN 1',
      'CREATE PROCEDURE same () SELECT same()',
      'CREATE FUNCTION a () RETURNS int DETERMINISTIC RETURN z() + 1',
      'CREATE FUNCTION z () RETURNS int DETERMINISTIC RETURN 1',
      'CREATE PROCEDURE missing () CALL never_there(1)',
    ],
    ['SELECT a() = 2', counts('ROUTINES', 2, "ROUTINE_NAME = 'same'")],
  ),
  objectCase(
    'functions that are read by a generated name in another database',
    [
      'CREATE FUNCTION {more}.f () RETURNS int DETERMINISTIC RETURN 5',
      'CREATE VIEW v AS SELECT {more}.f() AS n',
      'CREATE PROCEDURE p () SELECT {more}.f()',
    ],
    ['SELECT n = 5 FROM v'],
    { more: 1 },
  ),
  objectCase(
    'routines with version comments',
    [
      'CREATE PROCEDURE p () BEGIN /*!50000 SELECT 1 */; /*!99999 SELECT 2; */ END',
      'CREATE /*!50003 FUNCTION f () RETURNS int DETERMINISTIC RETURN 3 */',
    ],
    ['SELECT f() = 3'],
  ),
  objectCase(
    'aggregate functions',
    [
      'CREATE TABLE t (v int); INSERT INTO t VALUES (3), (4)',
      'CREATE AGGREGATE FUNCTION total (x int) RETURNS int DETERMINISTIC BEGIN DECLARE s int DEFAULT 0; DECLARE CONTINUE HANDLER FOR NOT FOUND RETURN s; LOOP FETCH GROUP NEXT ROW; SET s = s + x; END LOOP; END',
    ],
    ['SELECT total(v) = 7 FROM t'],
    { exists: onMariadb },
  ),
  objectCase(
    'routines in ORACLE mode',
    [
      "SET SESSION sql_mode = 'ORACLE'; CREATE OR REPLACE FUNCTION plus_one (a IN int, b OUT varchar2) RETURN number DETERMINISTIC AS x number := 1; BEGIN RETURN a + x; END",
      "SET SESSION sql_mode = 'ORACLE'; CREATE PROCEDURE p (a OUT number) IS BEGIN a := 5; <<l>> LOOP EXIT l WHEN a = 5; END LOOP; EXCEPTION WHEN OTHERS THEN NULL; END",
    ],
    [counts('ROUTINES', 2, "SQL_MODE LIKE '%ORACLE%'")],
    { exists: onMariadb },
  ),
  objectCase(
    'packages with and without a body',
    [
      "SET SESSION sql_mode = 'ORACLE'; CREATE OR REPLACE PACKAGE tools COMMENT 'it''s a package' AS FUNCTION f1 RETURN int; PROCEDURE p1 (a int); END",
      "SET SESSION sql_mode = 'ORACLE'; CREATE OR REPLACE PACKAGE BODY tools AS v int := 10; FUNCTION hidden RETURN int AS BEGIN RETURN v; END; FUNCTION f1 RETURN int AS BEGIN RETURN hidden() + 1; END; PROCEDURE p1 (a int) AS BEGIN v := a; END; BEGIN v := 20; END",
      "SET SESSION sql_mode = 'ORACLE'; CREATE PACKAGE a_head_only AS PROCEDURE p2; END",
      "SET SESSION sql_mode = 'ORACLE'; CREATE DEFINER = 'gone user'@'%' PACKAGE `odd \" name` SQL SECURITY INVOKER AS FUNCTION f3 RETURN int; END"
        .replaceAll('`', '"')
        .replace('"odd " name"', '"odd "" name"'),
    ],
    ['SELECT {db}.tools.f1() = 21', counts('ROUTINES', 4, "ROUTINE_TYPE LIKE 'PACKAGE%'")],
    { exists: onMariadb },
  ),
  objectCase(
    'libraries, and routines that use them',
    [
      "CREATE LIBRARY z COMMENT 'it''s \"quoted\" \\\\ é\\nnew line' LANGUAGE JAVASCRIPT AS 'export function f(n) { return `${n}` + \"$$ é 𝒳 ;\" + ''; //'' }'",
      'CREATE LIBRARY `odd `` lib.` LANGUAGE JAVASCRIPT AS $$ export const one = 1; $$',
      "CREATE LIBRARY assembly LANGUAGE WASM AS x'0061736d0100000027005c'",
      "CREATE LIBRARY nothing LANGUAGE WASM AS x''",
      `SET SESSION sql_mode = 'ANSI_QUOTES,NO_BACKSLASH_ESCAPES'; CREATE LIBRARY "ansi ""l" COMMENT 'ends in \\' LANGUAGE JAVASCRIPT AS ' "\\" '`,
      "SET SESSION sql_mode = ''",
      'CREATE LIBRARY {more}.z LANGUAGE JAVASCRIPT AS $$ $$',
      "CREATE FUNCTION a (n int) RETURNS int DETERMINISTIC LANGUAGE JAVASCRIPT USING (z AS own, {more}.z, `odd `` lib.`) COMMENT 'x USING (`{db}`.`z`)' AS $$ return own.f(n) /* USING (`{db}`.`z`) */ $$",
      'CREATE PROCEDURE a () LANGUAGE WASM USING (assembly) AS $$ $$',
      `SET SESSION sql_mode = 'ANSI_QUOTES'; CREATE FUNCTION "ansi f" () RETURNS int DETERMINISTIC LANGUAGE JAVASCRIPT USING ("ansi ""l" AS "x y") AS $$ return 1 $$`,
    ],
    [
      counts('LIBRARIES', 5),
      counts(
        'LIBRARIES',
        1,
        "LANGUAGE = 'WASM' AND LENGTH(LIBRARY_DEFINITION) = 0 AND LIBRARY_NAME = 'nothing'",
      ),
      counts('ROUTINE_LIBRARIES', 5),
    ],
    { exists: onMysqlSince(9, 2), more: 1 },
  ),
  objectCase(
    'functions with JSON tables, windows and CTEs',
    [
      "CREATE PROCEDURE p () WITH RECURSIVE r AS (SELECT 1 AS n UNION ALL SELECT n + 1 FROM r WHERE n < 3) SELECT SUM(n) OVER (), j.* FROM r, JSON_TABLE('[1]', '$[*]' COLUMNS (x int PATH '$')) AS j",
    ],
    [counts('ROUTINES', 1)],
    { exists: (server) => onMysql(server) || onMariadb(server) },
  ),
];

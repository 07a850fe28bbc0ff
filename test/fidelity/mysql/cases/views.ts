/** Views. */
import type { FidelityCase } from '../../case.ts';
import { counts, objectCase, onMariadb, onMysqlSince } from './object-case.ts';

export const viewCases: readonly FidelityCase[] = [
  objectCase(
    'views on views, each named before what it reads',
    [
      "CREATE TABLE t (id int PRIMARY KEY, v varchar(20)); INSERT INTO t VALUES (1, 'x'), (2, 'y')",
      'CREATE VIEW z AS SELECT id, v FROM t WHERE id > 0',
      'CREATE VIEW y AS SELECT z.id, UPPER(z.v) AS v FROM z',
      'CREATE VIEW a AS SELECT y.id, z.v FROM y JOIN z USING (id)',
      'CREATE VIEW `a b` AS SELECT COUNT(*) AS n FROM a, y',
      'CREATE OR REPLACE VIEW b AS SELECT * FROM `a b`, a',
    ],
    [counts('VIEWS', 5), 'SELECT n = 4 FROM b LIMIT 1'],
  ),
  objectCase(
    'views of every ALGORITHM, SQL SECURITY, CHECK OPTION and definer',
    [
      'CREATE TABLE t (id int); INSERT INTO t VALUES (1), (20)',
      "CREATE DEFINER = 'no.such user'@'%.example' SQL SECURITY INVOKER VIEW other AS SELECT id FROM t",
      'CREATE ALGORITHM = MERGE SQL SECURITY DEFINER VIEW merged AS SELECT id FROM t WHERE id < 10 WITH LOCAL CHECK OPTION',
      'CREATE ALGORITHM = TEMPTABLE SQL SECURITY INVOKER VIEW temporary AS SELECT id FROM t GROUP BY id',
      'CREATE VIEW cascaded AS SELECT id FROM merged WHERE id > 0 WITH CASCADED CHECK OPTION',
    ],
    [
      counts('VIEWS', 1, "DEFINER = 'no.such user@%.example'"),
      counts('VIEWS', 1, "CHECK_OPTION = 'CASCADED'"),
      counts('VIEWS', 2, "SECURITY_TYPE = 'INVOKER'"),
      'SELECT COUNT(*) = 2 FROM temporary',
    ],
  ),
  objectCase(
    'views across databases, by turns',
    [
      'CREATE TABLE t (id int); INSERT INTO t VALUES (3)',
      'CREATE VIEW {more}.v1 AS SELECT id FROM {db}.t',
      'CREATE VIEW v2 AS SELECT id + 1 AS id FROM {more}.v1',
      'CREATE VIEW {more}.v3 AS SELECT id + 1 AS id FROM {db}.v2',
      'CREATE VIEW a4 AS SELECT id + 1 AS id FROM {more}.v3',
    ],
    ['SELECT id = 6 FROM a4'],
    { more: 1 },
  ),
  objectCase(
    'views with text in other character sets and modes',
    [
      'CREATE TABLE t (id int); INSERT INTO t VALUES (1)',
      'SET NAMES latin1',
      "CREATE VIEW latin AS SELECT _latin1 x'e9' AS e, 'plain' AS p",
      'SET NAMES utf8mb4',
      'CREATE VIEW planes AS SELECT \'é𝒳 it\'\'s "q" \\\\ `\' AS `odd ""col`` é`',
      `SET SESSION sql_mode = 'ANSI_QUOTES,PIPES_AS_CONCAT'; CREATE VIEW "ansi v" AS SELECT 'a' || "id" AS "x""y" FROM "t"`,
      "SET SESSION sql_mode = 'NO_BACKSLASH_ESCAPES'; CREATE VIEW slash AS SELECT 'ends in \\' AS s, 'x' AS t",
    ],
    ["SELECT `x\"y` LIKE BINARY 'a1' FROM `ansi v`", 'SELECT LENGTH(s) = 9 FROM slash', counts('VIEWS', 4)],
  ),
  objectCase(
    'views that call functions, which read views',
    [
      'CREATE TABLE t (id int); INSERT INTO t VALUES (1), (2)',
      'CREATE VIEW base AS SELECT id FROM t',
      'CREATE FUNCTION how_many() RETURNS int READS SQL DATA RETURN (SELECT COUNT(*) FROM base)',
      'CREATE VIEW above AS SELECT how_many() AS n',
      'CREATE FUNCTION again() RETURNS int READS SQL DATA RETURN (SELECT n FROM above)',
    ],
    ['SELECT again() = 2'],
  ),
  objectCase(
    'views with WITH RECURSIVE, windows, UNION, subqueries and column lists',
    [
      'CREATE TABLE t (id int, v int); INSERT INTO t VALUES (1, 5), (2, 6)',
      'CREATE VIEW recursive_ AS WITH RECURSIVE r (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM r WHERE n < 5) SELECT n FROM r',
      'CREATE VIEW windowed (a, `b c`) AS SELECT id, SUM(v) OVER (ORDER BY id ROWS UNBOUNDED PRECEDING) FROM t',
      'CREATE VIEW united AS SELECT id FROM t UNION SELECT v FROM t WHERE EXISTS (SELECT 1 FROM t AS u WHERE u.v > t.v) ORDER BY 1 LIMIT 3',
      'CREATE VIEW of_server AS SELECT TABLE_NAME FROM information_schema.TABLES WHERE TABLE_SCHEMA = DATABASE()',
    ],
    ['SELECT COUNT(*) = 5 FROM recursive_', 'SELECT `b c` = 11 FROM windowed WHERE a = 2'],
  ),
  objectCase(
    'views over invisible and generated columns and sequences',
    [
      'CREATE SEQUENCE s START WITH 7',
      'CREATE TABLE t (a int, h int INVISIBLE DEFAULT 4, g int AS (a + h)); INSERT INTO t (a) VALUES (1)',
      'CREATE VIEW v AS SELECT a, h, g FROM t',
      'CREATE VIEW of_sequence AS SELECT minimum_value FROM s',
    ],
    ['SELECT g = 5 FROM v', 'SELECT minimum_value = 1 FROM of_sequence'],
    { exists: onMariadb },
  ),
  objectCase(
    'JSON duality views',
    [
      'CREATE TABLE parent (id int PRIMARY KEY, `odd ``name` varchar(20) DEFAULT 7)',
      'CREATE TABLE child (id int PRIMARY KEY, parent_id int, v varchar(20), FOREIGN KEY (parent_id) REFERENCES parent (id))',
      "INSERT INTO parent VALUES (1, 'x'); INSERT INTO child VALUES (1, 1, 'y'), (2, 1, 'z')",
      "CREATE JSON RELATIONAL DUALITY VIEW a AS SELECT JSON_DUALITY_OBJECT(WITH (INSERT, UPDATE, DELETE) '_id': id, 'it''s \"name\" é𝒳': `odd ``name`, 'kids': (SELECT JSON_ARRAYAGG(JSON_DUALITY_OBJECT(WITH (INSERT, UPDATE) 'id': id, 'v': v)) FROM child WHERE child.parent_id = parent.id)) FROM parent",
      "CREATE DEFINER = 'gone user'@'%' SQL SECURITY INVOKER JSON DUALITY VIEW `read only` AS SELECT JSON_DUALITY_OBJECT('_id': id) FROM {db}.child",
    ],
    [
      counts('JSON_DUALITY_VIEWS', 2, "STATUS = 'valid'"),
      counts('JSON_DUALITY_VIEWS', 1, 'ALLOW_DELETE = 1'),
      "SELECT JSON_EXTRACT(data, '$.kids[1].v') = 'z' FROM a",
    ],
    { exists: onMysqlSince(9, 4) },
  ),
  objectCase(
    'views alone in a database',
    ['CREATE VIEW v AS SELECT 1 AS one, NOW() AS time_'],
    ['SELECT one = 1 FROM v', counts('TABLES', 0, "TABLE_TYPE = 'BASE TABLE'")],
  ),
];

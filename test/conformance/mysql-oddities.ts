/** Everything odd that MySQL or MariaDB can hold, and the questions whose answers must survive a restore. */
import type { EngineFixture } from './engine-fixture.ts';

const everyByte = Array.from({ length: 256 }, (_, byte) => byte.toString(16).padStart(2, '0')).join('');

/** Types whose text form, character set or escaping could change a value on its way. */
const values: readonly string[] = [
  'SET sql_mode = ""',
  `CREATE TABLE texts (id int PRIMARY KEY, u8 varchar(200) CHARACTER SET utf8mb4, l1 varchar(200) CHARACTER SET latin1,
     u16 varchar(50) CHARACTER SET utf16, sj varchar(50) CHARACTER SET sjis, c char(10), t longtext, b longblob, vb varbinary(300), fb binary(4))`,
  `INSERT INTO texts VALUES
     (1, 'tab\tnew\nline\rback\\\\slash nul\0 quote\\' "', 'é', 'ĀЖ漢', '表ソ', 'pad  ', 'x', x'${everyByte}', x'00', 'a'),
     (2, '', '', '', '', '', '', '', '', ''),
     (3, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL),
     (4, '\\\\N', 'NULL', '\\\\.', '\\\\', '\\\\N', '😀', x'5c4e', x'09', x'0a0d'),
     (5, REPEAT('漢\t', 60), REPEAT('ÿ', 100), 'a', 'a', 'a', REPEAT('long\n', 70000), REPEAT(x'00ff5c', 100000), x'ff', x'ffffffff')`,
  `CREATE TABLE numbers (id int PRIMARY KEY, ti tinyint, bu bigint unsigned, d decimal(65,30), f float, fd float(7,4), dd double, d2 double(10,2),
     b1 bit(1), b64 bit(64), z int(8) zerofill, bo boolean)`,
  `INSERT INTO numbers VALUES
     (1, -128, 18446744073709551615, 12345678901234567890123456789012345.123456789012345678901234567890, 16777216, 123.4567, 1.7976931348623157e308, 12345678.91, b'1', x'ffffffffffffffff', 42, true),
     (2, 127, 0, -0.000000000000000000000000000001, 3.4028234e38, -0.0001, 2.2250738585072014e-308, -0.01, b'0', x'095c0a0000000000', 0, false),
     (3, 0, 1, 0, 0.1, 0, 0.1, 0, NULL, x'00', NULL, NULL),
     (4, NULL, NULL, NULL, 1e-45, NULL, -0.0, NULL, b'1', x'3000000000000000', 1, 1)`,
  `CREATE TABLE times (id int PRIMARY KEY, d date, dt datetime(6), ts timestamp(6) NULL, t time(6), y year)`,
  `INSERT INTO times VALUES (1, '0000-00-00', '0000-00-00 00:00:00', '2038-01-19 03:14:07.999999', '-838:59:59', 1901),
     (2, '9999-12-31', '1000-01-01 00:00:00.000001', '1970-01-01 00:00:01', '838:59:59', 2155),
     (3, '2020-00-15', '2020-02-00 10:00:00', '2026-03-29 01:30:00', '00:00:00.000001', 0), (4, NULL, NULL, NULL, NULL, NULL)`,
  `CREATE TABLE choices (id int PRIMARY KEY, e enum('a','b','','ü,''x') CHARACTER SET utf8mb4, bad enum('1','2'), s set('x','y','z'))`,
  `INSERT INTO choices VALUES (1, 'ü,''x', '2', 'x,z'), (2, '', 99, ''), (3, NULL, NULL, NULL), (4, 'a', '1', 'x,y,z')`,
  `CREATE TABLE documents (id int PRIMARY KEY, j json)`,
  `INSERT INTO documents VALUES (1, '{"a": [1, 2.5, true, null, "\\\\u00e9\\\\n😀"], "b": {"c": "tab\\\\t"}}'), (2, '[]'), (3, 'null'), (4, NULL), (5, CONCAT('"', REPEAT('ж', 100000), '"'))`,
  `CREATE TABLE shapes (id int PRIMARY KEY, g geometry, p point NOT NULL, SPATIAL KEY (p)) ENGINE=InnoDB`,
  `INSERT INTO shapes VALUES (1, ST_GeomFromText('POLYGON((0 0,10 0,10 10,0 10,0 0))', 4326), POINT(1.5, -2)), (2, NULL, POINT(0, 0)),
     (3, ST_GeomFromText('GEOMETRYCOLLECTION(POINT(1 1),LINESTRING(0 0,1 1))'), POINT(9, 9))`,
];

/** Keys and tables of every shape; the larger ones are cut into ranges by the suite's small chunks. */
const tables: readonly string[] = [
  'CREATE TABLE empty_table (id int PRIMARY KEY AUTO_INCREMENT, x text) AUTO_INCREMENT = 4711',
  'CREATE TABLE keyless (a int, b varchar(40))',
  'INSERT INTO keyless SELECT 1, NULL UNION ALL SELECT 1, NULL UNION ALL SELECT 2, "two"',
  'INSERT INTO keyless SELECT a.id * 4 + b.id, REPEAT("k", 30) FROM numbers a, numbers b, numbers c, numbers d, times e, times f',
  'CREATE TABLE digits (d int PRIMARY KEY)',
  'INSERT INTO digits VALUES (0), (1), (2), (3), (4), (5), (6), (7), (8), (9)',
  `CREATE TABLE composite (tenant int NOT NULL, name varchar(40) COLLATE utf8mb4_unicode_ci NOT NULL, at datetime(3) NOT NULL, filler varchar(200),
     PRIMARY KEY (tenant, name, at))`,
  `INSERT INTO composite SELECT a.d DIV 4, CONCAT(CHAR(65 + b.d), 'Ä', c.d, d.d), '2026-01-01 00:00:00.5' + INTERVAL d.d HOUR, REPEAT('f', 150)
     FROM digits a, digits b, digits c, digits d WHERE a.d IN (0, 4, 8)`,
  'CREATE TABLE by_text (k varchar(50) CHARACTER SET latin1 COLLATE latin1_swedish_ci PRIMARY KEY, filler varchar(200))',
  "INSERT INTO by_text SELECT CONCAT(LEFT(SHA2(CONCAT(a.d, b.d, c.d, d.d), 256), 32), 'é'), REPEAT('f', 150) FROM digits a, digits b, digits c, digits d WHERE a.d < 3",
  'CREATE TABLE by_bytes (k binary(16) PRIMARY KEY, filler varchar(200))',
  "INSERT INTO by_bytes SELECT UNHEX(LEFT(SHA2(CONCAT(a.d, b.d, c.d, d.d), 256), 32)), REPEAT('f', 150) FROM digits a, digits b, digits c, digits d WHERE a.d < 3",
  'CREATE TABLE by_decimal (k decimal(20,6) NOT NULL, filler varchar(200), UNIQUE KEY only_key (k))',
  "INSERT INTO by_decimal SELECT (a.d * 1000 + b.d * 100 + c.d * 10 + d.d) * 1.000001 - 700, REPEAT('f', 150) FROM digits a, digits b, digits c, digits d WHERE a.d < 3",
  'CREATE TABLE by_date (k datetime PRIMARY KEY, filler varchar(200))',
  "INSERT INTO by_date SELECT '1999-12-31 23:00:00' + INTERVAL (a.d * 1000 + b.d * 100 + c.d * 10 + d.d) MINUTE, REPEAT('f', 150) FROM digits a, digits b, digits c, digits d WHERE a.d < 3",
  'CREATE TABLE by_double (k double PRIMARY KEY, filler varchar(200))',
  "INSERT INTO by_double SELECT (a.d * 100 + b.d * 10 + c.d) / 3, REPEAT('f', 200) FROM digits a, digits b, digits c",
  'CREATE TABLE negatives (k bigint PRIMARY KEY, filler varchar(200))',
  "INSERT INTO negatives SELECT (a.d * 1000 + b.d * 100 + c.d * 10 + d.d - 1500) * 6000000000000000, REPEAT('f', 150) FROM digits a, digits b, digits c, digits d WHERE a.d < 3",
  'CREATE TABLE `we``ird name-ü.sql;` (`co``l ;\'"` int PRIMARY KEY, `select` text COMMENT "a; \'b\' -- c") COMMENT = "tab\t; line\n-- `x`"',
  "INSERT INTO `we``ird name-ü.sql;` VALUES (1, 'x')",
  `CREATE TABLE hidden (a int, b int INVISIBLE DEFAULT 7, v int GENERATED ALWAYS AS (a * 2) VIRTUAL, s varchar(20) GENERATED ALWAYS AS (CONCAT('s', a)) STORED,
     w int DEFAULT (1 + 2), KEY (v), CHECK (a > 0))`,
  'INSERT INTO hidden (a, b) VALUES (1, 2), (3, 4)',
  `CREATE TABLE parts (id int NOT NULL, region varchar(10) NOT NULL, x text, PRIMARY KEY (id, region))
     PARTITION BY LIST COLUMNS (region) (PARTITION north VALUES IN ('n', 'ne'), PARTITION south VALUES IN ('s'))`,
  "INSERT INTO parts VALUES (1, 'n', 'a'), (2, 's', 'b'), (3, 'ne', 'c')",
  'CREATE TABLE zero_ai (id int PRIMARY KEY AUTO_INCREMENT, x int)',
  "SET sql_mode = 'NO_AUTO_VALUE_ON_ZERO'",
  'INSERT INTO zero_ai VALUES (0, 1), (5, 2)',
  'CREATE TABLE second_ai (a int, id int AUTO_INCREMENT, KEY (id), KEY (a), PRIMARY KEY (a, id)) AUTO_INCREMENT = 100',
  'INSERT INTO second_ai (a) VALUES (1), (1)',
  'CREATE TABLE parent (id int PRIMARY KEY, code varchar(10) UNIQUE, txt text, FULLTEXT KEY (txt))',
  `CREATE TABLE child (id int PRIMARY KEY, parent_code varchar(10), self int, CONSTRAINT to_parent FOREIGN KEY (parent_code) REFERENCES parent (code) ON UPDATE CASCADE,
     CONSTRAINT to_self FOREIGN KEY (self) REFERENCES child (id) ON DELETE SET NULL)`,
  "INSERT INTO parent VALUES (1, 'one', 'some words'), (2, 'two', 'other words')",
  "INSERT INTO child VALUES (1, 'one', NULL), (2, NULL, 1)",
  'UPDATE child SET self = 2 WHERE id = 1',
];

/** Everything that is no table. Delimiters, quotes and comments in bodies must reach the server whole. */
const objects: readonly string[] = [
  'SET sql_mode = ""',
  "CREATE FUNCTION greet(n varchar(20)) RETURNS varchar(100) DETERMINISTIC RETURN CONCAT('hé;llo // ', n)",
  "CREATE PROCEDURE fill(IN many int) BEGIN DECLARE i int DEFAULT 0; -- a comment; with a semicolon\n WHILE i < many DO INSERT INTO audit_log (note) VALUES ('p;;'); SET i = i + 1; END WHILE; END",
  'CREATE TABLE audit_log (id int PRIMARY KEY AUTO_INCREMENT, note varchar(100))',
  "CREATE TRIGGER first_trigger BEFORE INSERT ON child FOR EACH ROW BEGIN IF NEW.self IS NULL THEN SET NEW.self = NULL; END IF; INSERT INTO audit_log (note) VALUES (CONCAT('child ', NEW.id)); END",
  "CREATE TRIGGER second_trigger BEFORE INSERT ON child FOR EACH ROW INSERT INTO audit_log (note) VALUES ('second')",
  'CREATE VIEW b_view AS SELECT code AS n FROM parent WHERE txt <> "`;`"',
  'CREATE VIEW a_view AS SELECT b.n, greet(b.n) AS g FROM b_view b',
  "CREATE EVENT nightly ON SCHEDULE EVERY 1 DAY STARTS '2037-01-01 00:00:00' ON COMPLETION PRESERVE COMMENT 'ENABLE me' DO INSERT INTO audit_log (note) VALUES ('event; ENABLE')",
  'CREATE EVENT asleep ON SCHEDULE EVERY 1 HOUR DISABLE DO DELETE FROM audit_log',
];

const questions: readonly string[] = [
  'SELECT id, HEX(u8), HEX(l1), HEX(u16), HEX(sj), HEX(c), SHA2(t, 256), LENGTH(t), SHA2(b, 256), LENGTH(b), HEX(vb), HEX(fb) FROM texts ORDER BY id',
  'SELECT id, ti, bu, d, CAST(f AS DOUBLE), CAST(fd AS DOUBLE), dd, d2, HEX(b1), HEX(b64), z, bo FROM numbers ORDER BY id',
  'SELECT id, CAST(d AS CHAR), CAST(dt AS CHAR), UNIX_TIMESTAMP(ts), CAST(t AS CHAR), y FROM times ORDER BY id',
  'SELECT id, HEX(e), e + 0, bad, bad + 0, s, s + 0 FROM choices ORDER BY id',
  'SELECT id, SHA2(CAST(j AS CHAR), 256), LENGTH(CAST(j AS CHAR)) FROM documents ORDER BY id',
  'SELECT id, HEX(g), ST_SRID(g), HEX(p) FROM shapes ORDER BY id',
  'SELECT COUNT(*), SUM(a), COUNT(b) FROM keyless',
  ...['composite', 'by_text', 'by_bytes', 'by_decimal', 'by_date', 'by_double', 'negatives'].map(
    (table) =>
      `SELECT COUNT(*), SUM(CRC32(${table === 'composite' ? 'CONCAT(tenant, HEX(name), at)' : 'HEX(k)'})), SUM(LENGTH(filler)) FROM ${table}`,
  ),
  'SELECT * FROM `we``ird name-ü.sql;`',
  'SELECT a, b, v, s, w FROM hidden ORDER BY a',
  'SELECT id, region, x FROM parts ORDER BY id',
  'SELECT id, x FROM parts PARTITION (north) ORDER BY id',
  'SELECT * FROM zero_ai ORDER BY id',
  'SELECT a, id FROM second_ai ORDER BY id',
  'SELECT * FROM child ORDER BY id',
  "SELECT id FROM parent WHERE MATCH (txt) AGAINST ('other')",
  'SELECT * FROM a_view ORDER BY n',
  'SELECT * FROM audit_log ORDER BY id',
  'SHOW CREATE TABLE empty_table',
  'SHOW CREATE TABLE hidden',
  'SHOW CREATE TABLE parts',
  'SHOW CREATE TABLE second_ai',
  'SHOW CREATE TABLE child',
  'SHOW CREATE TABLE parent',
  'SHOW CREATE TABLE texts',
  'SHOW CREATE TABLE `we``ird name-ü.sql;`',
  'SELECT ROUTINE_NAME, SHA2(ROUTINE_DEFINITION, 256), SQL_MODE, DEFINER, CHARACTER_SET_CLIENT, COLLATION_CONNECTION FROM information_schema.ROUTINES WHERE ROUTINE_SCHEMA = DATABASE() ORDER BY ROUTINE_NAME',
  'SELECT TRIGGER_NAME, ACTION_ORDER, SHA2(ACTION_STATEMENT, 256), SQL_MODE, DEFINER FROM information_schema.TRIGGERS WHERE TRIGGER_SCHEMA = DATABASE() ORDER BY TRIGGER_NAME',
  "SELECT EVENT_NAME, STATUS, EVENT_DEFINITION, INTERVAL_VALUE, STARTS, ON_COMPLETION, EVENT_COMMENT, DEFINER, TIME_ZONE, SQL_MODE FROM information_schema.EVENTS WHERE EVENT_SCHEMA = DATABASE() AND EVENT_NAME = 'nightly'",
  'SELECT EVENT_NAME, STATUS FROM information_schema.EVENTS WHERE EVENT_SCHEMA = DATABASE() ORDER BY EVENT_NAME',
  "SELECT TABLE_NAME, VIEW_DEFINITION <> '', SECURITY_TYPE, DEFINER, CHARACTER_SET_CLIENT FROM information_schema.VIEWS WHERE TABLE_SCHEMA = DATABASE() ORDER BY TABLE_NAME",
  'SELECT DEFAULT_CHARACTER_SET_NAME, DEFAULT_COLLATION_NAME FROM information_schema.SCHEMATA WHERE SCHEMA_NAME = DATABASE()',
];

const mariadbOnly = {
  setup: [
    'CREATE TABLE ids (u uuid PRIMARY KEY, a inet6, b inet4)',
    "INSERT INTO ids VALUES ('123e4567-e89b-12d3-a456-426614174000', '2001:db8::ff00:42:8329', '192.168.0.1'), ('00000000-0000-0000-0000-000000000000', '::', '0.0.0.0'), (UUID(), NULL, NULL)",
    // 0 is a value also beside a column that is loaded by SET.
    'CREATE TABLE zero_beside (id int PRIMARY KEY AUTO_INCREMENT, a inet4)',
    "INSERT INTO zero_beside VALUES (0, '1.2.3.4'), (7, NULL)",
    'CREATE SEQUENCE seq START WITH 100 INCREMENT BY 10 CACHE 5',
    'SELECT NEXTVAL(seq)',
    'CREATE TABLE with_sequence (id bigint PRIMARY KEY DEFAULT NEXTVAL(seq), x int)',
    'CREATE TABLE versioned (id int PRIMARY KEY, x int) WITH SYSTEM VERSIONING',
    'INSERT INTO versioned VALUES (1, 1), (2, 2)',
    'UPDATE versioned SET x = 3 WHERE id = 1',
    'CREATE TABLE compressed (id int PRIMARY KEY, t text COMPRESSED)',
    "INSERT INTO compressed VALUES (1, REPEAT('c', 5000))",
  ],
  questions: [
    'SELECT * FROM ids ORDER BY u LIMIT 2',
    'SELECT COUNT(*) FROM ids',
    'SELECT * FROM zero_beside ORDER BY id',
    'SELECT id, x FROM versioned ORDER BY id',
    'SELECT id, SHA2(t, 256) FROM compressed',
    'SHOW CREATE TABLE versioned',
    'SHOW CREATE TABLE with_sequence',
    'SELECT next_not_cached_value >= 150 FROM seq',
  ],
};

const mysqlOnly = {
  setup: [
    "CREATE TABLE functional (id int PRIMARY KEY, doc json, KEY by_name ((CAST(doc->>'$.name' AS CHAR(20)))), KEY falling (id DESC))",
    `INSERT INTO functional VALUES (1, '{"name": "x"}')`,
    // 0 is a value also beside a column that is loaded by SET.
    'CREATE TABLE zero_beside (id int PRIMARY KEY AUTO_INCREMENT, doc json)',
    "INSERT INTO zero_beside VALUES (0, '{}'), (7, NULL)",
    'CREATE TABLE vectors (id int PRIMARY KEY, v vector(3))',
    "INSERT INTO vectors VALUES (1, STRING_TO_VECTOR('[1.5, -2, 3e10]')), (2, NULL)",
    'CREATE TABLE srid_table (id int PRIMARY KEY, p point NOT NULL SRID 4326, SPATIAL KEY (p))',
    'INSERT INTO srid_table VALUES (1, ST_SRID(POINT(10, 20), 4326))',
  ],
  questions: [
    'SHOW CREATE TABLE functional',
    'SELECT id, CAST(doc AS CHAR) FROM functional',
    'SELECT id, HEX(v) FROM vectors ORDER BY id',
    'SELECT * FROM zero_beside ORDER BY id',
    'SELECT id, ST_AsText(p) FROM srid_table',
  ],
};

export function mysqlOddities(family: 'mysql' | 'mariadb'): EngineFixture['oddities'] {
  const own = family === 'mariadb' ? mariadbOnly : mysqlOnly;
  return {
    setup: [...values, ...tables, ...objects, ...own.setup],
    questions: [...questions, ...own.questions],
  };
}

/** Indexes of every kind. */
import type { FidelityCase } from '../../case.ts';
import { counts, objectCase, onMariadb, onMariadbSince, onMysql } from './object-case.ts';

const words =
  "INSERT INTO t (a, b) VALUES ('the quick brown fox', 'jumps over'), ('lazy dog', NULL), (NULL, 'brown bread')";

export const indexCases: readonly FidelityCase[] = [
  objectCase(
    'indexes: unique, composite, prefix, doubled, with comments and odd names',
    [
      `CREATE TABLE t (a int, b varchar(100), c blob, d text, UNIQUE KEY u (a, b(10)), KEY \`odd \`\` "name" . é\` (b) COMMENT 'it''s an "index"',
       KEY twice (a), KEY twice_again (a), KEY bytes (c(7), d(9)), KEY ${'n'.repeat(64)} (b, a))`,
      "INSERT INTO t VALUES (1, 'x', x'00', 'y'), (NULL, NULL, NULL, NULL)",
    ],
    [counts('STATISTICS', 1, "INDEX_COMMENT LIKE 'it''s%'"), counts('STATISTICS', 9)],
  ),
  objectCase(
    'indexes: descending',
    [
      'CREATE TABLE t (a int, b int, c varchar(20), KEY one (a DESC), UNIQUE KEY two (b, c DESC), KEY three (c(5) DESC, a))',
      "INSERT INTO t VALUES (1, 2, 'x'), (2, 1, 'y')",
    ],
    [counts('STATISTICS', 3, "COLLATION = 'D'")],
    { exists: (server) => onMysql(server) || onMariadbSince(10, 8)(server) },
  ),
  objectCase(
    'indexes: over expressions',
    [
      `CREATE TABLE t (id int PRIMARY KEY, a varchar(20), b int, j json, KEY lower_a ((LOWER(a))), UNIQUE KEY ((b * 2) DESC, a), KEY quoted ((CONCAT(a, 'it''s \`x\`'))),
       KEY ((CAST(j->>'$.name' AS CHAR(30)) COLLATE utf8mb4_bin)), KEY ((b + 1), (b - 1), b))`,
      `INSERT INTO t VALUES (1, 'ABC', 5, '{"name": "n"}'), (2, NULL, NULL, NULL)`,
    ],
    [counts('STATISTICS', 6, 'EXPRESSION IS NOT NULL')],
    { exists: onMysql },
  ),
  objectCase(
    'indexes: multi-valued, over JSON arrays',
    [
      `CREATE TABLE t (id int PRIMARY KEY, c int, j json, KEY zips ((CAST(j->'$.zip' AS UNSIGNED ARRAY))), UNIQUE KEY names (c, (CAST(j->'$.names' AS CHAR(20) ARRAY))))`,
      `INSERT INTO t VALUES (1, 1, '{"zip": [94582, 94536], "names": ["a", "b"]}'), (2, 2, '{"zip": []}'), (3, 3, NULL)`,
    ],
    [
      "SELECT id = 1 FROM t WHERE 94536 MEMBER OF (j->'$.zip')",
      counts('STATISTICS', 2, "EXPRESSION LIKE '%array%'"),
    ],
    { exists: onMysql },
  ),
  objectCase(
    'indexes: invisible',
    [
      'CREATE TABLE t (a int, b int, KEY hidden (a) INVISIBLE, UNIQUE KEY hidden_unique (b) INVISIBLE, KEY shown (a, b) VISIBLE)',
      'INSERT INTO t VALUES (1, 2)',
    ],
    [counts('STATISTICS', 2, "IS_VISIBLE = 'NO'")],
    { exists: onMysql },
  ),
  objectCase(
    'indexes: ignored',
    [
      'CREATE TABLE t (a int, b int, KEY hidden (a) IGNORED, UNIQUE KEY hidden_unique (b) IGNORED, KEY shown (a, b) NOT IGNORED)',
      'INSERT INTO t VALUES (1, 2)',
    ],
    [counts('STATISTICS', 2, "IGNORED = 'YES'")],
    { exists: onMariadb },
  ),
  objectCase(
    'indexes: FULLTEXT over one and several columns',
    [
      "CREATE TABLE t (id int AUTO_INCREMENT PRIMARY KEY, a varchar(200), b text, FULLTEXT KEY fa (a), FULLTEXT KEY (a, b) COMMENT 'it''s both')",
      words,
    ],
    [
      "SELECT COUNT(*) = 1 FROM t WHERE MATCH (a) AGAINST ('fox')",
      "SELECT COUNT(*) = 2 FROM t WHERE MATCH (a, b) AGAINST ('brown')",
    ],
  ),
  objectCase(
    'indexes: FULLTEXT without a primary key',
    ['CREATE TABLE t (a text, b text, FULLTEXT KEY (a))', words],
    ["SELECT COUNT(*) = 1 FROM t WHERE MATCH (a) AGAINST ('lazy')"],
  ),
  objectCase(
    'indexes: FULLTEXT with its document ids declared',
    [
      'CREATE TABLE t (FTS_DOC_ID bigint unsigned NOT NULL AUTO_INCREMENT, a text, b text, UNIQUE KEY FTS_DOC_ID_INDEX (FTS_DOC_ID), FULLTEXT KEY (a))',
      words,
    ],
    ["SELECT COUNT(*) = 1 FROM t WHERE MATCH (a) AGAINST ('quick') AND FTS_DOC_ID > 0"],
  ),
  objectCase(
    'indexes: FULLTEXT with the ngram parser',
    [
      'CREATE TABLE t (id int AUTO_INCREMENT PRIMARY KEY, a varchar(200), b text, FULLTEXT KEY grams (a, b) WITH PARSER ngram)',
      "INSERT INTO t (a, b) VALUES ('数据库管理', '全文检索')",
    ],
    ["SELECT COUNT(*) = 1 FROM t WHERE MATCH (a, b) AGAINST ('管理' IN BOOLEAN MODE)"],
    { exists: onMysql },
  ),
  objectCase(
    'indexes: SPATIAL',
    [
      "CREATE TABLE t (id int PRIMARY KEY, g geometry NOT NULL, p point NOT NULL, SPATIAL KEY (g), SPATIAL KEY named (p) COMMENT 'where')",
      "INSERT INTO t VALUES (1, ST_GeomFromText('POLYGON((0 0,0 1,1 1,0 0))'), ST_GeomFromText('POINT(1 2)'))",
    ],
    [counts('STATISTICS', 2, "INDEX_TYPE = 'SPATIAL'"), 'SELECT COUNT(*) = 1 FROM t WHERE ST_X(p) = 1'],
  ),
  objectCase(
    'indexes: SPATIAL in a reference system',
    [
      'CREATE TABLE t (id int PRIMARY KEY, g geometry NOT NULL SRID 4326, p point NOT NULL SRID 0, SPATIAL KEY (g), SPATIAL KEY (p))',
      "INSERT INTO t VALUES (1, ST_GeomFromText('POINT(52.5 13.4)', 4326), ST_GeomFromText('POINT(1 2)', 0))",
    ],
    [
      'SELECT ST_SRID(g) = 4326 AND ST_Latitude(g) = 52.5 FROM t',
      counts('ST_GEOMETRY_COLUMNS', 1, 'SRS_ID = 4326'),
    ],
    { exists: onMysql },
  ),
  objectCase(
    'indexes: USING, KEY_BLOCK_SIZE and the threshold in a comment',
    [
      "CREATE TABLE t (a int, b int, c int, PRIMARY KEY USING BTREE (a), KEY (b) USING BTREE COMMENT 'MERGE_THRESHOLD=40', KEY (c) KEY_BLOCK_SIZE = 4)",
      'INSERT INTO t VALUES (1, 2, 3)',
    ],
    [counts('STATISTICS', 1, "INDEX_COMMENT = 'MERGE_THRESHOLD=40'")],
  ),
  objectCase(
    'indexes: unique over whole TEXT and BLOB',
    [
      'CREATE TABLE t (a text, b longblob, c int, UNIQUE KEY (a), UNIQUE KEY both_ (b, c))',
      "INSERT INTO t VALUES (REPEAT('x', 5000), REPEAT('y', 70000), 1), (REPEAT('x', 5001), REPEAT('y', 70000), 2), (NULL, NULL, NULL), (NULL, NULL, NULL)",
    ],
    ['SELECT COUNT(*) = 4 FROM t', counts('STATISTICS', 3, "INDEX_TYPE = 'HASH'")],
    { exists: onMariadb },
  ),
  objectCase(
    'indexes: VECTOR',
    [
      'CREATE TABLE t (id int PRIMARY KEY, v vector(3) NOT NULL, VECTOR KEY near (v) M=8 DISTANCE=cosine)',
      "INSERT INTO t VALUES (1, VEC_FromText('[1,0,0]')), (2, VEC_FromText('[0,1,0.5]'))",
    ],
    [
      "SELECT id = 2 FROM t ORDER BY VEC_DISTANCE_COSINE(v, VEC_FromText('[0,1,0]')) LIMIT 1",
      counts('STATISTICS', 1, "INDEX_TYPE = 'VECTOR'"),
    ],
    { exists: onMariadbSince(11, 7) },
  ),
  objectCase(
    'indexes: 64 of them',
    [
      `CREATE TABLE t (${Array.from({ length: 64 }, (_, n) => `c${n} int`).join(', ')}, ${Array.from({ length: 64 }, (_, n) => `KEY k${63 - n} (c${n})`).join(', ')})`,
      'INSERT INTO t (c0) VALUES (1)',
    ],
    [counts('STATISTICS', 64)],
  ),
];

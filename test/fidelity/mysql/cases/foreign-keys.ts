/** Foreign keys: where they point, what they do, and data they do not hold for. */
import type { FidelityCase } from '../../case.ts';
import { counts, objectCase, onMariadb, onMysql } from './object-case.ts';

const actions = ['CASCADE', 'SET NULL', 'RESTRICT', 'NO ACTION'];

export const foreignKeyCases: readonly FidelityCase[] = [
  objectCase(
    'foreign keys in a circle',
    [
      'CREATE TABLE a (id int PRIMARY KEY, b int)',
      'CREATE TABLE b (id int PRIMARY KEY, c int, CONSTRAINT b_c FOREIGN KEY (id) REFERENCES a (id))',
      'CREATE TABLE c (id int PRIMARY KEY, a int, FOREIGN KEY (a) REFERENCES a (id), FOREIGN KEY (id) REFERENCES b (id))',
      'ALTER TABLE a ADD CONSTRAINT a_b FOREIGN KEY (b) REFERENCES b (id), ADD FOREIGN KEY (id) REFERENCES c (id)',
      'SET SESSION foreign_key_checks = 0',
      'INSERT INTO a VALUES (1, 1), (2, 1)',
      'INSERT INTO b VALUES (1, 1), (2, 2)',
      'INSERT INTO c VALUES (1, 2), (2, 1)',
    ],
    [counts('REFERENTIAL_CONSTRAINTS', 5)],
  ),
  objectCase(
    'foreign keys to the table itself',
    [
      'CREATE TABLE t (id int PRIMARY KEY, parent int, root int NOT NULL, CONSTRAINT `odd "name" it\'s é` FOREIGN KEY (parent) REFERENCES t (id) ON DELETE CASCADE, FOREIGN KEY (root) REFERENCES t (id))',
      'INSERT INTO t VALUES (1, NULL, 1), (2, 1, 1), (3, 2, 1)',
    ],
    [counts('REFERENTIAL_CONSTRAINTS', 2, "TABLE_NAME = 't' AND REFERENCED_TABLE_NAME = 't'")],
  ),
  objectCase(
    'foreign keys to a unique key, of several columns, with NULLs',
    [
      'CREATE TABLE p (id int PRIMARY KEY, a int, b varchar(20) COLLATE utf8mb4_bin, UNIQUE KEY u (b, a))',
      'CREATE TABLE c (x varchar(20) COLLATE utf8mb4_bin, y int, CONSTRAINT to_unique FOREIGN KEY (x, y) REFERENCES p (b, a) ON UPDATE CASCADE)',
      "INSERT INTO p VALUES (1, 1, 'x'), (2, NULL, 'y')",
      "INSERT INTO c VALUES ('x', 1), ('nobody', NULL), (NULL, NULL)",
    ],
    [counts('REFERENTIAL_CONSTRAINTS', 1, "UNIQUE_CONSTRAINT_NAME = 'u'")],
  ),
  objectCase(
    'foreign keys to columns that are not unique',
    [
      '/*!80400 SET SESSION restrict_fk_on_non_standard_key = OFF */',
      'CREATE TABLE p (id int PRIMARY KEY, a int, b int, KEY some (a, b))',
      'CREATE TABLE c (x int, CONSTRAINT to_some FOREIGN KEY (x) REFERENCES p (a))',
      'INSERT INTO p VALUES (1, 5, 1), (2, 5, 2)',
      'INSERT INTO c VALUES (5), (5), (NULL)',
    ],
    [counts('REFERENTIAL_CONSTRAINTS', 1)],
    { exists: onMariadb },
  ),
  objectCase(
    'foreign keys to columns that are not unique, where the server allows it',
    [
      'SET SESSION restrict_fk_on_non_standard_key = OFF',
      'CREATE TABLE p (id int PRIMARY KEY, a int, b int, KEY some (a, b))',
      'CREATE TABLE c (x int, CONSTRAINT to_some FOREIGN KEY (x) REFERENCES p (a))',
      'INSERT INTO p VALUES (1, 5, 1), (2, 5, 2)',
      'INSERT INTO c VALUES (5), (5), (NULL)',
    ],
    [counts('REFERENTIAL_CONSTRAINTS', 1)],
    { exists: onMysql },
  ),
  objectCase(
    'foreign keys with every ON DELETE and ON UPDATE',
    [
      'CREATE TABLE p (id int PRIMARY KEY)',
      'INSERT INTO p VALUES (1)',
      ...actions.flatMap((onDelete, n) =>
        actions.map(
          (onUpdate, m) =>
            `CREATE TABLE c${n}${m} (p int, CONSTRAINT fk${n}${m} FOREIGN KEY (p) REFERENCES p (id) ON DELETE ${onDelete} ON UPDATE ${onUpdate}); INSERT INTO c${n}${m} VALUES (1), (NULL)`,
        ),
      ),
    ],
    [
      counts('REFERENTIAL_CONSTRAINTS', 4, "DELETE_RULE = 'CASCADE'"),
      counts('REFERENTIAL_CONSTRAINTS', 4, "UPDATE_RULE = 'SET NULL'"),
      counts('REFERENTIAL_CONSTRAINTS', 16),
    ],
  ),
  objectCase(
    'foreign keys across databases, both ways',
    [
      'CREATE TABLE p (id int PRIMARY KEY)',
      'CREATE TABLE {more}.`odd p` (id int PRIMARY KEY, back int, FOREIGN KEY (back) REFERENCES {db}.p (id) ON DELETE SET NULL)',
      'CREATE TABLE c (id int, CONSTRAINT across FOREIGN KEY (id) REFERENCES {more}.`odd p` (id))',
      'INSERT INTO p VALUES (1); INSERT INTO {more}.`odd p` VALUES (1, 1), (2, NULL); INSERT INTO c VALUES (1), (2)',
    ],
    [
      counts('KEY_COLUMN_USAGE', 1, "REFERENCED_TABLE_SCHEMA = '{more}'"),
      "SELECT COUNT(*) = 1 FROM information_schema.KEY_COLUMN_USAGE WHERE TABLE_SCHEMA = '{more}' AND REFERENCED_TABLE_SCHEMA = '{db}'",
    ],
    { more: 1 },
  ),
  objectCase(
    'foreign keys that the data violates',
    [
      'CREATE TABLE p (id int PRIMARY KEY)',
      'CREATE TABLE c (p int, CONSTRAINT broken FOREIGN KEY (p) REFERENCES p (id))',
      'SET SESSION foreign_key_checks = 0',
      'INSERT INTO c VALUES (404), (405)',
      'INSERT INTO p VALUES (1)',
    ],
    ['SELECT COUNT(*) = 2 FROM c WHERE p NOT IN (SELECT id FROM p)', counts('REFERENTIAL_CONSTRAINTS', 1)],
  ),
  objectCase(
    'foreign keys to a table that is not there',
    [
      'SET SESSION foreign_key_checks = 0',
      'CREATE TABLE c (p int, q int, CONSTRAINT nowhere FOREIGN KEY (p) REFERENCES gone (id), CONSTRAINT elsewhere FOREIGN KEY (q) REFERENCES no_such_database.t (id))',
      'INSERT INTO c VALUES (1, 2)',
    ],
    [counts('REFERENTIAL_CONSTRAINTS', 2)],
  ),
  objectCase(
    'foreign keys over generated columns and with an index of their own',
    [
      'CREATE TABLE p (id int PRIMARY KEY)',
      'CREATE TABLE c (a int, g int AS (a + 1) STORED, KEY wide (g, a), CONSTRAINT over_generated FOREIGN KEY (g) REFERENCES p (id))',
      'INSERT INTO p VALUES (2); INSERT INTO c (a) VALUES (1), (NULL)',
    ],
    [counts('REFERENTIAL_CONSTRAINTS', 1), counts('STATISTICS', 2, "INDEX_NAME = 'wide'")],
  ),
];

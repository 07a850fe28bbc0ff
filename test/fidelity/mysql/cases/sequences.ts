/** MariaDB's sequences. */
import type { FidelityCase } from '../../case.ts';
import { counts, objectCase, onMariadb, onMariadbSince } from './object-case.ts';

export const sequenceCases: readonly FidelityCase[] = [
  objectCase(
    'sequences: position, cache, bounds, negative increment',
    [
      'CREATE SEQUENCE plain; DO NEXTVAL(plain); DO NEXTVAL(plain)',
      'CREATE SEQUENCE uncached START WITH 100 INCREMENT BY 10 NOCACHE; DO NEXTVAL(uncached)',
      'CREATE SEQUENCE down START WITH 50 MINVALUE -100 MAXVALUE 50 INCREMENT BY -7 CACHE 3; DO NEXTVAL(down); DO NEXTVAL(down)',
      "CREATE SEQUENCE `odd `` name` START WITH -5 MINVALUE -10 MAXVALUE 9223372036854775806 CACHE 20 COMMENT 'it''s a sequence'",
      'CREATE SEQUENCE never START WITH 3',
      'CREATE SEQUENCE by_server INCREMENT BY 0',
    ],
    [
      counts('TABLES', 6, "TABLE_TYPE = 'SEQUENCE'"),
      'SELECT next_not_cached_value = 110 FROM uncached',
      'SELECT next_not_cached_value < 50 FROM down',
    ],
    { exists: onMariadb },
  ),
  objectCase(
    'sequences: cycling, in a later round, and used up',
    [
      'CREATE SEQUENCE cycling MINVALUE 1 MAXVALUE 3 CYCLE NOCACHE; DO NEXTVAL(cycling), NEXTVAL(cycling), NEXTVAL(cycling), NEXTVAL(cycling)',
      'CREATE SEQUENCE cycling_down MINVALUE -3 MAXVALUE -1 INCREMENT BY -1 START WITH -1 CYCLE CACHE 2; DO NEXTVAL(cycling_down), NEXTVAL(cycling_down), NEXTVAL(cycling_down), NEXTVAL(cycling_down)',
      'CREATE SEQUENCE used_up MINVALUE 1 MAXVALUE 2 NOCYCLE NOCACHE; DO NEXTVAL(used_up), NEXTVAL(used_up)',
      'CREATE SEQUENCE used_down MINVALUE -2 MAXVALUE -1 INCREMENT BY -1 NOCYCLE NOCACHE; DO NEXTVAL(used_down), NEXTVAL(used_down)',
    ],
    ['SELECT cycle_count = 1 FROM cycling', 'SELECT next_not_cached_value = 3 FROM used_up'],
    { exists: onMariadb },
  ),
  objectCase(
    'sequences as defaults of columns',
    [
      'CREATE SEQUENCE s START WITH 10; CREATE SEQUENCE `s 2` START WITH 20',
      'CREATE TABLE t (id int PRIMARY KEY DEFAULT NEXTVAL(s), b bigint NOT NULL DEFAULT (NEXTVAL(`s 2`) * 2), c int DEFAULT (LASTVAL(s)), v varchar(5))',
      "INSERT INTO t (v) VALUES ('x'), ('y')",
    ],
    ['SELECT SUM(id) = 21 FROM t'],
    { exists: onMariadb },
  ),
  objectCase(
    'sequences as defaults across databases',
    [
      'CREATE SEQUENCE {more}.s START WITH 10',
      'CREATE TABLE t (id int PRIMARY KEY DEFAULT NEXTVAL({more}.s))',
      'INSERT INTO t VALUES ()',
    ],
    ['SELECT id = 10 FROM t'],
    { exists: onMariadb, more: 1 },
  ),
  objectCase(
    'sequences of a type',
    [
      'CREATE SEQUENCE small AS tinyint unsigned START WITH 200; DO NEXTVAL(small)',
      'CREATE SEQUENCE wide AS bigint unsigned MAXVALUE 18446744073709551614 START WITH 18446744073709551000 NOCACHE; DO NEXTVAL(wide)',
    ],
    ['SELECT maximum_value > 9223372036854775807 FROM wide'],
    { exists: onMariadbSince(11, 5) },
  ),
];

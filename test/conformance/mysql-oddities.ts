/** Everything odd that MySQL or MariaDB can hold, and the questions whose answers must survive a restore. */
import type { EngineFixture } from './engine-fixture.ts';

export function mysqlOddities(_family: 'mysql' | 'mariadb'): EngineFixture['oddities'] {
  return { setup: ['CREATE TABLE t (a int primary key, b text)', "INSERT INTO t VALUES (1, 'x')"], questions: ['SELECT * FROM t ORDER BY a'] };
}

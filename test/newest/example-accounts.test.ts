import { testExampleAccounts } from '../conformance/example-accounts.ts';
import {
  newestPostgresTools,
  startNewestMariadb,
  startNewestMysql,
  startNewestPostgres,
} from '../servers/newest.ts';

testExampleAccounts(
  'PostgreSQL 18',
  startNewestPostgres,
  { backup: 'backup.postgres-17.sql', restore: 'restore.postgres.sql' },
  await newestPostgresTools(),
);
testExampleAccounts('MySQL', () => startNewestMysql({ settings: { 'local-infile': 'ON' } }), {
  backup: 'backup.mysql.sql',
  restore: 'restore.mysql.sql',
});
testExampleAccounts('MariaDB', startNewestMariadb, {
  backup: 'backup.mariadb.sql',
  restore: 'restore.mysql.sql',
});

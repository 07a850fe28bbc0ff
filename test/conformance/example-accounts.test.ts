import { startMariadb } from '../servers/mariadb.ts';
import { startPostgres } from '../servers/postgres.ts';
import { testExampleAccounts } from './example-accounts.ts';

testExampleAccounts('PostgreSQL 15', startPostgres, {
  backup: 'backup.postgres-15.sql',
  restore: 'restore.postgres.sql',
});
testExampleAccounts('MariaDB', startMariadb, { backup: 'backup.mariadb.sql', restore: 'restore.mysql.sql' });

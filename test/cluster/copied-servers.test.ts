import { startMariadb } from '../servers/mariadb.ts';
import { ownDataFolder } from '../servers/mysql-family.ts';
import { startPostgres } from '../servers/postgres.ts';
import { startPostgresCopy } from '../servers/replicas.ts';
import { testCopiedServers } from './copied-servers.ts';

testCopiedServers('PostgreSQL', async () => {
  const origin = await startPostgres();
  return [origin, await startPostgresCopy(origin), await startPostgresCopy(origin)];
});

testCopiedServers('MariaDB', async () => {
  // There is no id in its data folder: host, port and the folder's name tell servers apart.
  const origin = await startMariadb({ settings: { datadir: ownDataFolder } });
  return [origin, await origin.copy()];
});

import { testCopiedServers } from '../cluster/copied-servers.ts';
import { ownDataFolder } from '../servers/mysql-family.ts';
import { startNewestMariadb, startNewestMysql } from '../servers/newest.ts';

testCopiedServers('MySQL', async () => {
  const origin = await startNewestMysql();
  return [origin, await origin.copy()];
});

testCopiedServers('MariaDB', async () => {
  const origin = await startNewestMariadb({ settings: { datadir: ownDataFolder } });
  return [origin, await origin.copy()];
});

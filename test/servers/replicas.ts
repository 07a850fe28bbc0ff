/** Streaming replicas of test servers: what an operator might name as a shard by mistake. */
import path from 'node:path';
import { findProgram, mariadbPackage, postgresPackage } from './host.ts';
import { startMariadb } from './mariadb.ts';
import type { MysqlServer } from './mysql-family.ts';
import { onMachine } from './place.ts';
import { type PostgresServer, servePostgres } from './postgres.ts';
import { newFolder } from './run-folder.ts';
import { runTool } from './server-process.ts';
import type { TestServer } from './server.ts';

/** A hot standby of `primary`, made by pg_basebackup; it streams, and takes reading sessions. */
export function startPostgresReplica(primary: TestServer): Promise<PostgresServer> {
  return fromBaseBackup(primary, ['-R']);
}

/** A server of its own that was split from `origin` by pg_basebackup: it has the same system identifier. */
export function startPostgresCopy(origin: TestServer): Promise<PostgresServer> {
  return fromBaseBackup(origin, []);
}

async function fromBaseBackup(primary: TestServer, options: readonly string[]): Promise<PostgresServer> {
  const { place } = primary;
  const home = newFolder('pg-replica', place.account);
  const dataDir = path.join(home, 'data');
  await runTool(
    place,
    place.program(postgresPackage, 'pg_basebackup'),
    [
      '-h',
      primary.host,
      '-p',
      String(primary.port),
      '-U',
      primary.user,
      '-D',
      dataDir,
      ...options,
      '-X',
      'stream',
      '-c',
      'fast',
    ],
    { PGPASSWORD: primary.password },
  );
  return servePostgres({ place, home, dataDir, password: primary.password, settings: {} });
}

/** A replica that follows `primary` from its present position on, holding what `databases` hold at this moment. */
export async function startMariadbReplica(
  primary: TestServer,
  databases: readonly string[],
): Promise<MysqlServer> {
  const replica = await startMariadb({ settings: { 'read-only': 'ON' } });
  const dump = await runTool(onMachine(undefined), findProgram(mariadbPackage, 'mariadb-dump'), [
    `--host=${primary.host}`,
    `--port=${primary.port}`,
    `--user=${primary.user}`,
    `--password=${primary.password}`,
    '--single-transaction',
    '--master-data=1',
    '--databases',
    ...databases,
  ]);
  await replica.run(
    `CHANGE MASTER TO MASTER_HOST='${primary.host}', MASTER_PORT=${primary.port}, MASTER_USER='${primary.user}',
       MASTER_PASSWORD='${primary.password}'`,
  );
  await replica.run(dump);
  await replica.run('START SLAVE');
  const status = (await replica.run('SHOW SLAVE STATUS'))[0];
  if (status === undefined) throw new Error('the replica does not follow its primary');
  return replica;
}

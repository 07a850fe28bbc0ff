/** Streaming replicas of test servers: what an operator might name as a shard by mistake. */
import { execFile } from 'node:child_process';
import path from 'node:path';
import { promisify } from 'node:util';
import { findProgram, postgresPackage, unprivilegedAccount } from './host.ts';
import { startMariadb } from './mariadb.ts';
import type { MysqlServer } from './mysql-family.ts';
import { type PostgresServer, servePostgres } from './postgres.ts';
import { newFolder } from './run-folder.ts';
import type { TestServer } from './server.ts';

const execute = promisify(execFile);

/** A hot standby of `primary`, made by pg_basebackup; it streams, and takes reading sessions. */
export async function startPostgresReplica(primary: TestServer): Promise<PostgresServer> {
  const account = unprivilegedAccount('postgres');
  const home = newFolder('pg-replica', account);
  const dataDir = path.join(home, 'data');
  await execute(
    findProgram(postgresPackage, 'pg_basebackup'),
    [
      '-h',
      primary.host,
      '-p',
      String(primary.port),
      '-U',
      primary.user,
      '-D',
      dataDir,
      '-R',
      '-X',
      'stream',
      '-c',
      'fast',
    ],
    { cwd: '/', env: { PATH: process.env['PATH'], PGPASSWORD: primary.password }, ...account },
  );
  return servePostgres({ home, dataDir, password: primary.password, settings: {} });
}

/** A replica that follows `primary` from its present position on, holding what `databases` hold at this moment. */
export async function startMariadbReplica(
  primary: TestServer,
  databases: readonly string[],
): Promise<MysqlServer> {
  const replica = await startMariadb({ settings: { 'read-only': 'ON' } });
  const dump = await execute(
    'mariadb-dump',
    [
      `--host=${primary.host}`,
      `--port=${primary.port}`,
      `--user=${primary.user}`,
      `--password=${primary.password}`,
      '--single-transaction',
      '--master-data=1',
      '--databases',
      ...databases,
    ],
    { maxBuffer: 256 * 1024 * 1024 },
  );
  await replica.run(
    `CHANGE MASTER TO MASTER_HOST='${primary.host}', MASTER_PORT=${primary.port}, MASTER_USER='${primary.user}',
       MASTER_PASSWORD='${primary.password}'`,
  );
  await replica.run(dump.stdout);
  await replica.run('START SLAVE');
  const status = (await replica.run('SHOW SLAVE STATUS'))[0];
  if (status === undefined) throw new Error('the replica does not follow its primary');
  return replica;
}

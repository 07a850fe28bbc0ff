/** The native tools, run by a shell as an operator would: a dump packed by zstd level 1. */
import { spawn } from 'node:child_process';
import { rmSync } from 'node:fs';
import path from 'node:path';
import { findProgram, mariadbPackage, postgresPackage } from '../servers/host.ts';
import type { TestServer } from '../servers/server.ts';

const zstdPackage = { name: 'zstd', program: 'zstd', folders: ['/usr/bin', '/usr/local/bin'] };

/** Dumps database `bench` into `folder` and removes the dump again. Resolves with the seconds it took. */
export async function nativeDump(server: TestServer, folder: string): Promise<number> {
  const target = path.join(folder, 'native.dump.zst');
  const zstd = findProgram(zstdPackage);
  const dump =
    server.engine === 'postgres'
      ? `'${findProgram(postgresPackage, 'pg_dump')}' -h ${server.host} -p ${server.port} -U ${server.user} bench`
      : `'${findProgram(mariadbPackage, 'mariadb-dump')}' --single-transaction -h ${server.host} -P ${server.port} -u ${server.user} bench`;
  const began = performance.now();
  await shell(`set -o pipefail; ${dump} | '${zstd}' -1 -q -f -o '${target}' && sync '${target}'`, {
    PGPASSWORD: server.password,
    MYSQL_PWD: server.password,
  });
  const seconds = (performance.now() - began) / 1000;
  rmSync(target);
  return seconds;
}

function shell(script: string, environment: Record<string, string>): Promise<void> {
  const child = spawn('bash', ['-c', script], {
    env: { ...process.env, ...environment },
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (code) =>
      code === 0 ? resolve() : reject(new Error(`${script} ended with exit code ${code}`)),
    );
  });
}

/** PgBouncer before a PostgreSQL test server. */
import { rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { pgbouncerPackage } from './host.ts';
import { placeOf } from './place.ts';
import { freePort, newFolder } from './run-folder.ts';
import { ServerProcess } from './server-process.ts';
import type { TestServer } from './server.ts';

export interface Pooler {
  readonly host: '127.0.0.1';
  readonly port: number;
  stop(): Promise<void>;
}

/** Every database of `server`, for one account whose password the pooler knows. */
export async function startPgbouncer(
  server: TestServer,
  login: { readonly user: string; readonly password: string },
  mode: 'session' | 'transaction' = 'transaction',
): Promise<Pooler> {
  const place = placeOf(undefined, pgbouncerPackage, 'postgres');
  const home = newFolder('pgbouncer', place.account);
  const port = await freePort();
  const users = path.join(home, 'users.txt');
  const config = path.join(home, 'pgbouncer.ini');
  await writeFile(users, `"${login.user}" "${login.password}"\n`);
  await writeFile(
    config,
    [
      '[databases]',
      `* = host=${server.host} port=${server.port}`,
      '[pgbouncer]',
      'listen_addr = 127.0.0.1',
      `listen_port = ${port}`,
      'unix_socket_dir =',
      'auth_type = scram-sha-256',
      `auth_file = ${users}`,
      `pool_mode = ${mode}`,
      'ignore_startup_parameters = extra_float_digits, options, application_name',
      '',
    ].join('\n'),
  );
  const running = await ServerProcess.start({
    name: `PgBouncer on port ${port}`,
    place,
    program: place.program(pgbouncerPackage),
    args: [config],
    readyLine: /process up/,
    deathSignal: 'KILL',
  });
  return {
    host: '127.0.0.1',
    port,
    async stop() {
      await running.signal('SIGTERM', 5000);
      await rm(home, { recursive: true, force: true, maxRetries: 5 });
    },
  };
}

/** What MySQL and MariaDB servers of tests have in common. */
import { chmod, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import mysql from 'mysql2/promise';
import type { Place } from './place.ts';
import { freePort, newFolder } from './run-folder.ts';
import { runTool, ServerProcess } from './server-process.ts';
import type { TestServer } from './server.ts';

export interface MysqlServer extends TestServer {
  readonly engine: 'mysql';
  /** A connected client; the caller ends it. Its connection may break without an uncaught error. `charset`: its own, else utf8mb4. */
  connect(database?: string, charset?: string): Promise<mysql.Connection>;
  /**
   * A second server on a copy of this one's data folder, made while this one is stopped; both run when it resolves. It has the
   * same port on another loopback address, so that on MySQL and on MariaDB it says that it is this server.
   */
  copy(): Promise<MysqlServer>;
}

export interface MysqlLaunch {
  readonly name: string;
  readonly family: 'mysql' | 'mariadb';
  /** The server's folder, with the data folder `data` in it. */
  readonly home: string;
  readonly place: Place;
  readonly program: string;
  readonly readyLine: RegExp;
  readonly defaults: Readonly<Record<string, string>>;
  readonly settings: Readonly<Record<string, string>>;
  /** Default: a free port of 127.0.0.1. */
  readonly address?: { readonly host: string; readonly port: number };
}

/** A data folder's name that is the same for every server: each is started inside its own. */
export const ownDataFolder = '/proc/self/cwd/';

const password = 'root-test';

/** Flushing at every commit is off: these servers lose at most their folder. */
const commonDefaults: Readonly<Record<string, string>> = {
  'skip-name-resolve': 'ON',
  'log-bin': 'binlog',
  'binlog-format': 'ROW',
  'sync-binlog': '0',
  'innodb-flush-log-at-trx-commit': '2',
  'innodb-buffer-pool-size': '32M',
  'character-set-server': 'utf8mb4',
  'max-connections': '150',
};

/** Starts a server on the data folder that stands in `home`. */
export async function serveMysql(launch: MysqlLaunch): Promise<MysqlServer> {
  const { host, port } = launch.address ?? { host: '127.0.0.1', port: await freePort() };
  const dataDir = path.join(launch.home, 'data');
  const socket = path.join(launch.home, 'mysql.sock');
  const initFile = path.join(launch.home, 'accounts.sql');
  await writeFile(initFile, accounts);
  await chmod(initFile, 0o644);
  const settings: Record<string, string> = {
    datadir: dataDir,
    // A server removes what it takes for remains of its own from its tmpdir at its start: a shared one breaks others.
    tmpdir: launch.home,
    socket,
    'pid-file': path.join(launch.home, 'mysql.pid'),
    port: String(port),
    'server-id': String(port),
    'init-file': initFile,
    ...commonDefaults,
    ...launch.defaults,
    ...launch.settings,
    'bind-address': host,
  };
  const options = ['--no-defaults', ...Object.entries(settings).map(([name, value]) => `--${name}=${value}`)];
  const inside = settings['datadir'] === ownDataFolder ? ['/usr/bin/env', '-C', dataDir] : [];
  const [program = launch.program, ...args] = [...inside, launch.program, ...options];
  const start = (): Promise<ServerProcess> =>
    ServerProcess.start({
      name: `${launch.name} on port ${port}`,
      place: launch.place,
      program,
      args,
      readyLine: launch.readyLine,
      deathSignal: 'KILL',
    });
  let running = await start();

  const connect = async (database?: string, charset?: string): Promise<mysql.Connection> => {
    const connection = await mysql.createConnection({
      host,
      port,
      user: 'root',
      password,
      multipleStatements: true,
      ...(database === undefined ? {} : { database }),
      ...(charset === undefined ? {} : { charset }),
    });
    // A test restarts servers under open clients: the query in flight fails, the process must not.
    connection.on('error', () => undefined);
    return connection;
  };
  const run = async (sql: string, database?: string): Promise<Record<string, unknown>[]> => {
    const connection = await connect(database);
    try {
      const [result] = await connection.query(sql);
      return lastRows(result);
    } finally {
      await connection.end();
    }
  };
  const version = /^[\d.]+/.exec(String((await run('SELECT VERSION() AS v'))[0]?.['v']))?.[0] ?? '';

  return {
    engine: 'mysql',
    family: launch.family,
    place: launch.place,
    version,
    host,
    port,
    socket,
    user: 'root',
    password,
    dataDir,
    get pid() {
      return running.pid;
    },
    connect,
    run,
    log: (lines) => running.lastWords(lines),
    async restart() {
      await running.signal('SIGTERM');
      running = await start();
    },
    kill9: () => running.signal('SIGKILL'),
    async copy() {
      const home = newFolder('copy', launch.place.account);
      await running.signal('SIGTERM');
      await runTool(launch.place, '/bin/cp', ['-a', dataDir, home]);
      running = await start();
      return serveMysql({ ...launch, home, address: { host: '127.0.0.2', port } });
    },
    async stop() {
      await running.signal('SIGTERM', 10_000);
      await rm(launch.home, { recursive: true, force: true, maxRetries: 5 });
    },
  };
}

/**
 * Read by the server at every start, before it takes connections; one statement a line. Kept out of the binary log,
 * so that a server's own history begins with the test.
 */
const accounts = `SET SESSION sql_log_bin = 0;
CREATE USER IF NOT EXISTS 'root'@'127.0.0.1';
ALTER USER 'root'@'127.0.0.1' IDENTIFIED BY '${password}';
GRANT ALL PRIVILEGES ON *.* TO 'root'@'127.0.0.1' WITH GRANT OPTION;
ALTER USER 'root'@'localhost' IDENTIFIED BY '${password}';
`;

/** Of several statements' results, the last that has rows; an empty list for statements without any. */
function lastRows(result: unknown): Record<string, unknown>[] {
  if (!Array.isArray(result)) return [];
  const sets = result.filter((entry): entry is Record<string, unknown>[] => Array.isArray(entry));
  if (sets.length > 0) return sets.at(-1) ?? [];
  return (result as Record<string, unknown>[]).filter((row) => row.constructor?.name !== 'ResultSetHeader');
}

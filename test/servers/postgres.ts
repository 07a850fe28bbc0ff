/** PostgreSQL servers for tests. */
import { copyFile, mkdir, readdir, rm, symlink, writeFile } from 'node:fs/promises';
import path from 'node:path';
import pg from 'pg';
import { postgresPackage, type ServerPackage } from './host.ts';
import { type Place, placeOf } from './place.ts';
import { freePort, newFolder } from './run-folder.ts';
import { runTool, ServerProcess } from './server-process.ts';
import type { StartOptions, TestServer } from './server.ts';

/** Durability is off: these servers lose at most their folder. Tests of durability set fsync on. */
const defaults: Readonly<Record<string, string>> = {
  listen_addresses: '127.0.0.1',
  fsync: 'off',
  shared_buffers: '32MB',
  max_connections: '100',
  max_prepared_transactions: '64',
  max_wal_size: '256MB',
  wal_level: 'replica',
  jit: 'off',
};

export interface PostgresServer extends TestServer {
  readonly engine: 'postgres';
  /** A connected client; the caller ends it. Its connection may break without an uncaught error. */
  connect(database?: string): Promise<pg.Client>;
}

export interface PostgresOptions extends StartOptions {
  /** Locales that the server has beside its own, made for it alone: `de_DE` stands for `de_DE.UTF-8`. */
  readonly locales?: readonly string[];
  /** Extensions that the server has beside its own, made for it alone: their files, by name. */
  readonly extensions?: Readonly<Record<string, string>>;
}

/** Starts a server on a fresh data folder: superuser `postgres`, password over TCP, trust on the socket. */
export async function startPostgres(options: PostgresOptions = {}): Promise<PostgresServer> {
  const place = placeOf(options.root, postgresPackage, 'postgres');
  const home = newFolder('pg', place.account);
  const dataDir = path.join(home, 'data');
  const password = 'postgres-test';
  const passwordFile = path.join(home, 'password');
  await writeFile(passwordFile, password, { mode: 0o644 });
  const args = [
    '-D',
    dataDir,
    '-U',
    'postgres',
    '-N',
    '-E',
    'UTF8',
    '--locale=C.UTF-8',
    '-A',
    'scram-sha-256',
  ];
  const initdb = place.program(postgresPackage, 'initdb');
  await runTool(place, initdb, [...args, '--auth-local=trust', `--pwfile=${passwordFile}`]);
  const environment = await makeLocales(place, home, options.locales ?? []);
  const settings = options.settings ?? {};
  const { extensions } = options;
  if (extensions === undefined)
    return servePostgres({ place, home, dataDir, password, settings, environment });
  const files = path.join(home, 'files');
  const own = options.root === undefined ? await programWith(place, files, extensions) : place;
  if (options.root !== undefined) await writeAll(path.join(files, 'extension'), extensions);
  const found = options.root === undefined ? {} : { extension_control_path: `$system:${files}` };
  return servePostgres({
    place: own,
    home,
    dataDir,
    password,
    settings: { ...settings, ...found },
    environment,
  });
}

async function writeAll(folder: string, files: Readonly<Record<string, string>>): Promise<void> {
  await mkdir(folder, { recursive: true, mode: 0o755 });
  for (const [name, text] of Object.entries(files))
    await writeFile(path.join(folder, name), text, { mode: 0o644 });
}

/**
 * A copy of the server's program that finds its own files and these: it looks for them from where it lies itself, and servers before
 * 18 look nowhere else. Its libraries and all other files are the installed ones.
 */
async function programWith(
  place: Place,
  folder: string,
  extensions: Readonly<Record<string, string>>,
): Promise<Place> {
  const program = place.program(postgresPackage);
  const ask = async (what: string): Promise<string> =>
    (await runTool(place, place.program(postgresPackage, 'pg_config'), [what])).trim();
  const [share, library] = [await ask('--sharedir'), await ask('--pkglibdir')];
  const own = path.join(folder, program);
  await mkdir(path.dirname(own), { recursive: true });
  await copyFile(program, own);
  await symlink(library, path.join(folder, library));
  await mkdir(path.join(folder, share, 'extension'), { recursive: true });
  for (const kind of ['', 'extension'])
    for (const name of await readdir(path.join(share, kind)))
      if (name !== 'extension')
        await symlink(path.join(share, kind, name), path.join(folder, share, kind, name));
  await writeAll(path.join(folder, share, 'extension'), extensions);
  return { ...place, program: (pack, name) => (name === undefined ? own : place.program(pack, name)) };
}

const localesPackage: ServerPackage = { name: 'libc-bin', program: 'localedef', folders: ['/usr/bin'] };

/** The environment in which a server finds these locales as well as the system's. */
async function makeLocales(
  place: Place,
  home: string,
  names: readonly string[],
): Promise<Record<string, string>> {
  if (names.length === 0) return {};
  const folder = path.join(home, 'locales');
  await runTool(place, '/bin/mkdir', [folder]);
  for (const name of names) {
    const file = path.join(folder, `${name}.UTF-8`);
    await runTool(place, place.program(localesPackage), ['-i', name, '-f', 'UTF-8', file]);
  }
  return { LOCPATH: `${folder}:/usr/lib/locale` };
}

/** Starts a server on a data folder that already stands (made by initdb or pg_basebackup) inside `home`. */
export async function servePostgres(options: {
  place: Place;
  home: string;
  dataDir: string;
  password: string;
  settings: Readonly<Record<string, string>>;
  environment?: Readonly<Record<string, string>>;
}): Promise<PostgresServer> {
  const port = await freePort();
  const settings = { ...defaults, ...options.settings, unix_socket_directories: options.home };
  const start = (): Promise<ServerProcess> =>
    ServerProcess.start({
      name: `PostgreSQL on port ${port}`,
      place: options.place,
      program: options.place.program(postgresPackage),
      args: [
        '-D',
        options.dataDir,
        '-p',
        String(port),
        ...Object.entries(settings).flatMap(([name, value]) => ['-c', `${name}=${value}`]),
      ],
      environment: options.environment ?? {},
      readyLine: /database system is ready to accept (read-only )?connections/,
      deathSignal: 'QUIT',
    });
  let running = await start();

  const connect = async (database = 'postgres'): Promise<pg.Client> => {
    const client = new pg.Client({
      host: '127.0.0.1',
      port,
      user: 'postgres',
      password: options.password,
      database,
      application_name: 'tidemark-test',
    });
    // A test restarts servers under open clients: the query in flight fails, the process must not.
    client.on('error', () => undefined);
    await client.connect();
    return client;
  };
  const run = async (sql: string, database?: string): Promise<Record<string, unknown>[]> => {
    const client = await connect(database);
    try {
      const result: unknown = await client.query(sql);
      const last = (Array.isArray(result) ? result.at(-1) : result) as pg.QueryResult<
        Record<string, unknown>
      >;
      return last.rows;
    } finally {
      await client.end();
    }
  };
  const version = String((await run('SHOW server_version'))[0]?.['server_version']).split(' ')[0] ?? '';

  return {
    engine: 'postgres',
    place: options.place,
    family: 'postgresql',
    version,
    host: '127.0.0.1',
    port,
    socket: options.home,
    user: 'postgres',
    password: options.password,
    dataDir: options.dataDir,
    get pid() {
      return running.pid;
    },
    connect,
    run,
    log: (lines) => running.lastWords(lines),
    async restart() {
      await running.signal('SIGINT');
      running = await startAgain(start);
    },
    kill9: () => running.signal('SIGKILL'),
    async stop() {
      await running.signal('SIGINT', 10_000);
      await rm(options.home, { recursive: true, force: true, maxRetries: 5 });
    },
  };
}

/** After a SIGKILL the backends need a moment to see that they are orphans; until then the data folder is refused. */
async function startAgain(start: () => Promise<ServerProcess>): Promise<ServerProcess> {
  const until = Date.now() + 30_000;
  for (;;) {
    try {
      return await start();
    } catch (error) {
      if (Date.now() > until || !/shared memory block|lock file/.test(String(error))) throw error;
    }
  }
}

/** A scratch server for a rehearsal: PostgreSQL's own programs of this host, in a folder of the rehearsal. */
import { mkdir, chown, stat } from 'node:fs/promises';
import path from 'node:path';
import { TidemarkError } from '../../../../proto/errors.ts';
import type { Engine, ScratchServer } from '../../../engine.ts';
import { accountNamed, type Account } from '../../../rehearsal/account.ts';
import { requireShortSocket } from '../../../rehearsal/rehearsal-folder.ts';
import { startScratchProcess, type KeeperOrder } from '../../../rehearsal/scratch-process.ts';
import { openAny } from '../check/check.ts';
import { during, Session, type PostgresConfig } from '../connection/connection.ts';
import { inspect, programsNamed } from '../connection/tools.ts';
import { subjectOf } from '../server.ts';
import { makeSourceRoles, readSourceRoles, type SourceRoles } from './source-roles.ts';

/** What the source tells of itself that its like must be made with. */
interface Source {
  readonly major: number;
  /** Where its data lies; empty where this role may not know. */
  readonly dataFolder: string;
  /** Some extensions can only be made where their library was loaded at the start. Empty where this role may not know. */
  readonly libraries: string;
  readonly roles: SourceRoles;
}

const port = 5432;

/** See `Engine.startScratch`. `open` makes the engine for it. */
export async function startScratch(
  config: PostgresConfig,
  open: (config: PostgresConfig) => Engine,
  folder: string,
  signal: AbortSignal,
): Promise<ScratchServer> {
  const source = await readSource(config);
  const programs = await serverPrograms(config, source.major);
  const account = await accountFor(source.dataFolder);
  const socket = path.join(folder, 's');
  requireShortSocket(path.join(socket, `.s.PGSQL.${port}`));
  await mkdir(socket, { mode: 0o700 });
  if (account !== undefined)
    for (const owned of [folder, socket]) await chown(owned, account.uid, account.gid);
  const process_ = await startScratchProcess(
    keeperOrder({ folder, socket, programs, account, user: config.database.user, source }),
    signal,
  );
  try {
    const scratch: PostgresConfig = {
      database: { ...scratchDatabase(config, socket), databases: undefined },
      password: undefined,
      tools: config.tools,
    };
    const session = await Session.open(scratch, 'postgres', 'rehearsal');
    try {
      await during('make the roles of the source', 'the scratch server', () =>
        makeSourceRoles(session, source.roles),
      );
    } finally {
      await session.close();
    }
    return { engine: open(scratch), stop: () => process_.stop() };
  } catch (error) {
    await process_.stop();
    throw error;
  }
}

function scratchDatabase({ database }: PostgresConfig, socket: string): PostgresConfig['database'] {
  return { ...database, host: socket, port, password: { kind: 'none' } };
}

async function readSource(config: PostgresConfig): Promise<Source> {
  const session = await openAny(config, 'rehearsal');
  try {
    return await during('read what a rehearsal needs', subjectOf(config), async () => {
      // What this role may not see is not an error here, but empty.
      const rows = await session.rows(
        `SELECT name, setting FROM pg_catalog.pg_settings WHERE name IN ('data_directory', 'shared_preload_libraries')`,
      );
      const of = (name: string): string => rows.find((row) => row['name'] === name)?.['setting'] ?? '';
      return {
        major: session.majorVersion,
        dataFolder: of('data_directory'),
        libraries: of('shared_preload_libraries'),
        roles: await readSourceRoles(session),
      };
    });
  } finally {
    await session.close();
  }
}

/** The folder with `initdb` and `postgres` of that major version. */
async function serverPrograms({ tools }: PostgresConfig, major: number): Promise<string> {
  const folders =
    tools.serverPrograms === undefined
      ? (await programsNamed('postgres')).map((program) => path.dirname(program))
      : [tools.serverPrograms];
  const seen: string[] = [];
  for (const folder of folders) {
    const [server, maker] = await Promise.all(
      ['postgres', 'initdb'].map((name) => inspect(path.join(folder, name))),
    );
    if (server === undefined || maker === undefined) continue;
    if (server.major === major && maker.major === major) return folder;
    seen.push(`${folder} (version ${server.major})`);
  }
  throw new TidemarkError({
    code: 'tool-missing',
    operation: 'start a scratch server',
    subject: 'initdb and postgres',
    cause: `version ${major} is needed; found ${seen.length === 0 ? 'none that runs' : seen.join(', ')}`,
    remedy: `apt-get install postgresql-${major}; or name the folder in the agent's file: tools: {serverPrograms: /usr/lib/postgresql/${major}/bin}; or rehearse on a target: \`tidemark check --rehearse --to TOPOLOGY\``,
  });
}

/** The server refuses to run as root: then it runs as the owner of the source's data, or as `postgres`. */
async function accountFor(dataFolder: string): Promise<Account | undefined> {
  if (process.getuid?.() !== 0) return undefined;
  const owner = dataFolder === '' ? undefined : await stat(dataFolder).catch(() => undefined);
  if (owner !== undefined && owner.uid !== 0) return { uid: owner.uid, gid: owner.gid };
  return accountNamed('postgres');
}

function keeperOrder(order: {
  readonly folder: string;
  readonly socket: string;
  readonly programs: string;
  readonly account: Account | undefined;
  readonly user: string;
  readonly source: Source;
}): KeeperOrder {
  const { folder, socket, programs, account, user, source } = order;
  const data = path.join(folder, 'data');
  const settings = Object.entries({
    ...scratchSettings,
    unix_socket_directories: socket,
    shared_preload_libraries: source.libraries,
  }).flatMap(([name, value]) => ['-c', `${name}=${value}`]);
  const make = ['-D', data, '-U', user, '--auth=trust', '--no-sync', '--encoding=UTF8', '--locale=C'];
  return {
    folder,
    ...(account === undefined ? {} : { account }),
    prepare: [{ program: path.join(programs, 'initdb'), args: make, stop: 'SIGKILL' }],
    server: {
      program: path.join(programs, 'postgres'),
      args: ['-D', data, '-p', String(port), ...settings],
      stop: 'SIGQUIT',
    },
    ready: 'database system is ready to accept connections',
  };
}

/**
 * Small, without a network, and without durability: what is in it is thrown away. No worker of an extension runs: a scheduler
 * that is restored with its jobs would run them.
 */
const scratchSettings: Readonly<Record<string, string>> = {
  listen_addresses: '',
  unix_socket_permissions: '0700',
  fsync: 'off',
  synchronous_commit: 'off',
  full_page_writes: 'off',
  wal_level: 'minimal',
  max_wal_senders: '0',
  shared_buffers: '32MB',
  max_connections: '100',
  max_locks_per_transaction: '512',
  max_worker_processes: '0',
  max_logical_replication_workers: '0',
  max_parallel_workers: '0',
  // Its files would be in the machine's shared memory, and stay there after a kill.
  dynamic_shared_memory_type: 'mmap',
  autovacuum: 'off',
  logging_collector: 'off',
  log_destination: 'stderr',
  log_min_messages: 'log',
  log_min_error_statement: 'panic',
  // The messages of a rehearsal are read.
  lc_messages: 'C',
};

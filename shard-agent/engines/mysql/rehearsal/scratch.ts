/** A scratch server for a rehearsal: the server's own programs of this host, in a folder of the rehearsal. */
import { chown, mkdir, stat } from 'node:fs/promises';
import path from 'node:path';
import type { ToolPaths } from '../../../../topology/agent-file.ts';
import type { Engine, ScratchServer } from '../../../engine.ts';
import { accountNamed, type Account } from '../../../rehearsal/account.ts';
import { requireShortSocket } from '../../../rehearsal/rehearsal-folder.ts';
import {
  startScratchProcess,
  type KeeperOrder,
  type ScratchProgram,
} from '../../../rehearsal/scratch-process.ts';
import { describeEndpoint, withSession } from '../connection/connection.ts';
import { attempt } from '../connection/failure.ts';
import type { Endpoint } from '../connection/handshake.ts';
import type { Dialect } from '../dialect.ts';
import { variable } from '../server.ts';
import { findServerProgram, type ServerPrograms } from './server-programs.ts';

/** What the source tells of itself that its like must be made with. */
interface Source {
  readonly family: Dialect['family'];
  readonly version: string;
  readonly dataFolder: string;
  /** On these depends what a definition means, or whether the server takes it. */
  readonly settings: Readonly<Record<string, string>>;
}

const likeTheSource = [
  'lower_case_table_names',
  'innodb_page_size',
  'innodb_strict_mode',
  'innodb_default_row_format',
  'character_set_server',
  'collation_server',
  'explicit_defaults_for_timestamp',
  'max_allowed_packet',
];

/** See `Engine.startScratch`. `open` makes the engine for it. */
export async function startScratch(
  endpoint: Endpoint,
  tools: ToolPaths,
  open: (endpoint: Endpoint) => Engine,
  folder: string,
  signal: AbortSignal,
): Promise<ScratchServer> {
  const source = await attempt('read what a rehearsal needs', describeEndpoint(endpoint), () =>
    withSession(endpoint, { name: 'rehearsal' }, readSource),
  );
  const programs = await findServerProgram(source.family, source.version, tools.serverPrograms);
  const account = await accountFor(source.dataFolder);
  const own = path.join(folder, 's');
  const socket = path.join(own, 'mysql.sock');
  requireShortSocket(socket);
  await mkdir(own, { mode: 0o700 });
  if (account !== undefined) for (const owned of [folder, own]) await chown(owned, account.uid, account.gid);
  const order = keeperOrder({ folder, own, socket, programs, account, source });
  const scratch = await startScratchProcess(order, signal);
  const { stallLimitMs } = endpoint;
  const engine = open({ host: socket, port: 0, user: 'root', password: undefined, stallLimitMs });
  return { engine, stop: () => scratch.stop() };
}

async function readSource(wire: Parameters<typeof variable>[0], dialect: Dialect): Promise<Source> {
  const settings: Record<string, string> = {};
  for (const name of likeTheSource) {
    const value = await variable(wire, name);
    if (value !== undefined) settings[name] = value;
  }
  const dataFolder = (await variable(wire, 'datadir')) ?? '';
  return { family: dialect.family, version: dialect.version, dataFolder, settings };
}

/** A server is not to run as root: then it runs as the owner of the source's data, or as `mysql`. */
async function accountFor(dataFolder: string): Promise<Account | undefined> {
  if (process.getuid?.() !== 0) return undefined;
  const owner = dataFolder === '' ? undefined : await stat(dataFolder).catch(() => undefined);
  if (owner !== undefined && owner.uid !== 0) return { uid: owner.uid, gid: owner.gid };
  return accountNamed('mysql');
}

function keeperOrder(order: {
  readonly folder: string;
  /** The folder of the socket and of temporary files. */
  readonly own: string;
  readonly socket: string;
  readonly programs: ServerPrograms;
  readonly account: Account | undefined;
  readonly source: Source;
}): KeeperOrder {
  const { folder, own, socket, programs, account, source } = order;
  const data = path.join(folder, 'data');
  const { lower_case_table_names: folding, innodb_page_size: page } = source.settings;
  const fixed = [
    `--datadir=${data}`,
    `--tmpdir=${own}`,
    '--innodb-buffer-pool-size=64M',
    // They hold for a data folder from its beginning on.
    ...(folding === undefined ? [] : [`--lower-case-table-names=${folding}`]),
    ...(page === undefined ? [] : [`--innodb-page-size=${page}`]),
  ];
  const settings = Object.entries(source.settings)
    .filter(([name]) => name !== 'lower_case_table_names' && name !== 'innodb_page_size')
    .map(([name, value]) => `--loose-${name.replaceAll('_', '-')}=${value}`);
  const server: ScratchProgram = {
    program: programs.server,
    args: [
      '--no-defaults',
      ...fixed,
      `--socket=${socket}`,
      `--pid-file=${path.join(own, 'pid')}`,
      // It reads and writes no other file for a client.
      `--secure-file-priv=${own}`,
      ...scratchSettings,
      ...settings,
    ],
    stop: 'SIGKILL',
  };
  const make: ScratchProgram =
    programs.maker === undefined
      ? {
          program: programs.server,
          args: ['--no-defaults', '--initialize-insecure', ...fixed],
          stop: 'SIGKILL',
        }
      : { program: programs.maker, args: ['--no-defaults', ...fixed, ...makerArguments], stop: 'SIGKILL' };
  return {
    folder,
    ...(account === undefined ? {} : { account }),
    prepare: [make],
    server,
    ready: ': ready for connections',
  };
}

const makerArguments = [
  '--auth-root-authentication-method=normal',
  // A machine without a hosts file cannot look up its own name.
  '--force',
  '--skip-test-db',
];

/** Without a network and without durability. No event runs. */
const scratchSettings = [
  '--skip-networking',
  '--loose-mysqlx=OFF',
  '--skip-log-bin',
  '--skip-slave-start',
  '--event-scheduler=OFF',
  '--local-infile=ON',
  '--innodb-flush-log-at-trx-commit=0',
  '--innodb-doublewrite=OFF',
  '--innodb-flush-method=nosync',
  '--loose-debug-no-sync',
  '--max-connections=100',
  '--performance-schema=OFF',
];

/** The server's own programs on this host, of one family and version. */
import { execFile } from 'node:child_process';
import path from 'node:path';
import { promisify } from 'node:util';
import { TidemarkError } from '../../../../proto/errors.ts';
import type { Dialect } from '../dialect.ts';

const execute = promisify(execFile);

export interface ServerPrograms {
  readonly server: string;
  /** Makes a data folder; undefined where the server does that itself. */
  readonly maker: string | undefined;
}

const usualFolders = ['/usr/sbin', '/usr/bin', '/usr/libexec', '/usr/local/mysql/bin', '/usr/local/bin'];
const names = { mariadb: ['mariadbd', 'mysqld'], mysql: ['mysqld'] } as const;
const makers = ['mariadb-install-db', 'mysql_install_db'];

/** `folder` as the agent's file names it, else the usual ones and PATH. The series (10.11, 8.4) must be the same. Throws `tool-missing`. */
export async function findServerProgram(
  family: Dialect['family'],
  version: string,
  folder: string | undefined,
): Promise<ServerPrograms> {
  const series = seriesOf(version);
  const onPath = (process.env['PATH'] ?? '').split(path.delimiter).filter((one) => one !== '');
  const folders = folder === undefined ? [...new Set([...usualFolders, ...onPath])] : [folder];
  const seen: string[] = [];
  for (const server of folders.flatMap((one) => names[family].map((name) => path.join(one, name)))) {
    const said = await versionOf(server);
    if (said === undefined) continue;
    const found = /\bVer ([\d.]+)/.exec(said)?.[1] ?? '';
    if (/mariadb/i.test(said) !== (family === 'mariadb') || seriesOf(found) !== series) {
      seen.push(`${server} (${said.trim()})`);
      continue;
    }
    if (family === 'mysql') return { server, maker: undefined };
    for (const maker of folders.flatMap((one) => makers.map((name) => path.join(one, name))))
      if (await isProgram(maker)) return { server, maker };
    seen.push(`${server} without ${makers[0]}`);
  }
  throw new TidemarkError({
    code: 'tool-missing',
    operation: 'start a scratch server',
    subject: names[family][0],
    cause: `${family} ${series} is needed; found ${seen.length === 0 ? 'none that runs' : seen.join(', ')}`,
    remedy:
      `Install the server's package of that version; or name its folder in the agent's file: tools: {serverPrograms: /usr/sbin}; ` +
      'or rehearse on a target: `tidemark check --rehearse --to TOPOLOGY`',
  });
}

/** `10.11` of `10.11.14`. */
function seriesOf(version: string): string {
  return version.split('.').slice(0, 2).join('.');
}

async function versionOf(program: string): Promise<string | undefined> {
  try {
    return (await execute(program, ['--no-defaults', '--version'], { timeout: 10_000 })).stdout;
  } catch {
    return undefined;
  }
}

async function isProgram(program: string): Promise<boolean> {
  try {
    await execute(program, ['--no-defaults', '--help'], { timeout: 10_000 });
    return true;
  } catch (error) {
    // Some end their help with another code than 0.
    return typeof (error as { code?: unknown }).code === 'number';
  }
}

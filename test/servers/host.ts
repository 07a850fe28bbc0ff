/**
 * What the machine has and lacks: finds the programs of database servers, and installs their Debian packages when
 * they are missing and this process may.
 */
import { spawnSync } from 'node:child_process';
import { accessSync, constants, readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { machineFolder } from './run-folder.ts';

/** A Debian package, where its programs lie, and one of them by which its presence is told. */
export interface ServerPackage {
  readonly name: string;
  readonly program: string;
  /** Folders beside PATH; `*` stands for one version number, the greatest is taken. */
  readonly folders: readonly string[];
}

export const postgresPackage: ServerPackage = {
  name: 'postgresql',
  program: 'postgres',
  folders: ['/usr/lib/postgresql/*/bin', '/usr/local/pgsql/bin', '/opt/homebrew/opt/postgresql@*/bin'],
};

export const mariadbPackage: ServerPackage = {
  name: 'mariadb-server',
  program: 'mariadbd',
  folders: ['/usr/sbin', '/usr/local/sbin', '/usr/bin'],
};

/** In none of Debian's stable suites: only a root of another suite has it. */
export const mysqlPackage: ServerPackage = {
  name: 'mysql-server',
  program: 'mysqld',
  folders: ['/usr/sbin'],
};

export const pgbouncerPackage: ServerPackage = {
  name: 'pgbouncer',
  program: 'pgbouncer',
  folders: ['/usr/sbin', '/usr/local/sbin'],
};

/**
 * The path of a program of a package. Installs the package when the program is missing and this process is root on a
 * machine with apt-get, and says so on stderr; otherwise throws an Error that names the command to run.
 */
export function findProgram(pack: ServerPackage, program: string = pack.program): string {
  const found = lookFor(pack, program);
  if (found !== undefined) return found;
  install(pack);
  const installed = lookFor(pack, program);
  if (installed !== undefined) return installed;
  throw new Error(
    `${program} is not in ${pack.folders.join(', ')} or PATH, though the package ${pack.name} is installed`,
  );
}

/** The path of a program of a package inside a root folder, as it is seen from inside. Throws when it is not there. */
export function findProgramIn(root: string, pack: ServerPackage, program: string = pack.program): string {
  const folders = pack.folders.flatMap((folder) => expand(path.join(root, folder)));
  const found = folders.map((folder) => path.join(folder, program)).find(executable);
  if (found !== undefined) return `/${path.relative(root, found)}`;
  throw new Error(
    `${program} of the package ${pack.name} is not in the root ${root}: remove that folder, and it is built anew`,
  );
}

function lookFor(pack: ServerPackage, program: string): string | undefined {
  const folders = [...pack.folders.flatMap(expand), ...(process.env['PATH'] ?? '').split(path.delimiter)];
  return folders.map((folder) => path.join(folder, program)).find(executable);
}

function executable(file: string): boolean {
  try {
    accessSync(file, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

/** The folders a pattern stands for, greatest version first. */
function expand(pattern: string): string[] {
  const [before, after] = pattern.split('*');
  if (before === undefined || after === undefined) return [pattern];
  const parent = path.dirname(`${before}x`);
  const prefix = before.slice(parent.length + 1);
  let names: string[];
  try {
    names = readdirSync(parent);
  } catch {
    return [];
  }
  return names
    .filter((name) => name.startsWith(prefix))
    .map((name) => ({ name, version: Number.parseFloat(name.slice(prefix.length)) }))
    .filter((entry) => Number.isFinite(entry.version))
    .sort((a, b) => b.version - a.version)
    .map((entry) => path.join(parent, entry.name + after));
}

/** Installs one package; `flock` makes parallel test workers wait for each other instead of failing on dpkg's lock. */
function install(pack: ServerPackage): void {
  const byHand = `apt-get update && apt-get install --yes --no-install-recommends ${pack.name}`;
  if (process.getuid?.() !== 0 || lookFor(pack, 'apt-get') === undefined) {
    throw new Error(
      `${pack.program} was not found. The tests start real database servers. Run as root: ${byHand} ` +
        `(or install ${pack.name} in the way of this machine and put ${pack.program} on PATH)`,
    );
  }
  console.error(`[test servers] ${pack.program} is missing, installing the Debian package ${pack.name} …`);
  // Whoever waited for the lock finds the package installed by the one before.
  const script = `dpkg -s ${pack.name} >/dev/null 2>&1 || { apt-get update && apt-get install --yes --no-install-recommends ${pack.name}; }`;
  const result = spawnSync('flock', [path.join(machineFolder(), 'install.lock'), 'sh', '-c', script], {
    env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive' },
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  if (result.status !== 0) {
    const output = `${result.error ?? ''}${result.stdout ?? ''}${result.stderr ?? ''}`.trim().split('\n');
    throw new Error(`could not install ${pack.name} (${byHand}):\n${output.slice(-15).join('\n')}`);
  }
  console.error(`[test servers] ${pack.name} is installed`);
}

export interface Account {
  readonly uid: number;
  readonly gid: number;
}

/**
 * The account servers run under: servers refuse to run as root. The first of the names that the passwd file has when
 * this process is root, else undefined: this process's own account.
 */
export function accountOf(passwd: string, ...names: string[]): Account | undefined {
  if (process.getuid?.() !== 0) return undefined;
  const lines = readFileSync(passwd, 'utf8').split('\n');
  for (const name of [...names, 'nobody']) {
    const fields = lines.find((line) => line.startsWith(`${name}:`))?.split(':');
    if (fields !== undefined) return { uid: Number(fields[2]), gid: Number(fields[3]) };
  }
  throw new Error(`none of the accounts ${names.join(', ')}, nobody stands in ${passwd}`);
}

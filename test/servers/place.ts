/** Where a server runs: on this machine as it is, or in a root of another suite on it. */
import path from 'node:path';
import { type Account, accountOf, findProgram, findProgramIn, type ServerPackage } from './host.ts';
import type { ServerRoot } from './root.ts';
import { machineFolder } from './run-folder.ts';

export interface Place {
  /** Owner of the server's folder and process; undefined: this process's own account. */
  readonly account: Account | undefined;
  /** The path of a program, as the server sees it. Throws as findProgram does. */
  program(pack: ServerPackage, name?: string): string;
  /**
   * How a program is started here under the account. Whatever stands before it is replaced by it (exec), so that the
   * process id is the program's own, and the kernel sends it `deathSignal` when this process dies.
   */
  command(program: string, args: readonly string[], deathSignal: 'QUIT' | 'KILL'): Command;
}

export interface Command {
  readonly program: string;
  readonly args: readonly string[];
  /** To spawn it under; undefined: this process's own, the command changes to the account by itself. */
  readonly account: Account | undefined;
}

/** Where the package's programs run: in `root` when one is given. The account is the first of `accounts` there is. */
export function placeOf(root: ServerRoot | undefined, pack: ServerPackage, ...accounts: string[]): Place {
  if (root !== undefined) return inRoot(root, ...accounts);
  // Before the account is looked up: the package may have to be installed, and makes it.
  findProgram(pack);
  return onMachine(accountOf('/etc/passwd', ...accounts));
}

/** Programs of this machine under `account`. */
export function onMachine(account: Account | undefined): Place {
  return {
    account,
    program: findProgram,
    command(program, args, deathSignal) {
      if (process.platform !== 'linux') return { program, args, account };
      return { program: 'setpriv', args: ['--pdeathsig', deathSignal, program, ...args], account };
    },
  };
}

/**
 * The tests' folder stands at the same path inside, so that a path means the same to the server and to this process.
 * All mounts are made in a namespace of the server's own: none outlives it.
 */
const enter = `set -e
root=$1 folder=$2
shift 2
mount -t proc proc "$root/proc"
mount --rbind /dev "$root/dev"
mkdir -p "$root$folder"
mount --bind "$folder" "$root$folder"
exec chroot "$root" "$@"`;

function inRoot(root: ServerRoot, ...accounts: string[]): Place {
  const account = accountOf(path.join(root.folder, 'etc/passwd'), ...accounts);
  if (account === undefined) throw new Error('only root may enter a root of another suite');
  const identity = ['--reuid', String(account.uid), '--regid', String(account.gid), '--clear-groups'];
  return {
    account,
    program: (pack, name) => findProgramIn(root.folder, pack, name),
    command(program, args, deathSignal) {
      const asAccount = ['/usr/bin/setpriv', ...identity, '--pdeathsig', deathSignal, program, ...args];
      const shell = ['sh', '-c', enter, 'enter', root.folder, machineFolder(), ...asAccount];
      return { program: 'unshare', args: ['--mount', ...shell], account: undefined };
    },
  };
}

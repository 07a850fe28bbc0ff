/**
 * Roots of other Debian suites, for servers newer than this machine's own packages: made by debootstrap from the mirror
 * that the machine's apt sources name, and kept between runs.
 */
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync } from 'node:fs';
import path from 'node:path';
import { debianMirror } from './apt-sources.ts';
import { findProgram, type ServerPackage } from './host.ts';
import { machineFolder } from './run-folder.ts';

export interface ServerRoot {
  readonly suite: Suite;
  /** The root folder of its file system, as this machine sees it. */
  readonly folder: string;
}

export type Suite = 'sid' | 'trixie';

/** What a root is made for. A changed list builds anew. */
const packages: Readonly<Record<Suite, readonly string[]>> = {
  sid: ['mysql-server', 'postgresql-18'],
  trixie: ['mariadb-server'],
};

const debootstrapPackage: ServerPackage = {
  name: 'debootstrap',
  program: 'debootstrap',
  folders: ['/usr/sbin'],
};

/**
 * The root of a suite: the one that stands in the cache, or a new one, which takes about a minute and 1 GB. Of several
 * processes one builds and the others wait. Throws an Error that says what to do where this process is not root, or
 * the mirror does not give the suite.
 */
export async function openRoot(suite: Suite): Promise<ServerRoot> {
  const folder = path.join(cacheFolder(), `${suite}-${keyOf(packages[suite])}`);
  if (process.getuid?.() !== 0) {
    throw new Error(
      `the newest servers run in a Debian root of the suite ${suite}, which only root may make and enter: ` +
        'run `npm run test:newest` as root, or the other tests with `npm test`',
    );
  }
  if (!existsSync(folder)) build(suite, folder);
  return { suite, folder };
}

/** TIDEMARK_TEST_ROOTS, or a folder of the machine that outlives runs. To renew the servers, remove what is in it. */
function cacheFolder(): string {
  const named = process.env['TIDEMARK_TEST_ROOTS'];
  return named === undefined || named === '' ? '/var/cache/tidemark-test/roots' : path.resolve(named);
}

function keyOf(names: readonly string[]): string {
  return createHash('sha256')
    .update([...names].sort().join(','))
    .digest('hex')
    .slice(0, 8);
}

/** A mirror that takes connections and gives nothing is not waited for without end. */
const buildLimitMinutes = 20;

/**
 * The root appears under its name when it is whole. Whoever waited for the lock finds it there; what a killed build has
 * left lies under the building name and goes first. Its mounts are gone with the namespace it ran in.
 */
const script = `set -e
[ ! -e "$FOLDER" ] || exit 0
rm -rf --one-file-system "$FOLDER.building"
timeout "$LIMIT" "$DEBOOTSTRAP" --variant=minbase "--include=$PACKAGES" "$SUITE" "$FOLDER.building" "$MIRROR" || {
  tail -n 5 "$FOLDER.building/debootstrap/debootstrap.log" 2>/dev/null || true
  exit 1
}
rm -rf "$FOLDER.building/var/cache/apt/archives"
mv "$FOLDER.building" "$FOLDER"`;

function build(suite: Suite, folder: string): void {
  const debootstrap = findProgram(debootstrapPackage);
  const mirror = debianMirror();
  mkdirSync(path.dirname(folder), { recursive: true });
  console.error(
    `[test servers] building a root of ${suite} (${packages[suite].join(', ')}) from ${mirror} …`,
  );
  const lock = path.join(machineFolder(), `root-${suite}.lock`);
  const result = spawnSync('flock', [lock, 'unshare', '--mount', 'sh', '-c', script], {
    env: {
      ...process.env,
      DEBOOTSTRAP: debootstrap,
      LIMIT: `${buildLimitMinutes}m`,
      FOLDER: folder,
      PACKAGES: packages[suite].join(','),
      SUITE: suite,
      MIRROR: mirror,
      DEBIAN_FRONTEND: 'noninteractive',
    },
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'pipe'],
    maxBuffer: 64 << 20,
  });
  if (result.status !== 0) {
    const output = `${result.error ?? ''}${result.stdout ?? ''}${result.stderr ?? ''}`.trim().split('\n');
    throw new Error(
      `could not build a root of the suite ${suite} from the mirror ${mirror}, which this machine's apt sources name. ` +
        'Look whether the mirror is reachable and has that suite (apt-get update), then run again: what is built is ' +
        `kept in ${path.dirname(folder)}. debootstrap said:\n${output.slice(-15).join('\n')}`,
    );
  }
  console.error(`[test servers] ${folder} is ready`);
}

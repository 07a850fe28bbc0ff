/**
 * MySQL servers for tests. Debian 12 has no MySQL: it runs from a root of its own (a debootstrap of a suite that has
 * it, with `mysql-server` in it), which TIDEMARK_MYSQL_ROOT names. Entering it needs root.
 */
import { chmodSync, existsSync, mkdirSync, mkdtempSync } from 'node:fs';
import path from 'node:path';
import { type MysqlServer, serveMysql } from './mysql-family.ts';
import { removeAtExit } from './run-folder.ts';
import { runTool } from './server-process.ts';
import type { StartOptions } from './server.ts';

const asSelf = { account: undefined };

/** The root to run MySQL in, or undefined: then tests that need MySQL say that they are skipped. */
export function mysqlRoot(): string | undefined {
  const root = process.env['TIDEMARK_MYSQL_ROOT'];
  return root !== undefined && root !== '' && process.getuid?.() === 0 ? root : undefined;
}

/** Starts a server on a fresh data folder inside the root: account `root`, by password over TCP. */
export async function startMysql(options: StartOptions = {}): Promise<MysqlServer> {
  const root = mysqlRoot();
  if (root === undefined) {
    throw new Error('set TIDEMARK_MYSQL_ROOT to a debootstrap root with mysql-server in it, and run as root');
  }
  if (!existsSync(path.join(root, 'proc/self')))
    await runTool('mount', ['-t', 'proc', 'proc', path.join(root, 'proc')], asSelf);
  const parent = path.join(root, 'var/tmp/tidemark-test');
  mkdirSync(parent, { recursive: true });
  chmodSync(parent, 0o755);
  const home = mkdtempSync(path.join(parent, 'mysql-'));
  removeAtExit(home);
  const homeInside = `/${path.relative(root, home)}`;
  await runTool('chroot', [root, 'chown', 'mysql:mysql', homeInside], asSelf);
  const asMysql = ['--reuid', 'mysql', '--regid', 'mysql', '--clear-groups', '--pdeathsig', 'KILL'];
  const enter = [root, 'setpriv', ...asMysql, '/usr/sbin/mysqld'];
  const initialise = ['--no-defaults', '--initialize-insecure', '--innodb-redo-log-capacity=16M'];
  await runTool(
    'chroot',
    [...enter, ...initialise, `--datadir=${homeInside}/data`, `--tmpdir=${homeInside}`],
    asSelf,
  );
  return serveMysql({
    name: 'MySQL',
    family: 'mysql',
    home,
    homeInside,
    program: 'chroot',
    programArgs: enter,
    account: undefined,
    readyLine: /mysqld: ready for connections/,
    wrap: false,
    defaults: { 'innodb-redo-log-capacity': '16M', mysqlx: 'OFF' },
    settings: options.settings ?? {},
  });
}

/** MySQL servers for tests: in a root of a suite that has MySQL, for Debian's stable ones have none. */
import path from 'node:path';
import { mysqlPackage } from './host.ts';
import { type MysqlServer, serveMysql } from './mysql-family.ts';
import { placeOf } from './place.ts';
import type { ServerRoot } from './root.ts';
import { newFolder } from './run-folder.ts';
import { runTool } from './server-process.ts';
import type { StartOptions } from './server.ts';

/** Starts a server on a fresh data folder: account `root`, by password over TCP. */
export async function startMysql(
  options: StartOptions & { readonly root: ServerRoot },
): Promise<MysqlServer> {
  const place = placeOf(options.root, mysqlPackage, 'mysql');
  const home = newFolder('mysql', place.account);
  const program = place.program(mysqlPackage);
  await runTool(place, program, [
    '--no-defaults',
    '--initialize-insecure',
    '--innodb-redo-log-capacity=16M',
    // An option that decides how tables are kept must be the same when the data folder is made.
    ...Object.entries(options.settings ?? {})
      .filter(([name]) => name === 'lower-case-table-names')
      .map(([name, value]) => `--${name}=${value}`),
    `--datadir=${path.join(home, 'data')}`,
    `--tmpdir=${home}`,
  ]);
  return serveMysql({
    name: 'MySQL',
    family: 'mysql',
    home,
    place,
    program,
    readyLine: /mysqld: ready for connections/,
    defaults: { 'innodb-redo-log-capacity': '16M', mysqlx: 'OFF' },
    settings: options.settings ?? {},
  });
}

/** MariaDB servers for tests. */
import path from 'node:path';
import { mariadbPackage } from './host.ts';
import { type MysqlServer, serveMysql } from './mysql-family.ts';
import { placeOf } from './place.ts';
import { newFolder } from './run-folder.ts';
import { runTool } from './server-process.ts';
import type { StartOptions } from './server.ts';

/** Starts a server on a fresh data folder: account `root`, by password over TCP. */
export async function startMariadb(options: StartOptions = {}): Promise<MysqlServer> {
  const place = placeOf(options.root, mariadbPackage, 'mysql', 'postgres');
  const home = newFolder('maria', place.account);
  const dataDir = path.join(home, 'data');
  await runTool(place, place.program(mariadbPackage, 'mariadb-install-db'), [
    '--no-defaults',
    `--datadir=${dataDir}`,
    `--tmpdir=${home}`,
    '--auth-root-authentication-method=normal',
    // A machine without a hosts file cannot look up its own name.
    '--force',
    '--skip-test-db',
    '--innodb-log-file-size=16M',
    '--innodb-buffer-pool-size=32M',
  ]);
  return serveMysql({
    name: 'MariaDB',
    family: 'mariadb',
    home,
    place,
    program: place.program(mariadbPackage),
    readyLine: /ready for connections/,
    defaults: {
      'innodb-log-file-size': '16M',
      'performance-schema': 'ON',
      'performance-schema-instrument': 'wait/lock/metadata/sql/mdl=ON',
    },
    settings: options.settings ?? {},
  });
}

/** Which tools each family of servers is compared with. */
import { findProgram, mariadbPackage, postgresPackage, type ServerPackage } from '../../servers/host.ts';
import { newestProgram } from '../../servers/newest.ts';
import type { TestServer } from '../../servers/server.ts';
import { benchDatabase } from '../data/shop.ts';
import { type NativeTool, zstdProgram } from './native-tool.ts';

const mysqlClientPackage: ServerPackage = { name: 'mysql-client', program: 'mysql', folders: ['/usr/bin'] };
const mydumperPackage: ServerPackage = { name: 'mydumper', program: 'mydumper', folders: ['/usr/bin'] };

/** Tools of the newest servers' own versions; the first is the one that comes with the server. */
export async function nativeToolsOf(family: TestServer['family'], lanes: number): Promise<NativeTool[]> {
  switch (family) {
    case 'postgresql':
      return [await postgresTool(lanes)];
    case 'mariadb':
      return [await mariadbTool(), mydumper(lanes)];
    case 'mysql':
      return [await mysqlTool()];
  }
}

async function postgresTool(lanes: number): Promise<NativeTool> {
  const [dump, restore] = await Promise.all(
    ['pg_dump', 'pg_restore'].map((name) => newestProgram('sid', postgresPackage, name)),
  );
  const login = (server: TestServer): string =>
    `PGPASSWORD='${server.password}' PGHOST=${server.host} PGPORT=${server.port} PGUSER=${server.user}`;
  return {
    name: `pg_dump -Fd -j${lanes} --compress=zstd:1, pg_restore -j${lanes}`,
    // It syncs what it has written by itself.
    backup: (server, path) =>
      `${login(server)} '${dump}' -Fd -j${lanes} --compress=zstd:1 -f '${path}' ${benchDatabase}`,
    restore: (server, path) => `${login(server)} '${restore}' -j${lanes} -d ${benchDatabase} '${path}'`,
  };
}

async function mariadbTool(): Promise<NativeTool> {
  const [dump, client] = await Promise.all(
    ['mariadb-dump', 'mariadb'].map((name) => newestProgram('trixie', clientOf(mariadbPackage), name)),
  );
  return throughAPipe(
    'mariadb-dump --single-transaction | zstd -1, zstd -dc | mariadb',
    `'${dump}'`,
    `'${client}'`,
  );
}

async function mysqlTool(): Promise<NativeTool> {
  const [dump, client] = await Promise.all(
    ['mysqldump', 'mysql'].map((name) => newestProgram('sid', mysqlClientPackage, name)),
  );
  const name = 'mysqldump --single-transaction | zstd -1, zstd -dc | mysql';
  return throughAPipe(name, `'${dump}' --set-gtid-purged=OFF --no-tablespaces`, `'${client}'`);
}

function throughAPipe(name: string, dump: string, client: string): NativeTool {
  const zstd = zstdProgram();
  return {
    name,
    backup: (server, path) =>
      `set -o pipefail; ${withLogin(server, dump)} --single-transaction ${benchDatabase} | '${zstd}' -1 -q -o '${path}' && sync '${path}'`,
    restore: (server, path) =>
      `set -o pipefail; '${zstd}' -dc -q '${path}' | ${withLogin(server, client)} ${benchDatabase}`,
  };
}

/** The client stops at unknown options in other programs' files, hence none are read. */
function withLogin(server: TestServer, command: string): string {
  const [program, ...options] = command.split(' ');
  const login = `--no-defaults -h ${server.host} -P ${server.port} -u ${server.user}`;
  return `MYSQL_PWD='${server.password}' ${program} ${login} ${options.join(' ')}`;
}

/** Its own compression is gzip in the versions that Debian's stable suites have. */
function mydumper(lanes: number): NativeTool {
  const dumper = findProgram(mydumperPackage);
  const loader = findProgram(mydumperPackage, 'myloader');
  const login = (server: TestServer): string =>
    `-h ${server.host} -P ${server.port} -u ${server.user} -p '${server.password}' -t ${lanes}`;
  return {
    name: `mydumper -c -t ${lanes}, myloader -t ${lanes}`,
    backup: (server, path) =>
      `'${dumper}' ${login(server)} -B ${benchDatabase} -c -r 100000 -o '${path}' && find '${path}' -type f -exec sync {} +`,
    restore: (server, path) => `'${loader}' ${login(server)} -B ${benchDatabase} -o -d '${path}'`,
  };
}

function clientOf(pack: ServerPackage): ServerPackage {
  return { ...pack, folders: ['/usr/bin'] };
}

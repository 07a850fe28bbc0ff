/** Before the first file of the project `newest`: both roots are there, and the versions of their servers are said. */
import { mariadbPackage, mysqlPackage, postgresPackage, type ServerPackage } from '../servers/host.ts';
import { placeOf } from '../servers/place.ts';
import { openRoot, type ServerRoot } from '../servers/root.ts';
import { runTool } from '../servers/server-process.ts';

export default async function setup(): Promise<void> {
  const [sid, trixie] = [await openRoot('sid'), await openRoot('trixie')];
  const versions = await Promise.all([
    versionOf('PostgreSQL', sid, postgresPackage),
    versionOf('MySQL', sid, mysqlPackage),
    versionOf('MariaDB', trixie, mariadbPackage),
  ]);
  console.error(`[test servers] ${versions.join(', ')}`);
}

async function versionOf(name: string, root: ServerRoot, pack: ServerPackage): Promise<string> {
  const place = placeOf(root, pack, 'mysql', 'postgres');
  const said = await runTool(place, place.program(pack), ['--version']);
  return `${name} ${/\d+\.[\d.]*\d/.exec(said)?.[0] ?? said.trim()}`;
}

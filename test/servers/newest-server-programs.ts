/**
 * The newest servers' programs as a host has them: a folder that an agent's file names in `tools: {serverPrograms: …}`. Each is a
 * script that starts the program of the suite's root with the root's loader and libraries, under any account and without entering
 * the root. They find their other files from where they lie themselves, so the folder is laid out as in the root.
 */
import { existsSync } from 'node:fs';
import { mkdir, symlink } from 'node:fs/promises';
import path from 'node:path';
import { findProgramIn, mariadbPackage, mysqlPackage, postgresPackage, type ServerPackage } from './host.ts';
import { writeScript, writeStarter } from './newest.ts';
import { openRoot, type ServerRoot, type Suite } from './root.ts';
import { newFolder } from './run-folder.ts';

const made = new Map<string, Promise<string>>();

/** The folder with the server's programs. Of this run, and removed at its exit. */
export function newestServerPrograms(name: 'PostgreSQL' | 'MySQL' | 'MariaDB'): Promise<string> {
  const known = made.get(name) ?? makers[name]();
  made.set(name, known);
  return known;
}

const makers = { PostgreSQL: postgresPrograms, MySQL: mysqlPrograms, MariaDB: mariadbPrograms };

async function postgresPrograms(): Promise<string> {
  const { root, own } = await layOut('sid', ['usr/share']);
  const programs = findFolder(root, postgresPackage);
  await linkFromRoot(root, own, path.join(path.dirname(programs), 'lib'));
  for (const name of ['postgres', 'initdb', 'pg_config']) await starter(root, own, path.join(programs, name));
  return path.join(own, programs);
}

async function mysqlPrograms(): Promise<string> {
  const { root, own } = await layOut('sid', ['usr/share', 'usr/lib/mysql']);
  const programs = findFolder(root, mysqlPackage);
  await starter(root, own, path.join(programs, 'mysqld'), filesOf(own));
  return path.join(own, programs);
}

/** All in one folder: the maker is itself a script, which looks for what it needs below `--basedir`. */
async function mariadbPrograms(): Promise<string> {
  const { root, own } = await layOut('trixie', ['usr/share', 'usr/lib/mysql']);
  const programs = findFolder(root, mariadbPackage);
  await starter(root, own, path.join(programs, 'mariadbd'), filesOf(own));
  for (const name of ['my_print_defaults', 'resolveip']) await starter(root, own, `/usr/bin/${name}`);
  const maker = path.join(root.folder, 'usr/bin/mariadb-install-db');
  await writeScript(
    path.join(own, programs, 'mariadb-install-db'),
    `exec sh '${maker}' "$@" '--basedir=${own}/usr'`,
  );
  return path.join(own, programs);
}

function filesOf(own: string): string[] {
  return [`--basedir=${own}/usr`, `--plugin-dir=${own}/usr/lib/mysql/plugin`];
}

async function layOut(suite: Suite, folders: readonly string[]): Promise<{ root: ServerRoot; own: string }> {
  const root = await openRoot(suite);
  const own = newFolder('newest-server');
  for (const folder of folders) await linkFromRoot(root, own, folder);
  return { root, own };
}

async function linkFromRoot(root: ServerRoot, own: string, folder: string): Promise<void> {
  const link = path.join(own, folder);
  await mkdir(path.dirname(link), { recursive: true });
  if (!existsSync(link)) await symlink(path.join(root.folder, folder), link);
}

async function starter(
  root: ServerRoot,
  own: string,
  program: string,
  more: readonly string[] = [],
): Promise<void> {
  await mkdir(path.join(own, path.dirname(program)), { recursive: true });
  await writeStarter(root, path.join(root.folder, program), path.join(own, program), more);
}

function findFolder(root: ServerRoot, pack: ServerPackage): string {
  return path.dirname(findProgramIn(root.folder, pack));
}

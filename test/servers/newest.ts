/** The newest servers of each family, in roots of their own, whatever this machine has installed. */
import { chmod, mkdir, writeFile } from 'node:fs/promises';
import { readdirSync } from 'node:fs';
import path from 'node:path';
import { findProgramIn, postgresPackage, type ServerPackage } from './host.ts';
import { startMariadb } from './mariadb.ts';
import { startMysql } from './mysql.ts';
import type { MysqlServer } from './mysql-family.ts';
import { type PostgresOptions, type PostgresServer, startPostgres } from './postgres.ts';
import { openRoot, type ServerRoot, type Suite } from './root.ts';
import { newFolder } from './run-folder.ts';
import type { StartOptions } from './server.ts';

/** Without `root`: these servers have theirs. */
export type NewestOptions = Omit<StartOptions, 'root'>;

/** As startPostgres, of PostgreSQL 18. */
export async function startNewestPostgres(
  options: Omit<PostgresOptions, 'root'> = {},
): Promise<PostgresServer> {
  return startPostgres({ ...options, root: await openRoot('sid') });
}

/** As startMysql, of MySQL 9. It takes no `LOAD DATA LOCAL` unless the setting `local-infile` is ON. */
export async function startNewestMysql(options: NewestOptions = {}): Promise<MysqlServer> {
  return startMysql({ ...options, root: await openRoot('sid') });
}

/** As startMariadb, of MariaDB 11.8. */
export async function startNewestMariadb(options: NewestOptions = {}): Promise<MysqlServer> {
  return startMariadb({ ...options, root: await openRoot('trixie') });
}

/** Paths of programs in one folder, as an agent's file names them. */
export interface PostgresTools {
  readonly pgDump: string;
  readonly pgRestore: string;
  readonly pgDumpall: string;
}

/** PostgreSQL 18's own programs for an agent on this machine. */
export async function newestPostgresTools(): Promise<PostgresTools> {
  const [pgDump, pgRestore, pgDumpall] = await Promise.all(
    ['pg_dump', 'pg_restore', 'pg_dumpall'].map((name) => newestProgram('sid', postgresPackage, name)),
  );
  return { pgDump: pgDump as string, pgRestore: pgRestore as string, pgDumpall: pgDumpall as string };
}

const programs = new Map<string, Promise<string>>();
let folder: string | undefined;

/**
 * A program of the suite's root for this machine: a script that starts it with the root's loader and libraries. The scripts
 * of one suite stand in one folder, which is of this run and removed at its exit.
 */
export function newestProgram(suite: Suite, pack: ServerPackage, name: string): Promise<string> {
  const key = `${suite} ${name}`;
  const made = programs.get(key) ?? makeProgram(suite, pack, name);
  programs.set(key, made);
  return made;
}

async function makeProgram(suite: Suite, pack: ServerPackage, name: string): Promise<string> {
  const root = await openRoot(suite);
  folder ??= newFolder('newest-tools');
  const own = path.join(folder, suite);
  await mkdir(own, { recursive: true });
  const program = path.join(root.folder, findProgramIn(root.folder, pack, name));
  const script = path.join(own, name);
  await writeStarter(root, program, script);
  return script;
}

/** A script that starts a program of a root with the root's loader and libraries, and these arguments after those it is given. */
export async function writeStarter(
  root: ServerRoot,
  program: string,
  script: string,
  more: readonly string[] = [],
): Promise<void> {
  const libraries = under(root, 'usr/lib', /-linux-gnu/).join(':');
  // pg_dumpall looks for pg_dump beside the name it was called by: that must be this folder.
  const start = `exec '${loaderOf(root)}' --argv0 "$0" --library-path '${libraries}' '${program}' "$@"`;
  await writeScript(script, [start, ...more.map((argument) => `'${argument}'`)].join(' '));
}

export async function writeScript(script: string, line: string): Promise<void> {
  await writeFile(script, `#!/bin/sh\n${line}\n`);
  await chmod(script, 0o755);
}

function loaderOf(root: ServerRoot): string {
  const [loader] = ['lib64', 'lib'].flatMap((folder) => under(root, folder, /^ld-linux-.*\.so\.\d+$/));
  if (loader === undefined) throw new Error(`${root.folder} has no loader of programs`);
  return loader;
}

/** Names in a folder of the root that match, as paths on this machine. */
function under(root: ServerRoot, folder: string, pattern: RegExp): string[] {
  const names = readdirSync(path.join(root.folder, folder), { encoding: 'utf8' });
  return names.filter((name) => pattern.test(name)).map((name) => path.join(root.folder, folder, name));
}

/**
 * Node keeps what it makes of the sources for the next command, in the account's own cache folder: a start takes half the
 * processor time (0.6 s became 0.35 s).
 */
import { accessSync, constants, mkdirSync } from 'node:fs';
import { enableCompileCache } from 'node:module';
import path from 'node:path';

/** Before anything else is imported. Where the account has no such folder, or may not write there, nothing is kept. */
export function keepCompiled(environment: NodeJS.ProcessEnv = process.env): void {
  const { HOME: home, XDG_CACHE_HOME: named } = environment;
  const caches = named ?? (home === undefined ? undefined : path.join(home, '.cache'));
  if (caches === undefined || !path.isAbsolute(caches)) return;
  const folder = path.join(caches, 'tidemark');
  try {
    // One level at a time: a home that does not exist is not made. Node itself hangs over a folder it cannot make (/proc).
    for (const each of [caches, folder]) makeFolder(each);
    accessSync(folder, constants.W_OK);
  } catch {
    return;
  }
  enableCompileCache(folder);
}

function makeFolder(folder: string): void {
  try {
    mkdirSync(folder, { mode: 0o700 });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
  }
}

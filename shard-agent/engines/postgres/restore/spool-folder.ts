/**
 * Folders in which archives wait for pg_restore, which seeks in them. An archive may hold passwords of foreign servers and
 * subscriptions: only this account may read it, and the folder an agent left when it was killed goes when the next starts.
 */
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';

const own = new Set<string>();

/** A new folder, named by this process. The caller removes it. */
export async function newSpoolFolder(parent: string = tmpdir()): Promise<string> {
  const folder = await mkdtemp(path.join(parent, `tidemark-schema-${process.pid}-`));
  own.add(folder);
  return folder;
}

/** Idempotent. Rejects when the folder cannot be removed. */
export async function removeSpoolFolder(folder: string): Promise<void> {
  await rm(folder, { recursive: true, force: true });
  own.delete(folder);
}

/** Removes the folders of agents that no longer run. Those of other accounts are theirs, and stay. */
export async function sweepSpoolFolders(parent: string = tmpdir()): Promise<void> {
  for (const name of await readdir(parent)) {
    const pid = /^tidemark-schema-(\d+)-/.exec(name)?.[1];
    const folder = path.join(parent, name);
    // In a container every agent has the same number: what bears ours and is not ours was left by the one before.
    if (pid === undefined || own.has(folder)) continue;
    if (Number(pid) !== process.pid && runs(Number(pid))) continue;
    await rm(folder, { recursive: true, force: true }).catch((error: NodeJS.ErrnoException) => {
      if (error.code !== 'EACCES' && error.code !== 'EPERM') throw error;
    });
  }
}

function runs(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}

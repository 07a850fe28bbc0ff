/**
 * Temporary folders that bear the number of the process that made them. They may hold rows or passwords: only this account
 * may enter, and what an agent left when it was killed goes when the next starts.
 */
import { chmod, mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';

export class ProcessFolders {
  readonly #kind: string;
  readonly #pattern: RegExp;
  readonly #before: (folder: string) => Promise<void>;
  readonly #own = new Set<string>();

  /** `kind`: what they are for, in small letters. `before`: what a folder's removal waits for. */
  constructor(kind: string, before: (folder: string) => Promise<void> = () => Promise.resolve()) {
    this.#kind = kind;
    this.#pattern = new RegExp(`^tidemark-${kind}-(\\d+)-`);
    this.#before = before;
  }

  /** A new folder, of mode 0700. The caller removes it. */
  async make(parent: string = tmpdir()): Promise<string> {
    const folder = await mkdtemp(path.join(parent, `tidemark-${this.#kind}-${process.pid}-`));
    this.#own.add(folder);
    // A umask may have taken rights from ourselves.
    await chmod(folder, 0o700);
    return folder;
  }

  /** Idempotent. Rejects when the folder cannot be removed. */
  async remove(folder: string): Promise<void> {
    await this.#before(folder);
    await rm(folder, { recursive: true, force: true, maxRetries: 5 });
    this.#own.delete(folder);
  }

  /** Removes the folders of agents that no longer run. Those of other accounts are theirs, and stay. */
  async sweep(parent: string = tmpdir()): Promise<void> {
    for (const name of await readdir(parent)) {
      const pid = this.#pattern.exec(name)?.[1];
      const folder = path.join(parent, name);
      // In a container every agent has the same number: what bears ours and is not ours was left by the one before.
      if (pid === undefined || this.#own.has(folder)) continue;
      if (Number(pid) !== process.pid && runs(Number(pid))) continue;
      await this.remove(folder).catch((error: NodeJS.ErrnoException) => {
        if (error.code !== 'EACCES' && error.code !== 'EPERM') throw error;
      });
    }
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

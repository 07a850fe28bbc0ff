/**
 * What processes that died have left in a `.tmp` folder, and how it is told from files in use.
 *
 * A temporary file's name says which process writes it: process id, start, boot and process namespace, host. Of a process of this boot and
 * namespace it is certain whether it lives. Of any other nobody can tell, since two hosts may share a name and a folder; its files count as left behind
 * when nothing has changed them for a long time. A process that lives touches its files far more often than that, also while it waits for
 * more to write. Ages are differences between times that the file system itself has set (`ctime`): no two hosts' clocks are compared.
 */
import { createHash, randomUUID } from 'node:crypto';
import type { Stats } from 'node:fs';
import { join } from 'node:path';
import { type Holder, lifeOf } from '../holder.ts';
import type { FilesystemCalls } from './filesystem-calls.ts';
import { storeError } from './filesystem-errors.ts';

/** How often a process touches what it writes. */
export const touchMs = 5 * 60_000;
/** After so long without a touch the writer is gone: a process of this host before it was started again, or in another container. */
const sameHostPatienceMs = 60 * 60_000;
const otherHostPatienceMs = 24 * 60 * 60_000;
/** A process that runs for long looks again after so long. */
const sweepEveryMs = 60 * 60_000;

const uuid = '[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}';
/** Files of earlier versions do not name their host. */
const pattern = new RegExp(`^(\\d+)-(\\d*|zombie)-([0-9a-f]{16})(?:-([0-9a-f]{16}))?-${uuid}$`);

/** A name that no other file has. */
export function temporaryName(writer: Holder): string {
  return `${writer.pid}-${writer.started}-${whereOf(writer)}-${digest(writer.host)}-${randomUUID()}`;
}

export class Leftovers {
  readonly #calls: FilesystemCalls;
  readonly #self: Holder;
  /** When each folder was looked through, on a clock of this process. */
  readonly #sweptMs = new Map<string, number>();

  constructor(calls: FilesystemCalls, self: Holder) {
    this.#calls = calls;
    this.#self = self;
  }

  /**
   * Removes from `folder` what is certainly not in use, unless that was done not long ago. `fresh` is of a file that was made in it just now:
   * its time is the file system's own. That a file cannot be removed stops nobody. Throws `repository-failed` when the folder cannot be read.
   */
  async sweep(folder: string, fresh: Stats): Promise<void> {
    const nowMs = performance.now();
    const sweptMs = this.#sweptMs.get(folder);
    if (sweptMs !== undefined && nowMs - sweptMs < sweepEveryMs) return;
    this.#sweptMs.set(folder, nowMs);
    const names = await this.#calls.readdir(folder).catch((error: unknown) => {
      throw storeError(error, 'list temporary files', folder);
    });
    for (const name of names) {
      const path = join(folder, name);
      // Removing them is a courtesy: a file that cannot be removed must not stop a backup.
      if (await this.#isLeft(name, path, fresh.ctimeMs)) await this.#calls.unlink(path).catch(() => {});
    }
  }

  async #isLeft(name: string, path: string, freshMs: number): Promise<boolean> {
    const [, pid, started = '', where, host] = pattern.exec(name) ?? [];
    // Not made by any version of ours.
    if (pid === undefined) return false;
    if (where === whereOf(this.#self)) {
      const life = lifeOf({ ...this.#self, pid: Number(pid), started });
      if (life !== 'unknown') return life === 'dead';
    }
    const patienceMs = host === digest(this.#self.host) ? sameHostPatienceMs : otherHostPatienceMs;
    // Its writer, or another that sweeps, may have removed it meanwhile; one that cannot be looked at is left where it is.
    const found = await this.#calls.lstat(path).catch(() => undefined);
    return found?.isFile() === true && freshMs - found.ctimeMs > patienceMs;
  }
}

/** Host, boot and process namespace: within these a process id and its start name a process. */
function whereOf(writer: Holder): string {
  return digest(`${writer.host} ${writer.world}`);
}

function digest(text: string): string {
  return createHash('sha256').update(text).digest('hex').slice(0, 16);
}

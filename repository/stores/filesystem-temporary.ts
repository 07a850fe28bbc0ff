/**
 * Temporary files of a filesystem repository: one folder `.tmp` in each cluster's folder, so that they lie on the file system of what they
 * become. No key can name them and no list shows them.
 *
 * A file's name says which process writes it, so that what a dead process of this host has left is removed by the next one.
 */
import { createHash, randomUUID } from 'node:crypto';
import type { FileHandle } from 'node:fs/promises';
import { join } from 'node:path';
import { type Holder, lifeOf, thisHolder } from '../holder.ts';
import type { FilesystemCalls } from './filesystem-calls.ts';
import { storeError } from './filesystem-errors.ts';
import type { Folders } from './filesystem-folders.ts';

/** Group access, cut by the umask; nobody else reads a backup. */
const fileMode = 0o660;
const folderName = '.tmp';

export interface Written {
  readonly path: string;
  readonly size: number;
  /** Lower-case hex. */
  readonly sha256: string;
}

export class TemporaryFiles {
  readonly #folders: Folders;
  readonly #calls: FilesystemCalls;
  readonly #swept = new Set<string>();
  readonly #self = thisHolder();

  constructor(folders: Folders, calls: FilesystemCalls) {
    this.#folders = folders;
    this.#calls = calls;
  }

  /**
   * Writes and syncs a body that is to become an object below `folders`. When it throws, no file is left; the body's own error is passed
   * on, the system's are told of `subject`.
   */
  async write(
    folders: readonly string[],
    body: AsyncIterable<Uint8Array> | Uint8Array,
    subject: string,
  ): Promise<Written> {
    const path = join(await this.#folder(folders), nameOf(this.#self));
    const failed = (error: unknown): never => {
      throw storeError(error, 'store an object', subject);
    };
    const handle = await this.#calls.open(path, 'wx', fileMode).catch(failed);
    let closed = false;
    try {
      const hash = createHash('sha256');
      let size = 0;
      for await (const piece of body instanceof Uint8Array ? [body] : body) {
        hash.update(piece);
        await writeWhole(handle, piece).catch(failed);
        size += piece.length;
      }
      await handle.sync().catch(failed);
      closed = true;
      await handle.close().catch(failed);
      return { path, size, sha256: hash.digest('hex') };
    } catch (error) {
      if (!closed) await handle.close().catch(() => {});
      await this.discard(path);
      throw error;
    }
  }

  /**
   * After a failure, whose error says more than this one could, and after a success, which this one does not change. A file that stays
   * behind is harmless: no key names it, and a later sweep removes it. Never throws.
   */
  async discard(path: string): Promise<void> {
    await this.#calls.unlink(path).catch(() => {});
  }

  async #folder(folders: readonly string[]): Promise<string> {
    const path = await this.#folders.ensure([...folders.slice(0, 1), folderName]);
    if (!this.#swept.has(path)) {
      this.#swept.add(path);
      await this.#sweep(path);
    }
    return path;
  }

  async #sweep(path: string): Promise<void> {
    const names = await this.#calls.readdir(path).catch((error: unknown) => {
      throw storeError(error, 'list temporary files', path);
    });
    for (const name of names) {
      const pid = Number(name.split('-')[0]);
      const started = name.split('-')[1] ?? '';
      const writer = { ...this.#self, pid, started };
      // Removing them is a courtesy: a file that cannot be removed must not stop a backup.
      if (name.startsWith(ownerOf(writer)) && lifeOf(writer) === 'dead') await this.discard(join(path, name));
    }
  }
}

/** `<pid>-<start>-<host, boot and process namespace>-`: within one of the latter a pid and its start name a process. */
function ownerOf(holder: Holder): string {
  const where = createHash('sha256').update(`${holder.host} ${holder.world}`).digest('hex').slice(0, 16);
  return `${holder.pid}-${holder.started}-${where}-`;
}

function nameOf(holder: Holder): string {
  return ownerOf(holder) + randomUUID();
}

async function writeWhole(handle: FileHandle, bytes: Uint8Array): Promise<void> {
  for (let at = 0; at < bytes.length; ) {
    const { bytesWritten } = await handle.write(bytes, at, bytes.length - at);
    at += bytesWritten;
  }
}

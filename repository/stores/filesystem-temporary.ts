/**
 * Temporary files of a filesystem repository: one folder `.tmp` in each cluster's folder, so that they lie on the file system of what they
 * become. No key can name them and no list shows them.
 *
 * A file's name says which process writes it, so that what a dead process has left is removed by the next one (filesystem-leftovers.ts).
 */
import { createHash } from 'node:crypto';
import type { FileHandle } from 'node:fs/promises';
import { join } from 'node:path';
import { type Holder, thisHolder } from '../holder.ts';
import type { FilesystemCalls } from './filesystem-calls.ts';
import { storeError } from './filesystem-errors.ts';
import type { Folders } from './filesystem-folders.ts';
import { Leftovers, temporaryName, touchMs } from './filesystem-leftovers.ts';

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
  readonly #self: Holder;
  readonly #leftovers: Leftovers;

  /** `self` is the process that writes. */
  constructor(folders: Folders, calls: FilesystemCalls, self = thisHolder()) {
    this.#folders = folders;
    this.#calls = calls;
    this.#self = self;
    this.#leftovers = new Leftovers(calls, self);
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
    const folder = await this.#folders.ensure([...folders.slice(0, 1), folderName]);
    const path = join(folder, temporaryName(this.#self));
    const failed = (error: unknown): never => {
      throw storeError(error, 'store an object', subject);
    };
    const handle = await this.#calls.open(path, 'wx', fileMode).catch(failed);
    let closed = false;
    // So that nobody takes it for left behind while the body keeps us waiting. One touch that fails is made up for by the next.
    const touch = setInterval(() => void handle.utimes(new Date(), new Date()).catch(() => {}), touchMs);
    touch.unref();
    try {
      await this.#leftovers.sweep(folder, await handle.stat().catch(failed));
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
    } finally {
      clearInterval(touch);
    }
  }

  /**
   * After a failure, whose error says more than this one could, and after a success, which this one does not change. A file that stays
   * behind is harmless: no key names it, and a later sweep removes it. Never throws.
   */
  async discard(path: string): Promise<void> {
    await this.#calls.unlink(path).catch(() => {});
  }
}

async function writeWhole(handle: FileHandle, bytes: Uint8Array): Promise<void> {
  for (let at = 0; at < bytes.length; ) {
    const { bytesWritten } = await handle.write(bytes, at, bytes.length - at);
    at += bytesWritten;
  }
}

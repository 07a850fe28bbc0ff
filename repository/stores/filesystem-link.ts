/**
 * How a written file gets its name: by `link()`, which succeeds for one writer only, then an fsync of the folder.
 *
 * From the `link()` on the object is there for everybody, so a step that fails after it must not read as "nothing was stored". It is tried
 * again, and what is found under the name is compared: our own bytes are success. An error of an fsync of a folder lasts (the journal
 * stays aborted), so a later fsync that succeeds does confirm the name.
 */
import { createHash } from 'node:crypto';
import { constants } from 'node:fs';
import type { FileHandle } from 'node:fs/promises';
import { join } from 'node:path';
import { TidemarkError } from '../../proto/errors.ts';
import type { FilesystemCalls } from './filesystem-calls.ts';
import { storeError, systemCode } from './filesystem-errors.ts';
import type { Folders } from './filesystem-folders.ts';
import type { Written } from './filesystem-temporary.ts';

const attempts = 3;
/** A clean-up of empty folders may take the folder away again and again. */
const attemptsWithoutFolder = 5;
const pieceBytes = 1024 * 1024;

/** Where an object belongs, and what messages call it. */
export interface ObjectPlace {
  readonly folders: readonly string[];
  readonly name: string;
  readonly subject: string;
}

export class FileLinks {
  readonly #folders: Folders;
  readonly #calls: FilesystemCalls;

  constructor(folders: Folders, calls: FilesystemCalls) {
    this.#folders = folders;
    this.#calls = calls;
  }

  /**
   * Resolves when the bytes are durable under the name: true when the name was free and is now ours, false when identical bytes were there.
   * Throws `object-conflict` when others are there. Any other error that is thrown after the name was given says so.
   */
  async link(place: ObjectPlace, written: Written): Promise<boolean> {
    let ours = false;
    let named = false;
    for (let attempt = 1; ; attempt++) {
      try {
        const folder = await this.#folders.ensure(place.folders);
        ours = (await this.#claim(join(folder, place.name), written, place.subject)) || ours;
        named = true;
        await this.#folders.sync(folder);
        return ours;
      } catch (error) {
        const limit = systemCode(error) === 'ENOENT' ? attemptsWithoutFolder : attempts;
        if (error instanceof TidemarkError || attempt >= limit) {
          throw named ? unconfirmed(error, place.subject) : error;
        }
        this.#folders.forget();
      }
    }
  }

  /** True when the name was free, or holds our own file: then the answer to an earlier `link` was lost. */
  async #claim(path: string, written: Written, subject: string): Promise<boolean> {
    const { link, lstat } = this.#calls;
    try {
      await link(written.path, path);
      return true;
    } catch (error) {
      if (systemCode(error) !== 'EEXIST') throw error;
    }
    if (!(await this.#holds(path, written))) {
      throw new TidemarkError({
        code: 'object-conflict',
        operation: 'store an object',
        subject,
        cause: 'other bytes are stored there already',
      });
    }
    const [theirs, ours] = await Promise.all([lstat(path), lstat(written.path)]);
    return theirs.ino === ours.ino && theirs.dev === ours.dev;
  }

  /** Whether the file under a taken name has the bytes that were written; they are durable then. */
  async #holds(path: string, written: Written): Promise<boolean> {
    const flags = constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK;
    const handle = await this.#calls.open(path, flags);
    try {
      const found = await handle.stat();
      if (!found.isFile() || found.size !== written.size) return false;
      await handle.sync();
      return (await digestOf(handle)) === written.sha256;
    } finally {
      await handle.close();
    }
  }
}

async function digestOf(handle: FileHandle): Promise<string> {
  const hash = createHash('sha256');
  const piece = Buffer.allocUnsafe(pieceBytes);
  for (let at = 0; ; ) {
    const { bytesRead } = await handle.read(piece, 0, piece.length, at);
    if (bytesRead === 0) return hash.digest('hex');
    hash.update(piece.subarray(0, bytesRead));
    at += bytesRead;
  }
}

function unconfirmed(error: unknown, subject: string): TidemarkError {
  const known = storeError(error, 'store an object', subject);
  if (known.code === 'object-conflict') return known;
  const cause = `it is complete under its key, but whether it survives a loss of power is not confirmed: ${known.reason}`;
  return new TidemarkError({ ...known.toJSON(), cause }, { cause: error });
}

/**
 * A repository in a local or network folder.
 *
 * An object is written to a temporary file in the cluster's `.tmp` folder, synced, and given its name by `link()`, which
 * succeeds for one writer only; then the folder is synced. A writer that dies leaves at most a temporary file:
 * no key can name it, no list shows it.
 */
import { createHash } from 'node:crypto';
import { constants, statSync } from 'node:fs';
import type { FileHandle } from 'node:fs/promises';
import { link, lstat, open, readdir, readlink, rename, unlink } from 'node:fs/promises';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { TidemarkError } from '../../proto/errors.ts';
import { assertKey, assertPrefix, isKeyComponent } from '../key.ts';
import type { ObjectStore, StoredObject } from '../object-store.ts';
import { isMissing, notAFolder, rootMissing, storeError, systemCode } from './filesystem-errors.ts';
import { Folders, syncFolder, throughLink } from './filesystem-folders.ts';
import { TemporaryFiles, type Written } from './filesystem-temporary.ts';

const pieceBytes = 1024 * 1024;
interface Place {
  readonly folders: readonly string[];
  readonly name: string;
}

export class FilesystemStore implements ObjectStore {
  readonly url: string;
  readonly #folders: Folders;
  readonly #temporary: TemporaryFiles;

  private constructor(root: string) {
    this.url = pathToFileURL(root).href.replace(/(?<=[^/])\/+$/, '');
    this.#folders = new Folders(root);
    this.#temporary = new TemporaryFiles(this.#folders);
  }

  /** Throws `repository-failed` unless `root`, an absolute path, is an existing folder. */
  static open(root: string): FilesystemStore {
    const found = statRoot(root);
    if (found === undefined) throw rootMissing(root);
    if (!found.isDirectory()) throw notAFolder(root);
    return new FilesystemStore(root);
  }

  async create(key: string, body: AsyncIterable<Uint8Array> | Uint8Array): Promise<StoredObject> {
    const place = this.#place(key);
    const written = await this.#temporary.write(place.folders, body, this.#subject(key));
    try {
      const created = await this.#linkUnlessTaken(key, place, written);
      await unlink(written.path);
      return { size: written.size, sha256: written.sha256, created };
    } catch (error) {
      await this.#temporary.discard(written.path);
      throw storeError(error, 'store an object', this.#subject(key));
    }
  }

  async replace(key: string, body: Uint8Array): Promise<void> {
    const place = this.#place(key);
    const written = await this.#temporary.write(place.folders, body, this.#subject(key));
    try {
      const folder = await this.#folders.ensure(place.folders);
      await rename(written.path, join(folder, place.name));
      await syncFolder(folder);
    } catch (error) {
      await this.#temporary.discard(written.path);
      throw storeError(error, 'replace an object', this.#subject(key));
    }
  }

  async *read(key: string, range?: { offset: number; length: number }): AsyncGenerator<Buffer> {
    const opened = await this.#open(key);
    if (opened === undefined) throw this.#badBytes(key, 'it is missing');
    const { handle, size } = opened;
    try {
      let at = range?.offset ?? 0;
      const end = at + (range?.length ?? size);
      if (end > size) throw this.#badBytes(key, `it has ${size} bytes, ${end} are expected`);
      while (at < end) {
        const piece = Buffer.allocUnsafe(Math.min(pieceBytes, end - at));
        const { bytesRead } = await handle.read(piece, 0, piece.length, at);
        if (bytesRead === 0) throw this.#badBytes(key, `it ended after ${at} bytes, ${end} are expected`);
        at += bytesRead;
        yield piece.subarray(0, bytesRead);
      }
    } catch (error) {
      throw storeError(error, 'read an object', this.#subject(key));
    } finally {
      await handle.close();
    }
  }

  async readSmall(key: string, limitBytes = 16 * 1024 * 1024): Promise<Buffer | undefined> {
    const size = await this.size(key);
    if (size === undefined) return undefined;
    if (size > limitBytes) {
      throw this.#badBytes(key, `it has ${size} bytes, at most ${limitBytes} are expected`);
    }
    const opened = await this.#open(key);
    if (opened === undefined) return undefined;
    try {
      // `replace` may have put another file in its place since; this handle's own size counts.
      const bytes = Buffer.alloc(Math.min(opened.size, limitBytes));
      let at = 0;
      while (at < bytes.length) {
        const { bytesRead } = await opened.handle.read(bytes, at, bytes.length - at, at);
        if (bytesRead === 0) throw this.#badBytes(key, `it ended after ${at} bytes`);
        at += bytesRead;
      }
      return bytes;
    } catch (error) {
      throw storeError(error, 'read an object', this.#subject(key));
    } finally {
      await opened.handle.close();
    }
  }

  async size(key: string): Promise<number | undefined> {
    const { folders, name } = this.#place(key);
    const folder = await this.#folders.find(folders);
    if (folder === undefined) return undefined;
    try {
      const found = await lstat(join(folder, name));
      if (found.isSymbolicLink()) throw throughLink(join(folder, name), await readlink(join(folder, name)));
      return found.isFile() ? found.size : undefined;
    } catch (error) {
      if (isMissing(error)) return undefined;
      throw storeError(error, 'look for an object', this.#subject(key));
    }
  }

  async *list(prefix: string): AsyncGenerator<{ key: string; size: number }> {
    assertPrefix(prefix, this.url);
    for (const entry of await this.#entries(prefix)) {
      const key = prefix + entry.name;
      if (entry.folder) yield* this.list(`${key}/`);
      else {
        const size = await this.size(key);
        if (size !== undefined) yield { key, size };
      }
    }
  }

  async listNames(prefix: string): Promise<string[]> {
    assertPrefix(prefix, this.url);
    const names: string[] = [];
    for (const entry of await this.#entries(prefix)) {
      if (!entry.folder || (await this.#holdsObjects(`${prefix}${entry.name}/`))) names.push(entry.name);
    }
    return names.sort();
  }

  async delete(key: string): Promise<void> {
    const { folders, name } = this.#place(key);
    const folder = await this.#folders.find(folders);
    if (folder === undefined) return;
    try {
      await unlink(join(folder, name));
      await syncFolder(folder);
    } catch (error) {
      if (!isMissing(error)) throw storeError(error, 'remove an object', this.#subject(key));
    }
    await this.#folders.removeEmpty(folders);
  }

  #place(key: string): Place {
    assertKey(key, this.url);
    const folders = key.split('/');
    const name = folders.pop() ?? '';
    return { folders, name };
  }

  /** True when the key was free and is now ours; false when identical bytes stand there, durable by now. */
  async #linkUnlessTaken(key: string, place: Place, written: Written): Promise<boolean> {
    for (let attempt = 1; ; attempt++) {
      const folder = await this.#folders.ensure(place.folders);
      const path = join(folder, place.name);
      try {
        await link(written.path, path);
        await syncFolder(folder);
        return true;
      } catch (error) {
        const code = systemCode(error);
        // A clean-up of empty folders may take the folder away between the two calls.
        if (code === 'ENOENT' && attempt < 5) this.#folders.forget();
        else if (code === 'EEXIST') {
          const ours = await this.#readBack(key, path, written);
          await syncFolder(folder);
          return ours;
        } else throw error;
      }
    }
  }

  /** Compares what stands under a taken key. True when it is our own file: the answer to the first `link` was lost. */
  async #readBack(key: string, path: string, written: Written): Promise<boolean> {
    const opened = await this.#open(key);
    const hash = createHash('sha256');
    if (opened !== undefined) {
      await opened.handle.sync().finally(() => opened.handle.close());
      if (opened.size === written.size) for await (const piece of this.read(key)) hash.update(piece);
    }
    if (opened?.size !== written.size || hash.digest('hex') !== written.sha256) {
      throw new TidemarkError({
        code: 'object-conflict',
        operation: 'store an object',
        subject: this.#subject(key),
        cause: 'other bytes stand there already',
      });
    }
    const [theirs, ours] = await Promise.all([lstat(path), lstat(written.path)]);
    return theirs.ino === ours.ino && theirs.dev === ours.dev;
  }

  /** A handle on the object's file, and its size; undefined when there is none. The caller closes it. */
  async #open(key: string): Promise<{ handle: FileHandle; size: number } | undefined> {
    const { folders, name } = this.#place(key);
    const folder = await this.#folders.find(folders);
    if (folder === undefined) return undefined;
    let handle: FileHandle;
    try {
      handle = await open(
        join(folder, name),
        constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK,
      );
    } catch (error) {
      if (isMissing(error)) return undefined;
      throw storeError(error, 'read an object', this.#subject(key));
    }
    const found = await handle.stat();
    if (found.isFile()) return { handle, size: found.size };
    await handle.close();
    return undefined;
  }

  /** What lies directly below a prefix, in the byte order of the keys; symbolic links and foreign names are not ours. */
  async #entries(prefix: string): Promise<{ name: string; folder: boolean }[]> {
    const path = await this.#folders.find(prefix === '' ? [] : prefix.slice(0, -1).split('/'));
    if (path === undefined) return [];
    try {
      const found = await readdir(path, { withFileTypes: true });
      return found
        .filter((entry) => isKeyComponent(entry.name) && (entry.isFile() || entry.isDirectory()))
        .map((entry) => ({ name: entry.name, folder: entry.isDirectory() }))
        .sort((a, b) => (sortName(a) < sortName(b) ? -1 : 1));
    } catch (error) {
      if (isMissing(error)) return [];
      throw storeError(error, 'list objects', `${this.url}/${prefix}`);
    }
  }

  async #holdsObjects(prefix: string): Promise<boolean> {
    for await (const _ of this.list(prefix)) return true;
    return false;
  }

  #subject(key: string): string {
    return `${this.url}/${key}`;
  }

  #badBytes(key: string, cause: string): TidemarkError {
    return new TidemarkError({
      code: 'bad-bytes',
      operation: 'read an object',
      subject: this.#subject(key),
      cause,
    });
  }
}

/** The keys below a folder all have a slash after its name, which sorts behind `-` and `.` */
function sortName(entry: { name: string; folder: boolean }): string {
  return entry.folder ? `${entry.name}/` : entry.name;
}

function statRoot(root: string): ReturnType<typeof statSync> | undefined {
  try {
    return statSync(root);
  } catch (error) {
    if (isMissing(error)) return undefined;
    throw storeError(error, 'open the repository', root);
  }
}

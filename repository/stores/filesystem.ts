/**
 * A repository in a local or network folder.
 *
 * An object is written to a temporary file in the cluster's `.tmp` folder, synced, and given its name by `link()`, which
 * succeeds for one writer only; then the folder is synced. A writer that dies leaves at most a temporary file:
 * no key can name it, no list shows it.
 */
import { constants, statSync } from 'node:fs';
import type { FileHandle } from 'node:fs/promises';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { TidemarkError } from '../../proto/errors.ts';
import { assertKey, assertPrefix, isKeyComponent } from '../key.ts';
import type { ObjectStore, StoredObject } from '../object-store.ts';
import { type FilesystemCalls, systemCalls } from './filesystem-calls.ts';
import { isMissing, notAFolder, rootMissing, storeError } from './filesystem-errors.ts';
import { Folders, throughLink } from './filesystem-folders.ts';
import { FileLinks } from './filesystem-link.ts';
import { TemporaryFiles } from './filesystem-temporary.ts';

const pieceBytes = 1024 * 1024;
interface Place {
  readonly folders: readonly string[];
  readonly name: string;
}

export class FilesystemStore implements ObjectStore {
  readonly url: string;
  readonly #calls: FilesystemCalls;
  readonly #folders: Folders;
  readonly #temporary: TemporaryFiles;
  readonly #links: FileLinks;

  private constructor(root: string, calls: FilesystemCalls) {
    this.url = pathToFileURL(root).href.replace(/(?<=[^/])\/+$/, '');
    this.#calls = calls;
    this.#folders = new Folders(root, calls);
    this.#temporary = new TemporaryFiles(this.#folders, calls);
    this.#links = new FileLinks(this.#folders, calls);
  }

  /** Throws `repository-failed` unless `root`, an absolute path, is an existing folder. */
  static open(root: string, calls: FilesystemCalls = systemCalls): FilesystemStore {
    const found = statRoot(root);
    if (found === undefined) throw rootMissing(root);
    if (!found.isDirectory()) throw notAFolder(root);
    return new FilesystemStore(root, calls);
  }

  async create(key: string, body: AsyncIterable<Uint8Array> | Uint8Array): Promise<StoredObject> {
    const place = this.#place(key);
    const written = await this.#temporary.write(place.folders, body, this.#subject(key));
    try {
      const created = await this.#links.link({ ...place, subject: this.#subject(key) }, written);
      return { size: written.size, sha256: written.sha256, created };
    } catch (error) {
      throw storeError(error, 'store an object', this.#subject(key));
    } finally {
      await this.#temporary.discard(written.path);
    }
  }

  async replace(key: string, body: Uint8Array): Promise<void> {
    const place = this.#place(key);
    const written = await this.#temporary.write(place.folders, body, this.#subject(key));
    try {
      const folder = await this.#folders.ensure(place.folders);
      await this.#calls.rename(written.path, join(folder, place.name));
      await this.#folders.sync(folder);
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
      const found = await this.#calls.lstat(join(folder, name));
      if (found.isSymbolicLink())
        throw throughLink(join(folder, name), await this.#calls.readlink(join(folder, name)));
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
        const size = await this.#listedSize(entry.path, key);
        if (size !== undefined) yield { key, size };
      }
    }
  }

  /** Saves more than half of a listing's CPU time: the folders on the way are not looked at again for each object. What has changed meanwhile is. */
  async #listedSize(path: string, key: string): Promise<number | undefined> {
    const found = await this.#calls.lstat(path).catch(() => undefined);
    return found?.isFile() === true ? found.size : this.size(key);
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
      await this.#calls.unlink(join(folder, name)).catch(unlessMissing);
      // Also when it was gone already: an earlier call may have failed between the two.
      await this.#folders.sync(folder).catch(unlessMissing);
    } catch (error) {
      throw storeError(error, 'remove an object', this.#subject(key));
    }
    await this.#folders.removeEmpty(folders);
  }

  #place(key: string): Place {
    assertKey(key, this.url);
    const folders = key.split('/');
    const name = folders.pop() ?? '';
    return { folders, name };
  }

  /** A handle on the object's file, and its size; undefined when there is none. The caller closes it. */
  async #open(key: string): Promise<{ handle: FileHandle; size: number } | undefined> {
    const { folders, name } = this.#place(key);
    const folder = await this.#folders.find(folders);
    if (folder === undefined) return undefined;
    let handle: FileHandle;
    try {
      handle = await this.#calls.open(
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
  async #entries(prefix: string): Promise<{ name: string; path: string; folder: boolean }[]> {
    const path = await this.#folders.find(prefix === '' ? [] : prefix.slice(0, -1).split('/'));
    if (path === undefined) return [];
    try {
      const found = await this.#calls.readdir(path, { withFileTypes: true });
      return found
        .filter((entry) => isKeyComponent(entry.name) && (entry.isFile() || entry.isDirectory()))
        .map((entry) => ({ name: entry.name, path: join(path, entry.name), folder: entry.isDirectory() }))
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

function unlessMissing(error: unknown): void {
  if (!isMissing(error)) throw error;
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

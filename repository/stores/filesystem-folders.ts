/**
 * The folders of a filesystem repository: made durable before anything is put in, and never left through a symbolic link.
 */
import { join } from 'node:path';
import { TidemarkError } from '../../proto/errors.ts';
import type { FilesystemCalls } from './filesystem-calls.ts';
import { isMissing, notAFolder, rootMissing, storeError, systemCode } from './filesystem-errors.ts';

/** Group access, so that users of one group can share a repository; nobody else reads a backup. Cut by the umask. */
const folderMode = 0o770;
/** Bounds the memory for the folders known to be durable; when it is reached, they are synced again. */
const knownLimit = 20_000;
const attempts = 5;

export class Folders {
  readonly #root: string;
  readonly #calls: FilesystemCalls;
  /** Folders whose entry in their parent this process has synced, relative to the root. */
  readonly #durable = new Set<string>();

  constructor(root: string, calls: FilesystemCalls) {
    this.#root = root;
    this.#calls = calls;
  }

  /** The real path of the root. Throws `repository-failed` when it is not there (any more). */
  async root(): Promise<string> {
    try {
      return await this.#calls.realpath(this.#root);
    } catch (error) {
      if (isMissing(error)) throw rootMissing(this.#root);
      throw storeError(error, 'open the repository', this.#root);
    }
  }

  /**
   * The path of an existing folder, given by its components below the root, or undefined. Throws `repository-failed`
   * when a symbolic link lies on the way.
   */
  async find(components: readonly string[]): Promise<string | undefined> {
    const root = await this.root();
    const wanted = join(root, ...components);
    try {
      const found = await this.#calls.realpath(wanted);
      if (found !== wanted) throw throughLink(wanted, found);
      return wanted;
    } catch (error) {
      // A key below an object is missing; but nothing is known to be missing from a root that is not a folder any more.
      if (systemCode(error) === 'ENOTDIR' && !(await this.#calls.lstat(root)).isDirectory())
        throw notAFolder(this.#root);
      if (isMissing(error)) return undefined;
      throw storeError(error, 'look into a folder', wanted);
    }
  }

  /**
   * The path of a folder that is made if need be. When it resolves, the folder and all above it survive power loss:
   * also those that another process has made and perhaps not yet synced.
   */
  async ensure(components: readonly string[]): Promise<string> {
    for (let attempt = 1; ; attempt++) {
      const root = await this.root();
      const wanted = join(root, ...components);
      try {
        await this.#make(root, components);
        const found = await this.#calls.realpath(wanted);
        if (found !== wanted) throw throughLink(wanted, found);
        return wanted;
      } catch (error) {
        this.forget();
        // A clean-up of empty folders may have taken one away since it was known.
        if (systemCode(error) !== 'ENOENT' || attempt === attempts)
          throw storeError(error, 'make a folder', wanted);
      }
    }
  }

  async #make(root: string, components: readonly string[]): Promise<void> {
    let path = root;
    let relative = '';
    for (const component of components) {
      const parent = path;
      path = join(path, component);
      relative += `/${component}`;
      if (this.#durable.has(relative)) continue;
      await this.#makeFolder(path);
      await this.sync(parent);
      if (this.#durable.size >= knownLimit) this.#durable.clear();
      this.#durable.add(relative);
    }
  }

  /** Forgets what is known to be durable, so that the next `ensure` makes folders again. */
  forget(): void {
    this.#durable.clear();
  }

  /** Makes the entries of the folder at `path` survive power loss. Throws the system's error. */
  async sync(path: string): Promise<void> {
    const handle = await this.#calls.open(path, 'r');
    try {
      await handle.sync();
    } finally {
      await handle.close();
    }
  }

  /** Removes the folder and those above it, below the first component, as long as they are empty. */
  async removeEmpty(components: readonly string[]): Promise<void> {
    const root = await this.root();
    for (let depth = components.length; depth > 1; depth--) {
      const path = join(root, ...components.slice(0, depth));
      try {
        await this.#calls.rmdir(path);
        this.forget();
      } catch (error) {
        const code = systemCode(error);
        if (code === 'ENOTEMPTY' || code === 'EEXIST') return;
        if (!isMissing(error)) throw storeError(error, 'remove an empty folder', path);
      }
    }
  }

  async #makeFolder(path: string): Promise<void> {
    const { lstat, mkdir, readlink } = this.#calls;
    try {
      await mkdir(path, { mode: folderMode });
    } catch (error) {
      if (systemCode(error) !== 'EEXIST') throw error;
      // Nothing may be made beyond a link, so it is noticed before the next folder.
      if ((await lstat(path)).isSymbolicLink()) throw throughLink(path, await readlink(path));
    }
  }
}

/** Why a path is refused: `path`, or a folder on the way, is a symbolic link. */
export function throughLink(path: string, target: string): TidemarkError {
  return new TidemarkError({
    code: 'repository-failed',
    operation: 'look into a folder',
    subject: path,
    cause: `a symbolic link on the way leads to ${target}`,
    remedy: 'Put a real folder or a mount in its place: links inside a repository are not followed.',
  });
}

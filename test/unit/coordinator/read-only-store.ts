/** A repository as it is to a user who may not write it. */
import { storeError } from '../../../repository/stores/filesystem-errors.ts';
import { MemoryStore } from '../../../repository/stores/memory.ts';

/** The same repository, which this agent's user may read and not write. */
export class ReadOnlyStore extends MemoryStore {
  readonly #store: MemoryStore;

  constructor(store: MemoryStore) {
    super(store.url);
    this.#store = store;
  }

  override readSmall(key: string, limitBytes?: number): Promise<Buffer | undefined> {
    return this.#store.readSmall(key, limitBytes);
  }

  override read(key: string, range?: { offset: number; length: number }): AsyncGenerator<Buffer> {
    return this.#store.read(key, range);
  }

  override size(key: string): Promise<number | undefined> {
    return this.#store.size(key);
  }

  override list(prefix: string): AsyncGenerator<{ key: string; size: number }> {
    return this.#store.list(prefix);
  }

  override listNames(prefix: string): Promise<string[]> {
    return this.#store.listNames(prefix);
  }

  override create(key: string): Promise<never> {
    const path = '/srv/tidemark/shop/.tmp/1';
    const message = `EACCES: permission denied, open '${path}'`;
    const error = Object.assign(new Error(message), { code: 'EACCES', path });
    return Promise.reject(storeError(error, 'store an object', `${this.url}/${key}`));
  }
}

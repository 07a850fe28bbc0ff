/** A part of a repository as a store of its own: every key stands for the one below a prefix. */
import type { ObjectStore, StoredObject } from '../object-store.ts';

export class PrefixedStore implements ObjectStore {
  readonly #store: ObjectStore;
  readonly #prefix: string;

  /** `prefix` ends in `/`. */
  constructor(store: ObjectStore, prefix: string) {
    this.#store = store;
    this.#prefix = prefix;
  }

  get url(): string {
    return `${this.#store.url}/${this.#prefix}`;
  }

  create(key: string, body: AsyncIterable<Uint8Array> | Uint8Array): Promise<StoredObject> {
    return this.#store.create(this.#prefix + key, body);
  }

  replace(key: string, body: Uint8Array): Promise<void> {
    return this.#store.replace(this.#prefix + key, body);
  }

  read(key: string, range?: { offset: number; length: number }): AsyncIterable<Buffer> {
    return this.#store.read(this.#prefix + key, range);
  }

  readSmall(key: string, limitBytes?: number): Promise<Buffer | undefined> {
    return this.#store.readSmall(this.#prefix + key, limitBytes);
  }

  size(key: string): Promise<number | undefined> {
    return this.#store.size(this.#prefix + key);
  }

  async *list(prefix: string): AsyncGenerator<{ key: string; size: number }> {
    for await (const { key, size } of this.#store.list(this.#prefix + prefix))
      yield { key: key.slice(this.#prefix.length), size };
  }

  listNames(prefix: string): Promise<string[]> {
    return this.#store.listNames(this.#prefix + prefix);
  }

  delete(key: string): Promise<void> {
    return this.#store.delete(this.#prefix + key);
  }
}

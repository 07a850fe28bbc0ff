/**
 * The contract of the repository: a flat space of keys with immutable objects.
 *
 * Keys are `/`-separated, made by layout.ts alone, never absolute, never with `.` or `..` components.
 * Every method may be called concurrently with every other. Failures are TidemarkErrors: `repository-failed` unless
 * said otherwise. Retry and rate limits wrap a store; they are never inside one.
 */
export interface ObjectStore {
  /** For messages: file:///srv/tidemark */
  readonly url: string;

  /**
   * Stores an object if the key is free. When it resolves, the object is durable (survives power loss), complete,
   * and visible under its key; before that, nothing is visible under the key, whoever dies.
   *
   * If the key is taken, the object found is read back: identical bytes are success (`created: false`; a lost answer
   * was retried), others throw `object-conflict`. When `body` throws, nothing is stored and the error is passed on.
   * May be retried with the same bytes.
   */
  create(key: string, body: AsyncIterable<Uint8Array> | Uint8Array): Promise<StoredObject>;

  /**
   * Replaces an object whose only writer is the caller (a lease's heartbeat). Atomic and durable; not conditional:
   * two callers on one key race, and the last wins.
   */
  replace(key: string, body: Uint8Array): Promise<void>;

  /**
   * The bytes of an object, or of `length` bytes from `offset`, in pieces of at most 1 MiB.
   * Throws `bad-bytes` when the object is missing or shorter than asked. Does not check any digest: callers do.
   */
  read(key: string, range?: { offset: number; length: number }): AsyncIterable<Buffer>;

  /** A small object whole (at most `limitBytes`, default 16 MiB), or undefined when there is none. */
  readSmall(key: string, limitBytes?: number): Promise<Buffer | undefined>;

  /** Size in bytes, or undefined when there is none. */
  size(key: string): Promise<number | undefined>;

  /** Every key that begins with `prefix` (ends in `/` or is empty), in byte order. Not a snapshot: see as it goes. */
  list(prefix: string): AsyncIterable<{ key: string; size: number }>;

  /** The first path components below `prefix`, in byte order, without listing what lies beneath. */
  listNames(prefix: string): Promise<string[]>;

  /** Removes an object. Succeeds when there is none. Only `prune` and lease clean-up call it. */
  delete(key: string): Promise<void>;
}

export interface StoredObject {
  readonly size: number;
  /** Lower-case hex SHA-256 of the stored bytes. */
  readonly sha256: string;
  readonly created: boolean;
}

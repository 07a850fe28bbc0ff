/** A store that lasts as long as its process: for tests and simulations. Passes the same suite as the others. */
import { createHash } from 'node:crypto';
import { TidemarkError } from '../../proto/errors.ts';
import { assertKey, assertPrefix } from '../key.ts';
import type { ObjectStore, StoredObject } from '../object-store.ts';

const pieceBytes = 1024 * 1024;

export class MemoryStore implements ObjectStore {
  readonly url: string;
  readonly #objects = new Map<string, Buffer>();

  constructor(url = 'memory:') {
    this.url = url;
  }

  async create(key: string, body: AsyncIterable<Uint8Array> | Uint8Array): Promise<StoredObject> {
    assertKey(key, this.url);
    const bytes = await collect(body);
    const found = this.#objects.get(key);
    if (found !== undefined && !found.equals(bytes)) {
      throw new TidemarkError({
        code: 'object-conflict',
        operation: 'store an object',
        subject: `${this.url}/${key}`,
        cause: 'other bytes are stored there already',
      });
    }
    if (found === undefined) this.#objects.set(key, bytes);
    const sha256 = createHash('sha256').update(bytes).digest('hex');
    return { size: bytes.length, sha256, created: found === undefined };
  }

  async replace(key: string, body: Uint8Array): Promise<void> {
    assertKey(key, this.url);
    this.#objects.set(key, Buffer.from(body));
  }

  async *read(key: string, range?: { offset: number; length: number }): AsyncGenerator<Buffer> {
    assertKey(key, this.url);
    const object = this.#objects.get(key);
    if (object === undefined) throw this.#badBytes(key, 'it is missing');
    const offset = range?.offset ?? 0;
    const end = offset + (range?.length ?? object.length);
    if (end > object.length) {
      throw this.#badBytes(key, `it has ${object.length} bytes, ${end} are expected`);
    }
    for (let at = offset; at < end; at += pieceBytes) {
      yield Buffer.from(object.subarray(at, Math.min(end, at + pieceBytes)));
    }
  }

  async readSmall(key: string, limitBytes = 16 * 1024 * 1024): Promise<Buffer | undefined> {
    assertKey(key, this.url);
    const object = this.#objects.get(key);
    if (object === undefined) return undefined;
    if (object.length > limitBytes) {
      throw this.#badBytes(key, `it has ${object.length} bytes, at most ${limitBytes} are expected`);
    }
    return Buffer.from(object);
  }

  async size(key: string): Promise<number | undefined> {
    assertKey(key, this.url);
    return this.#objects.get(key)?.length;
  }

  async *list(prefix: string): AsyncGenerator<{ key: string; size: number }> {
    assertPrefix(prefix, this.url);
    // Keys are ASCII, so the order of strings is the order of bytes.
    for (const key of [...this.#objects.keys()].filter((each) => each.startsWith(prefix)).sort()) {
      const object = this.#objects.get(key);
      if (object !== undefined) yield { key, size: object.length };
    }
  }

  async listNames(prefix: string): Promise<string[]> {
    assertPrefix(prefix, this.url);
    const names = new Set<string>();
    for (const key of this.#objects.keys()) {
      if (key.startsWith(prefix)) names.add(key.slice(prefix.length).split('/')[0] ?? '');
    }
    return [...names].sort();
  }

  async delete(key: string): Promise<void> {
    assertKey(key, this.url);
    this.#objects.delete(key);
  }

  #badBytes(key: string, cause: string): TidemarkError {
    return new TidemarkError({
      code: 'bad-bytes',
      operation: 'read an object',
      subject: `${this.url}/${key}`,
      cause,
    });
  }
}

async function collect(body: AsyncIterable<Uint8Array> | Uint8Array): Promise<Buffer> {
  if (body instanceof Uint8Array) return Buffer.from(body);
  const pieces: Buffer[] = [];
  for await (const piece of body) pieces.push(Buffer.from(piece));
  return Buffer.concat(pieces);
}

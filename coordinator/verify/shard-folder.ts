/**
 * What lies in a shard's folder of a set, compared with what its manifest names: by listing, without reading a byte
 * of data. Memory is bounded by a window of the listing, however many objects there are: the manifest is read once
 * for each window, and a set of up to 200,000 objects has one.
 */
import type { ObjectStore } from '../../repository/object-store.ts';
import type { ManifestLine, ManifestRef } from '../../repository/manifest-entries.ts';
import { readManifest } from '../../repository/manifest.ts';

export type FolderFinding =
  | { readonly kind: 'missing'; readonly object: string }
  | { readonly kind: 'size'; readonly object: string; readonly size: number; readonly expected: number }
  /** Nothing names it. No harm: a chunk that was retried under another name, or a stranger's file. */
  | { readonly kind: 'unnamed'; readonly object: string; readonly size: number };

interface Window {
  readonly listed: ListedObjects;
  /** This window answers for keys after the one before it and up to its last key; the final one for all that follow. */
  readonly after: string;
  readonly upTo: string | undefined;
}

/** So many objects take about 50 MiB. */
const windowObjectsDefault = 200_000;

/**
 * Every difference between the folder `prefix` (ends in `/`) and the manifest. An object must end where the last
 * reference to it ends. Objects the manifest names elsewhere are asked for by their size. Throws `bad-bytes` when the
 * manifest itself is not what `manifest` says. `onLine` is given every line of the manifest, once, in order: it saves reading it for that.
 */
export async function* compareFolder(
  store: ObjectStore,
  prefix: string,
  manifest: ManifestRef,
  windowObjects = windowObjectsDefault,
  onLine: (line: ManifestLine) => void = () => {},
): AsyncGenerator<FolderFinding> {
  let first = true;
  for await (const { listed, after, upTo } of windows(store, prefix, manifest.key, windowObjects)) {
    let reported = '';
    for await (const line of readManifest(store, manifest)) {
      if (first) onLine(line);
      if (line.kind !== 'schema' && line.kind !== 'chunk') continue;
      const end = line.offset + line.length;
      if (!line.object.startsWith(prefix)) {
        if (first) yield* elsewhere(store, line.object, end);
        continue;
      }
      if (line.object <= after || (upTo !== undefined && line.object > upTo)) continue;
      if (!listed.reaches(line.object, end) && reported !== line.object)
        yield { kind: 'missing', object: (reported = line.object) };
    }
    yield* listed.differences();
    first = false;
  }
}

async function* elsewhere(store: ObjectStore, object: string, end: number): AsyncGenerator<FolderFinding> {
  const size = await store.size(object);
  if (size === undefined) yield { kind: 'missing', object };
  else if (size < end) yield { kind: 'size', object, size, expected: end };
}

async function* windows(
  store: ObjectStore,
  prefix: string,
  manifestKey: string,
  windowObjects: number,
): AsyncGenerator<Window> {
  let after = '';
  let last = '';
  let listed = new ListedObjects(prefix);
  for await (const { key, size } of store.list(prefix)) {
    if (key === manifestKey) continue;
    if (listed.count === windowObjects) {
      yield { listed, after, upTo: last };
      after = last;
      listed = new ListedObjects(prefix);
    }
    listed.add(key, size);
    last = key;
  }
  yield { listed, after, upTo: undefined };
}

/** Objects of one folder with their sizes, and how far the references to each reach. Of a key only what it adds to the prefix is kept. */
class ListedObjects {
  readonly #prefix: string;
  readonly #numbers = new Map<string, number>();
  readonly #sizes: number[] = [];
  /** The greatest end any reference has named; -1 until one has. */
  readonly #ends: number[] = [];

  constructor(prefix: string) {
    this.#prefix = prefix;
  }

  get count(): number {
    return this.#sizes.length;
  }

  add(key: string, size: number): void {
    // Keys are ASCII. A slice of a string keeps all of it in memory; this one does not.
    const rest = Buffer.from(key.slice(this.#prefix.length), 'latin1').toString('latin1');
    this.#numbers.set(rest, this.#sizes.length);
    this.#sizes.push(size);
    this.#ends.push(-1);
  }

  /** Notes that a reference to `key` ends there; false when there is no such object. */
  reaches(key: string, end: number): boolean {
    const number = this.#numbers.get(key.slice(this.#prefix.length));
    if (number === undefined) return false;
    this.#ends[number] = Math.max(this.#ends[number] ?? -1, end);
    return true;
  }

  *differences(): Generator<FolderFinding> {
    for (const [rest, number] of this.#numbers) {
      const object = this.#prefix + rest;
      const [size = 0, end = -1] = [this.#sizes[number], this.#ends[number]];
      if (end === -1) yield { kind: 'unnamed', object, size };
      else if (end !== size) yield { kind: 'size', object, size, expected: end };
    }
  }
}

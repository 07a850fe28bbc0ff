/**
 * What lies in a shard's folder of a set, compared with what its manifest names: by listing, without reading a byte
 * of data. Memory is bounded by a window of the listing, however many objects there are: the manifest is read once
 * for each window.
 */
import type { ObjectStore } from '../../repository/object-store.ts';
import type { ManifestRef } from '../../repository/manifest-entries.ts';
import { readManifest } from '../../repository/manifest.ts';

export type FolderFinding =
  | { readonly kind: 'missing'; readonly object: string }
  | { readonly kind: 'size'; readonly object: string; readonly size: number; readonly expected: number }
  /** Nothing names it. No harm: a chunk that was retried under another name, or a stranger's file. */
  | { readonly kind: 'unnamed'; readonly object: string; readonly size: number };

interface Listed {
  readonly size: number;
  /** The greatest end any reference has named; undefined until one has. */
  end: number | undefined;
}

interface Window {
  readonly listed: Map<string, Listed>;
  /** This window answers for keys after the one before it and up to its last key; the final one for all that follow. */
  readonly after: string;
  readonly upTo: string | undefined;
}

/**
 * Every difference between the folder `prefix` (ends in `/`) and the manifest. An object must end where the last
 * reference to it ends. Objects the manifest names elsewhere are asked for by their size. Throws `bad-bytes` when the
 * manifest itself is not what `manifest` says.
 */
export async function* compareFolder(
  store: ObjectStore,
  prefix: string,
  manifest: ManifestRef,
  windowObjects = 50_000,
): AsyncGenerator<FolderFinding> {
  let first = true;
  for await (const window of windows(store, prefix, manifest.key, windowObjects)) {
    let reported = '';
    for await (const line of readManifest(store, manifest)) {
      if (line.kind !== 'schema' && line.kind !== 'chunk') continue;
      const end = line.offset + line.length;
      if (!line.object.startsWith(prefix)) {
        if (first) yield* elsewhere(store, line.object, end);
        continue;
      }
      if (line.object <= window.after || (window.upTo !== undefined && line.object > window.upTo)) continue;
      const found = window.listed.get(line.object);
      if (found !== undefined) found.end = Math.max(found.end ?? 0, end);
      else if (reported !== line.object) yield { kind: 'missing', object: (reported = line.object) };
    }
    for (const [object, { size, end }] of window.listed) {
      if (end === undefined) yield { kind: 'unnamed', object, size };
      else if (end !== size) yield { kind: 'size', object, size, expected: end };
    }
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
  let listed = new Map<string, Listed>();
  for await (const { key, size } of store.list(prefix)) {
    if (key === manifestKey) continue;
    if (listed.size === windowObjects) {
      const upTo = [...listed.keys()].at(-1) ?? after;
      yield { listed, after, upTo };
      after = upTo;
      listed = new Map();
    }
    listed.set(key, { size, end: undefined });
  }
  yield { listed, after, upTo: undefined };
}

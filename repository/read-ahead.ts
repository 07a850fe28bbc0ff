/**
 * Reads the pieces of an object that follow each other at once.
 *
 * What it saves: opening and closing the object's file for each of 5,000 small tables, 0.2 ms of CPU each; on a store
 * behind a network, a request for each.
 */
import type { ObjectRef } from './manifest-entries.ts';
import type { ObjectStore } from './object-store.ts';

/** Greatest number of bytes read at once, and held until the last of their pieces is done with. */
const windowBytes = 4 * 1024 * 1024;
const windowPieces = 1024;

/** Where the bytes of a piece are to be read from. */
export type PieceSource = Pick<ObjectStore, 'read'>;

export interface ReadablePiece<Ref extends ObjectRef> {
  readonly ref: Ref;
  readonly source: PieceSource;
}

/**
 * The same references in the same order, each with a source for its bytes: the store itself for one that stands alone. Nothing is
 * read before it is asked for. Whoever takes several at a time holds as many windows at most.
 */
export async function* readAhead<Ref extends ObjectRef>(
  store: PieceSource,
  refs: AsyncIterable<Ref>,
): AsyncGenerator<ReadablePiece<Ref>, undefined> {
  let group: Ref[] = [];
  for await (const ref of refs) {
    if (group.length > 0 && !follows(group, ref)) {
      yield* sourced(store, group);
      group = [];
    }
    group.push(ref);
  }
  yield* sourced(store, group);
  return undefined;
}

function follows(group: readonly ObjectRef[], ref: ObjectRef): boolean {
  const [first, last] = [group[0], group.at(-1)];
  if (first === undefined || last === undefined || group.length === windowPieces) return false;
  const adjacent = ref.object === last.object && ref.offset === last.offset + last.length;
  return adjacent && ref.offset + ref.length - first.offset <= windowBytes;
}

function* sourced<Ref extends ObjectRef>(
  store: PieceSource,
  group: readonly Ref[],
): Generator<ReadablePiece<Ref>> {
  const [first, last] = [group[0], group.at(-1)];
  if (first === undefined || last === undefined) return;
  const source = first === last ? store : new Window(store, first, last.offset + last.length);
  for (const ref of group) yield { ref, source };
}

class Window implements PieceSource {
  readonly #store: PieceSource;
  readonly #first: ObjectRef;
  readonly #end: number;
  #bytes: Promise<Buffer | undefined> | undefined;

  constructor(store: PieceSource, first: ObjectRef, end: number) {
    this.#store = store;
    this.#first = first;
    this.#end = end;
  }

  async *read(key: string, range: { offset: number; length: number }): AsyncGenerator<Buffer> {
    this.#bytes ??= this.#readAll();
    const bytes = await this.#bytes;
    const from = range.offset - this.#first.offset;
    if (bytes !== undefined) yield bytes.subarray(from, from + range.length);
    // An object that is too short may still have this piece; if not, the store says so of it.
    else yield* this.#store.read(key, range);
  }

  async #readAll(): Promise<Buffer | undefined> {
    const { object, offset } = this.#first;
    const bytes = Buffer.allocUnsafeSlow(this.#end - offset);
    let filled = 0;
    try {
      for await (const piece of this.#store.read(object, { offset, length: bytes.length })) {
        bytes.set(piece, filled);
        filled += piece.length;
      }
    } catch {
      return undefined;
    }
    return bytes;
  }
}

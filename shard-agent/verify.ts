/** Reads and unpacks everything of one shard's part of a set, and counts. */
import { asTidemarkError, TidemarkError } from '../proto/errors.ts';
import { tableText } from '../repository/layout.ts';
import type { ChunkLine, ManifestRef, SchemaLine, Sums, TableLine } from '../repository/manifest-entries.ts';
import type { ObjectStore } from '../repository/object-store.ts';
import { readAhead, type ReadablePiece } from '../repository/read-ahead.ts';
import { noSums } from '../repository/sums.ts';
import type { Finding } from './engine.ts';
import { unpack } from './pipeline/unpack.ts';
import type { Progress } from './progress.ts';
import { rowCounter } from './row-counter.ts';
import { openPiece, openStoredShard, type OpenStoredShard, type StoredName } from './stored-shard.ts';

export interface VerifyOrder {
  readonly store: ObjectStore;
  readonly manifest: ManifestRef;
  readonly name: StoredName;
  /** Objects read at once. */
  readonly readers: number;
  readonly progress: Progress;
  readonly onFinding: (finding: Finding) => void;
  readonly signal: AbortSignal;
}

/** More than these are counted, not told one by one. */
const findingsLimit = 200;

/**
 * Resolves with what was counted in the objects themselves, after everything the manifest names has been read. Each bad object
 * is a finding (its content or its rows differ, or it holds more than is named), the others are read nevertheless; a bad
 * manifest is the only finding of its shard. Throws only when it could not look: `repository-failed`, or the reason of `signal`.
 */
export async function verifyShard(order: VerifyOrder): Promise<Sums | undefined> {
  const findings = new Findings(order);
  let stored: OpenStoredShard;
  try {
    stored = await openStoredShard(order.store, order.manifest, order.name);
  } catch (error) {
    findings.take(error);
    return undefined;
  }
  order.progress.totalBytes = stored.sums.rawBytes;
  order.progress.totalChunks = stored.sums.chunks;
  const pieces = objectPieces(order.store, stored);
  const tables = new Map(stored.tables.map((table) => [table.table, table]));
  const counted = { ...noSums, tables: stored.tables.length };
  const reader = async (): Promise<void> => {
    // One iterator for all readers: each takes the next piece.
    for (let next = await pieces.next(); !next.done; next = await pieces.next()) {
      const piece = next.value;
      order.signal.throwIfAborted();
      await findings.around(() =>
        'end' in piece ? checkSize(order, piece, counted) : readPiece(order, piece, tables, counted),
      );
    }
  };
  const settled = await Promise.allSettled(Array.from({ length: order.readers }, reader));
  await pieces.return(undefined);
  const failed = settled.find((each) => each.status === 'rejected');
  if (failed !== undefined) throw failed.reason;
  findings.close();
  return counted;
}

type Counted = { -readonly [Field in keyof Sums]: number };

/** Follows the last reference to an object: the object must end where that one ends. */
interface WholeObject {
  readonly object: string;
  readonly end: number;
}

type Piece = ReadablePiece<SchemaLine | ChunkLine>;

/** The pieces in the order of the manifest, in which those of one object stand one after the other; after the last, the object. */
async function* objectPieces(
  store: ObjectStore,
  stored: OpenStoredShard,
): AsyncGenerator<Piece | WholeObject, undefined> {
  let whole: WholeObject | undefined;
  for await (const piece of readAhead(store, allLines(stored))) {
    const { object, offset, length } = piece.ref;
    if (whole !== undefined && whole.object !== object) yield whole;
    const end = Math.max(whole?.object === object ? whole.end : 0, offset + length);
    whole = { object, end };
    yield piece;
  }
  if (whole !== undefined) yield whole;
  return undefined;
}

async function* allLines(stored: OpenStoredShard): AsyncGenerator<SchemaLine | ChunkLine> {
  yield* stored.schema;
  yield* stored.chunks();
}

async function checkSize(
  { store }: VerifyOrder,
  { object, end }: WholeObject,
  counted: Counted,
): Promise<void> {
  counted.objects += 1;
  const size = await store.size(object);
  // One that is missing or too short was found when it was read.
  if (size === undefined || size <= end) return;
  throw badObject(object, `it has ${size} bytes, the manifest names ${end}`);
}

async function readPiece(
  { progress, signal }: VerifyOrder,
  { ref: line, source }: Piece,
  tables: ReadonlyMap<number, TableLine>,
  counted: Counted,
): Promise<void> {
  const table = line.kind === 'chunk' ? tables.get(line.table) : undefined;
  const of = table === undefined ? line.kind : tableText(table);
  const counter = rowCounter(table?.format);
  const bytes = line.kind === 'chunk' ? unpack(source, { ...line, of }) : openPiece(source, line);
  for await (const piece of bytes) {
    signal.throwIfAborted();
    if (line.kind !== 'chunk') continue;
    progress.bytes += piece.length;
    counted.rawBytes += piece.length;
    counter.push(piece);
  }
  progress.storedBytes += line.length;
  counted.storedBytes += line.length;
  if (line.kind !== 'chunk') return;
  const { rows } = counter;
  counted.chunks += 1;
  counted.rows += rows;
  progress.chunks += 1;
  progress.rows += rows;
  if (rows !== line.rows)
    throw badObject(line.object, `it holds ${rows} rows of ${of}, recorded are ${line.rows}`);
}

class Findings {
  readonly #order: VerifyOrder;
  #count = 0;

  constructor(order: VerifyOrder) {
    this.#order = order;
  }

  async around(read: () => Promise<void>): Promise<void> {
    try {
      await read();
    } catch (error) {
      this.take(error);
    }
  }

  /** Keeps bad bytes as a finding; throws whatever else kept us from looking. */
  take(error: unknown): void {
    this.#order.signal.throwIfAborted();
    const known = asTidemarkError(error, {
      code: 'internal',
      operation: 'verify an object',
      subject: this.#order.name.shard,
    });
    if (known.code !== 'bad-bytes') throw known;
    this.#count += 1;
    if (this.#count <= findingsLimit) {
      this.#tell(known.subject, known.reason, known.remedy);
    }
  }

  close(): void {
    const more = this.#count - findingsLimit;
    if (more > 0) this.#tell(this.#order.name.shard, `${more} more objects are bad`, '');
  }

  #tell(subject: string, cause: string, remedy: string): void {
    this.#order.onFinding({ code: 'bad-bytes', subject, cause, remedy, warning: false });
  }
}

function badObject(object: string, cause: string): TidemarkError {
  return new TidemarkError({ code: 'bad-bytes', operation: 'verify an object', subject: object, cause });
}

/** Reads and unpacks everything of one shard's part of a set, and counts. */
import { asTidemarkError, TidemarkError } from '../proto/errors.ts';
import type { ChunkLine, ManifestRef, SchemaLine, Sums } from '../repository/manifest-entries.ts';
import type { ObjectStore } from '../repository/object-store.ts';
import type { Finding } from './engine.ts';
import { unpack } from './pipeline/unpack.ts';
import type { Progress } from './progress.ts';
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
 * Resolves with what the manifest adds up to, after everything it names has been read. Each bad object is a finding, the
 * others are read nevertheless; a bad manifest is the only finding of its shard. Throws only when it could not
 * look: `repository-failed`, or the reason of `signal`.
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
  const lines = objectLines(stored);
  const reader = async (): Promise<void> => {
    // One iterator for all readers: each takes the next line.
    for (let next = await lines.next(); !next.done; next = await lines.next()) {
      order.signal.throwIfAborted();
      await findings.around(() => readObject(order, next.value as SchemaLine | ChunkLine));
    }
  };
  const settled = await Promise.allSettled(Array.from({ length: order.readers }, reader));
  const failed = settled.find((each) => each.status === 'rejected');
  if (failed !== undefined) throw failed.reason;
  findings.close();
  return stored.sums;
}

async function* objectLines(stored: OpenStoredShard): AsyncGenerator<SchemaLine | ChunkLine> {
  yield* stored.schema;
  yield* stored.chunks();
}

async function readObject(order: VerifyOrder, line: SchemaLine | ChunkLine): Promise<void> {
  const { store, progress, signal } = order;
  const size = await store.size(line.object);
  if (size !== undefined && size < line.offset + line.length) {
    throw badObject(line, `it has ${size} bytes, the manifest names ${line.offset + line.length}`);
  }
  const bytes = line.kind === 'chunk' ? unpack(store, line) : openPiece(store, line);
  for await (const piece of bytes) {
    signal.throwIfAborted();
    if (line.kind === 'chunk') progress.bytes += piece.length;
  }
  progress.storedBytes += line.length;
  if (line.kind !== 'chunk') return;
  progress.chunks += 1;
  progress.rows += line.rows;
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

function badObject(line: SchemaLine | ChunkLine, cause: string): TidemarkError {
  return new TidemarkError({ code: 'bad-bytes', operation: 'verify an object', subject: line.object, cause });
}

/**
 * The shard manifest as an object: JSON lines in one zstd stream, written and read without being held in memory.
 */
import { createHash } from 'node:crypto';
import { pipeline } from 'node:stream/promises';
import { Readable } from 'node:stream';
import { constants, createZstdCompress, createZstdDecompress, type ZstdCompress } from 'node:zlib';
import { TidemarkError } from '../proto/errors.ts';
import { refuseNewer } from './format.ts';
import {
  type EndLine,
  manifestFormat,
  type ManifestLine,
  type ManifestRef,
  type Sums,
} from './manifest-entries.ts';
import { lineBytesLimit, ManifestOrder, manifestLine, widthMistake } from './manifest-lines.ts';
import type { ObjectStore, StoredObject } from './object-store.ts';

const readOperation = 'read a manifest';

/** Lines are packed together when they have so many characters: one by one, each would cost a turn of the thread pool. */
const packedTogether = 64 * 1024;

/**
 * Writes a manifest while a shard is being copied. Lines are checked and counted as they come; nothing is visible in the repository
 * before `finish` resolves.
 */
export class ManifestWriter {
  readonly #key: string;
  readonly #order: ManifestOrder;
  readonly #packer: ZstdCompress;
  readonly #stored: Promise<StoredObject>;
  #gathered = '';
  #ended = false;

  private constructor(store: ObjectStore, key: string) {
    this.#key = key;
    this.#order = new ManifestOrder(key);
    this.#packer = createZstdCompress({ params: { [constants.ZSTD_c_checksumFlag]: 1 } });
    // Told through the store, which reads the stream, or through the write; perhaps neither listens yet.
    this.#packer.on('error', () => {});
    this.#stored = store.create(key, this.#packer);
    // Whoever writes or finishes next meets the failure; until then it must not count as unhandled.
    this.#stored.catch(() => this.#packer.destroy());
  }

  /** Starts a manifest under `key`, made by `manifestKey`. Failures of the store come out of `write` and `finish`. */
  static open(store: ObjectStore, key: string): ManifestWriter {
    return new ManifestWriter(store, key);
  }

  /**
   * Appends a line; resolves when the next may come. May be called concurrently: lines stand in the order of the calls, and
   * a table's line must be before its chunks'. Throws `internal` for a line that may not stand there, `not-supported` for one that is
   * longer than a reader takes, and the store's failure in this or a later call.
   */
  async write(line: Exclude<ManifestLine, EndLine>): Promise<void> {
    await this.#append(line);
  }

  /** Writes the end line and resolves when the manifest is durable. */
  async finish(): Promise<{ ref: ManifestRef; sums: Sums }> {
    const sums = this.#order.sums;
    await this.#append({ kind: 'end', lines: this.#order.lines, sums });
    await this.#pack();
    this.#packer.end();
    const { size, sha256 } = await this.#stored;
    return { ref: { key: this.#key, size, sha256 }, sums };
  }

  /** Gives up: when it resolves, nothing is stored and nothing is left to write. Idempotent, never throws. */
  async abort(error: Error): Promise<void> {
    this.#ended = true;
    this.#packer.destroy(error);
    await this.#stored.catch(() => {});
  }

  async #append(line: ManifestLine): Promise<void> {
    const checked = manifestLine.safeParse(line);
    const text = checked.success ? JSON.stringify(line) : '';
    const tooWide = widthMistake(Buffer.byteLength(text));
    if (tooWide !== undefined) {
      throw new TidemarkError({
        code: 'not-supported',
        operation: 'write a manifest line',
        subject: `${this.#key}: ${describeLine(line)}`,
        cause: tooWide,
      });
    }
    const wrong = checked.success ? this.#order.accept(line) : checked.error.message;
    if (this.#ended || wrong !== undefined) {
      throw new TidemarkError({
        code: 'internal',
        operation: 'write a manifest line',
        subject: this.#key,
        cause: wrong ?? 'the manifest has been ended',
      });
    }
    this.#ended = line.kind === 'end';
    this.#gathered += `${text}\n`;
    if (this.#gathered.length >= packedTogether) await this.#pack();
  }

  async #pack(): Promise<void> {
    const text = this.#gathered;
    this.#gathered = '';
    const written = new Promise<void>((resolve, reject) => {
      this.#packer.write(text, (error) => (error ? reject(error) : resolve()));
    });
    try {
      await written;
    } catch (error) {
      // The store's own failure ended the stream: that is the one to tell.
      await this.#stored;
      throw error;
    }
  }
}

/**
 * The lines of a manifest, the end line included. The whole object is compared with the reference's size and digest before
 * the first line is given out, and once more while it is unpacked; order, counts and sums are checked. Throws `newer-format` when a newer Tidemark
 * wrote it, `bad-bytes` naming the object, at the latest in place of the end of the iteration. Memory does not grow with the manifest.
 */
export async function* readManifest(store: ObjectStore, ref: ManifestRef): AsyncGenerator<ManifestLine> {
  const subject = `${store.url}/${ref.key}`;
  const bad = badManifest(subject);
  const size = await store.size(ref.key);
  if (size === undefined) throw bad('it is missing');
  if (size !== ref.size) throw bad(`it has ${size} bytes, ${ref.size} are expected`);
  for await (const _ of checkedBytes(store, ref, bad));

  const order = new ManifestOrder(ref.key);
  for await (const text of unpackedLines(checkedBytes(store, ref, bad), bad)) {
    const line = parseLine(text, order.lines + 1, subject, bad);
    const wrong = order.accept(line);
    if (wrong !== undefined) throw bad(wrong);
    yield line;
  }
  if (!order.ended) throw bad(`it ends after ${order.lines} lines without an end line`);
}

/**
 * Throws `newer-format` when the manifest's first line says that a newer Tidemark wrote it. Says nothing else of the manifest: whether it is
 * there and whole is found by `readManifest`.
 */
export async function refuseNewerManifest(store: ObjectStore, ref: ManifestRef): Promise<void> {
  const subject = `${store.url}/${ref.key}`;
  try {
    const packed = store.read(ref.key);
    for await (const text of unpackedLines(packed, badManifest(subject))) {
      refuseNewer(JSON.parse(text.toString('utf8')), [manifestFormat], readOperation, subject);
      return;
    }
  } catch (error) {
    if (error instanceof SyntaxError) return;
    if (!(error instanceof TidemarkError) || error.code !== 'bad-bytes') throw error;
  }
}

function badManifest(subject: string): (cause: string) => TidemarkError {
  return (cause) => new TidemarkError({ code: 'bad-bytes', operation: readOperation, subject, cause });
}

/** The stored bytes; throws in place of their end when they are not those of the reference. */
async function* checkedBytes(
  store: ObjectStore,
  ref: ManifestRef,
  bad: (cause: string) => TidemarkError,
): AsyncGenerator<Buffer> {
  const hash = createHash('sha256');
  for await (const piece of store.read(ref.key, { offset: 0, length: ref.size })) {
    hash.update(piece);
    yield piece;
  }
  const found = hash.digest('hex');
  if (found !== ref.sha256) throw bad(`its SHA-256 is ${found}, ${ref.sha256} is expected`);
}

async function* unpackedLines(
  packed: AsyncIterable<Buffer>,
  bad: (cause: string) => TidemarkError,
): AsyncGenerator<Buffer> {
  const unpacker = createZstdDecompress();
  const feeding = pipeline(Readable.from(packed, { objectMode: false }), unpacker);
  // Its error also ends the iteration below, which is where it is told.
  feeding.catch(() => {});
  let rest: Buffer[] = [];
  let restBytes = 0;
  try {
    for await (const piece of unpacker as AsyncIterable<Buffer>) {
      let start = 0;
      for (let end = piece.indexOf(10); end !== -1; end = piece.indexOf(10, start)) {
        const tooWide = widthMistake(restBytes + end - start);
        if (tooWide !== undefined) throw bad(tooWide);
        yield Buffer.concat([...rest, piece.subarray(start, end)]);
        rest = [];
        restBytes = 0;
        start = end + 1;
      }
      rest.push(piece.subarray(start));
      restBytes += piece.length - start;
      if (restBytes > lineBytesLimit) throw bad(`a line has more than ${lineBytesLimit} bytes`);
    }
    await feeding;
  } catch (error) {
    if (error instanceof TidemarkError) throw error;
    throw bad(`it cannot be unpacked: ${error instanceof Error ? error.message : String(error)}`);
  } finally {
    unpacker.destroy();
  }
  if (restBytes > 0) throw bad('its last line has no end');
}

/** For messages: what the line is of. */
function describeLine(line: ManifestLine): string {
  switch (line.kind) {
    case 'shard':
      return `shard ${line.shard}`;
    case 'database':
      return `database ${line.name}`;
    case 'schema':
      return `${line.name} of database ${line.database}`;
    case 'table':
      return `table ${[line.database, line.schema, line.name].filter((part) => part !== '').join('.')}`;
    case 'chunk':
      return `chunk of table number ${line.table}`;
    case 'invariant':
      return `invariant ${line.name}`;
    case 'end':
      return 'end';
  }
}

function parseLine(
  text: Buffer,
  number: number,
  subject: string,
  bad: (cause: string) => TidemarkError,
): ManifestLine {
  let line: unknown;
  try {
    line = JSON.parse(new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(text));
  } catch (error) {
    throw bad(`line ${number} is not JSON: ${error instanceof Error ? error.message : String(error)}`);
  }
  if (number === 1) refuseNewer(line, [manifestFormat], readOperation, subject);
  const checked = manifestLine.safeParse(line);
  if (checked.success) return line as ManifestLine;
  const issue = checked.error.issues[0];
  throw bad(`line ${number}: ${issue?.path.map(String).join('.')}: ${issue?.message}`);
}

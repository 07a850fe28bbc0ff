/**
 * Rows of the text protocol as the tab-separated form that LOAD DATA reads with its defaults: columns end in a tab,
 * rows in a newline, `\N` is NULL, and tab, newline, backslash and NUL are escaped with a backslash.
 */
import type { RawSink } from '../../../engine.ts';
import type { RowConsumer } from '../connection/packet-reader.ts';

const scratchBytes = 64 * 1024;
/** A row of this size or more is told to the sink: a server may refuse it. */
const toldRowBytes = 256 * 1024;
/** Room kept for what is written without a byte of input (separator, NULL, newline) and for words beyond a field's end. */
const reservedBytes = 12;

const wordBytes = 4;
const tab = 0x09;
const newline = 0x0a;
const backslash = 0x5c;

/** For each byte the letter that follows the backslash, or 0. */
const escapes = new Uint8Array(256);
escapes[0x00] = 0x30;
escapes[tab] = 0x74;
escapes[newline] = 0x6e;
escapes[backslash] = backslash;

/** Writes rows into a sink through one bounded buffer, and ends a chunk at the first row boundary where it is full. */
export class TsvRows implements RowConsumer {
  readonly #sink: RawSink;
  readonly #out = Buffer.allocUnsafe(scratchBytes);
  readonly #outWords = new DataView(this.#out.buffer, this.#out.byteOffset, this.#out.length);
  /** Of the buffer that was read last. */
  #words: DataView | undefined;
  #size = 0;
  #column = 0;
  /** Bytes of the field still to come; -1 before a field. */
  #fieldLeft = -1;
  /** A length that came in two pieces. */
  readonly #prefix = Buffer.alloc(9);
  #prefixBytes = 0;
  #rows = 0;
  /** Bytes of the row at hand, and of the largest of the chunk, as the server sends them. */
  #rowBytes = 0;
  #largestRow = 0;
  #flushed = false;
  #boundary = false;
  #waiting = false;

  constructor(sink: RawSink) {
    this.#sink = sink;
  }

  get waiting(): boolean {
    return this.#waiting;
  }

  take(buffer: Buffer, start: number, end: number, last: boolean): number {
    let at = start;
    while (at < end) {
      const room = this.#out.length - reservedBytes - this.#size;
      if (room < 2) {
        this.#waiting = true;
        this.#rowBytes += at - start;
        return at;
      }
      at =
        this.#fieldLeft === -1 ? this.#beginField(buffer, at, end) : this.#copy(buffer, at, end, room >> 1);
    }
    this.#rowBytes += at - start;
    if (last) this.#endRow();
    return at;
  }

  /**
   * The hot path: nearly all rows come whole and are short. Nothing about them is remembered from one to the next, and
   * their bytes are looked at and copied four at a time: a GiB costs about 1.1 s of CPU, by single bytes 1.7 to 3.3 s.
   */
  wholeRows(buffer: Buffer, start: number, end: number): number {
    const words = this.#wordsOf(buffer);
    const readable = Math.min(end, buffer.length - wordBytes);
    const out = this.#out;
    let size = this.#size;
    let largest = this.#largestRow;
    let at = start;
    while (at + wordBytes < readable) {
      const length = words.getInt32(at, true) & 0xffffff;
      const stop = at + wordBytes + length;
      // The end of the rows is told by its first byte, as an error is.
      if (length === 0 || stop > readable || (buffer[at + wordBytes] as number) > 0xfd) break;
      // Its bytes, at most doubled, hold its separators too.
      if (length * 2 + reservedBytes > out.length - size) {
        this.#waiting = size > 0;
        this.#boundary = size > 0;
        break;
      }
      size = this.#wholeRow(buffer, words, at + wordBytes, stop, size);
      out[size] = newline;
      size += 1;
      this.#rows += 1;
      if (length > largest) largest = length;
      at = stop;
    }
    this.#size = size;
    this.#largestRow = largest;
    return at;
  }

  #wholeRow(buffer: Buffer, words: DataView, start: number, stop: number, to: number): number {
    const out = this.#out;
    let size = to;
    for (let at = start; at < stop; ) {
      if (at > start) {
        out[size] = tab;
        size += 1;
      }
      let length = buffer[at] as number;
      at += 1;
      if (length === 0xfb) {
        out[size] = backslash;
        out[size + 1] = 0x4e;
        size += 2;
        continue;
      }
      if (length > 0xfb) {
        const prefix = length === 0xfc ? 2 : 3;
        length = words.getInt32(at, true) & (length === 0xfc ? 0xffff : 0xffffff);
        at += prefix;
      }
      if (at + length > stop) throw new Error('a row ends in the middle of a column');
      size = escapeWords(out, this.#outWords, size, buffer, words, at, at + length);
      at += length;
    }
    return size;
  }

  #wordsOf(buffer: Buffer): DataView {
    const known = this.#words;
    if (
      known?.buffer === buffer.buffer &&
      known.byteOffset === buffer.byteOffset &&
      known.byteLength === buffer.length
    ) {
      return known;
    }
    this.#words = new DataView(buffer.buffer, buffer.byteOffset, buffer.length);
    return this.#words;
  }

  settle(): Promise<void> | undefined {
    this.#waiting = false;
    const wait = this.#flush();
    if (!this.#boundary) return wait;
    this.#boundary = false;
    this.#flushed = false;
    if (!this.#sink.full) return wait;
    const end = this.#endChunk();
    return wait === undefined ? end() : wait.then(end);
  }

  /** After the last row: what is left becomes the last chunk. */
  async finish(): Promise<void> {
    await this.#flush();
    if (this.#rows > 0) await this.#endChunk()();
  }

  /** What ends the chunk of the rows so far. Small rows need not be told. */
  #endChunk(): () => Promise<void> {
    const [rows, largest] = [this.#rows, this.#largestRow];
    this.#rows = 0;
    this.#largestRow = 0;
    return () => this.#sink.endChunk(rows, largest < toldRowBytes ? undefined : largest);
  }

  #flush(): Promise<void> | undefined {
    if (this.#size === 0) return undefined;
    const wait = this.#sink.append(this.#out, 0, this.#size);
    this.#size = 0;
    this.#flushed = true;
    return wait;
  }

  #endRow(): void {
    this.#out[this.#size] = newline;
    this.#size += 1;
    this.#column = 0;
    this.#rows += 1;
    this.#largestRow = Math.max(this.#largestRow, this.#rowBytes);
    this.#rowBytes = 0;
    // Whether the sink is full can only have changed when something was given to it.
    if (this.#flushed) {
      this.#boundary = true;
      this.#waiting = true;
    }
  }

  #beginField(buffer: Buffer, start: number, end: number): number {
    const first = this.#prefixBytes > 0 ? (this.#prefix[0] ?? 0) : (buffer[start] ?? 0);
    if (first < 0xfb) return this.#opened(first, start + 1);
    if (first === 0xfb) return this.#null(start + 1);
    const needed = first === 0xfc ? 3 : first === 0xfd ? 4 : 9;
    const take = Math.min(needed - this.#prefixBytes, end - start);
    buffer.copy(this.#prefix, this.#prefixBytes, start, start + take);
    this.#prefixBytes += take;
    if (this.#prefixBytes < needed) return start + take;
    this.#prefixBytes = 0;
    const length =
      needed === 9 ? Number(this.#prefix.readBigUInt64LE(1)) : this.#prefix.readUIntLE(1, needed - 1);
    return this.#opened(length, start + take);
  }

  #opened(length: number, at: number): number {
    this.#separate();
    this.#fieldLeft = length === 0 ? -1 : length;
    return at;
  }

  #null(at: number): number {
    this.#separate();
    this.#out[this.#size] = backslash;
    this.#out[this.#size + 1] = 0x4e;
    this.#size += 2;
    return at;
  }

  #separate(): void {
    if (this.#column > 0) {
      this.#out[this.#size] = tab;
      this.#size += 1;
    }
    this.#column += 1;
  }

  /** Copies at most `most` bytes of the field at hand; each may become two. */
  #copy(buffer: Buffer, start: number, end: number, most: number): number {
    const count = Math.min(this.#fieldLeft, end - start, most);
    this.#fieldLeft -= count;
    if (this.#fieldLeft === 0) this.#fieldLeft = -1;
    const stop = start + count;
    this.#size =
      stop + wordBytes <= buffer.length
        ? escapeWords(this.#out, this.#outWords, this.#size, buffer, this.#wordsOf(buffer), start, stop)
        : escapeBytes(this.#out, this.#size, buffer, start, stop);
    return stop;
  }
}

/** Is there, at its highest bits, a byte below 0x0b or a backslash in the word? Then some byte may have to be escaped. */
function marks(word: number): number {
  const slashes = word ^ 0x5c5c5c5c;
  return (((word - 0x0b0b0b0b) & ~word) | ((slashes - 0x01010101) & ~slashes)) & 0x80808080;
}

/** Copies from[start, end) to `out` at `to`, escaped, by words that may reach beyond both ends. Returns where it stopped. */
function escapeWords(
  out: Buffer,
  outWords: DataView,
  to: number,
  from: Buffer,
  words: DataView,
  start: number,
  end: number,
): number {
  let size = to;
  let at = start;
  for (; at + wordBytes <= end; at += wordBytes) {
    const word = words.getInt32(at, true);
    outWords.setInt32(size, word, true);
    size = marks(word) === 0 ? size + wordBytes : escapeBytes(out, size, from, at, at + wordBytes);
  }
  if (at === end) return size;
  const word = words.getInt32(at, true);
  outWords.setInt32(size, word, true);
  const beyond = -1 << ((end - at) * 8);
  return marks(word | beyond) === 0 ? size + end - at : escapeBytes(out, size, from, at, end);
}

function escapeBytes(out: Buffer, to: number, from: Buffer, start: number, end: number): number {
  let size = to;
  for (let at = start; at < end; at += 1) {
    const byte = from[at] as number;
    const letter = escapes[byte] as number;
    if (letter === 0) {
      out[size] = byte;
      size += 1;
    } else {
      out[size] = backslash;
      out[size + 1] = letter;
      size += 2;
    }
  }
  return size;
}

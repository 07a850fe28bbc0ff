/**
 * Rows of the text protocol as the tab-separated form that LOAD DATA reads with its defaults: columns end in a tab,
 * rows in a newline, `\N` is NULL, and tab, newline, backslash and NUL are escaped with a backslash.
 */
import type { RawSink } from '../../../engine.ts';
import type { RowConsumer } from '../connection/packet-reader.ts';

const scratchBytes = 64 * 1024;
/** Room kept for what is written without a byte of input: separator, NULL, newline. */
const reservedBytes = 8;
/** Fields at least this long are looked through by native search before they are copied. */
const longField = 512;

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
  #size = 0;
  #column = 0;
  /** Bytes of the field still to come; -1 before a field. */
  #fieldLeft = -1;
  /** A length that came in two pieces. */
  readonly #prefix = Buffer.alloc(9);
  #prefixBytes = 0;
  #rows = 0;
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
    // Most rows come whole and are short: nothing about them has to be remembered.
    if (last && this.#column === 0 && this.#fieldLeft === -1 && this.#prefixBytes === 0) {
      if ((end - start) * 2 + reservedBytes <= this.#out.length - this.#size) {
        this.#wholeRow(buffer, start, end);
        this.#endRow();
        return end;
      }
    }
    let at = start;
    while (at < end) {
      const room = this.#out.length - reservedBytes - this.#size;
      if (room < 2) {
        this.#waiting = true;
        return at;
      }
      at =
        this.#fieldLeft === -1 ? this.#beginField(buffer, at, end) : this.#copy(buffer, at, end, room >> 1);
    }
    if (last) this.#endRow();
    return at;
  }

  /** A row that lies whole in the buffer and fits. Its bytes, at most doubled, hold its separators too. */
  #wholeRow(buffer: Buffer, start: number, end: number): void {
    const out = this.#out;
    let size = this.#size;
    let at = start;
    while (at < end) {
      if (at > start) {
        out[size] = tab;
        size += 1;
      }
      const first = buffer[at] as number;
      if (first === 0xfb) {
        out[size] = backslash;
        out[size + 1] = 0x4e;
        size += 2;
        at += 1;
        continue;
      }
      let length = first;
      at += 1;
      if (first === 0xfc) {
        length = buffer.readUInt16LE(at);
        at += 2;
      } else if (first === 0xfd) {
        length = buffer.readUIntLE(at, 3);
        at += 3;
      } else if (first === 0xfe) {
        length = Number(buffer.readBigUInt64LE(at));
        at += 8;
      }
      const stop = at + length;
      for (; at < stop; at += 1) {
        const byte = buffer[at] as number;
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
    }
    this.#size = size;
  }

  settle(): Promise<void> | undefined {
    this.#waiting = false;
    const wait = this.#flush();
    if (!this.#boundary) return wait;
    this.#boundary = false;
    this.#flushed = false;
    if (!this.#sink.full) return wait;
    const rows = this.#rows;
    this.#rows = 0;
    return wait === undefined ? this.#sink.endChunk(rows) : wait.then(() => this.#sink.endChunk(rows));
  }

  /** After the last row: what is left becomes the last chunk. */
  async finish(): Promise<void> {
    await this.#flush();
    if (this.#rows > 0) await this.#sink.endChunk(this.#rows);
    this.#rows = 0;
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
    if (count >= longField && !needsEscape(buffer.subarray(start, stop))) {
      buffer.copy(this.#out, this.#size, start, stop);
      this.#size += count;
      return stop;
    }
    const out = this.#out;
    let size = this.#size;
    for (let at = start; at < stop; at += 1) {
      const byte = buffer[at] as number;
      const letter = escapes[byte] as number;
      if (letter !== 0) {
        out[size] = backslash;
        out[size + 1] = letter;
        size += 2;
      } else {
        out[size] = byte;
        size += 1;
      }
    }
    this.#size = size;
    return stop;
  }
}

function needsEscape(field: Buffer): boolean {
  return field.includes(backslash) || field.includes(newline) || field.includes(tab) || field.includes(0);
}

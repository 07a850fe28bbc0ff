/**
 * The binary form of COPY: a header, the rows, a trailer
 * (https://www.postgresql.org/docs/current/sql-copy.html#SQL-COPY-FILE-FORMATS). The server sends one header and one trailer
 * for each statement; a stored chunk has both, so that it can be loaded by itself.
 */
import type { RawSink } from '../../../engine.ts';

/** Signature, no flags, no extension. The same from every server of 7.4 or later. */
const header = Buffer.from('PGCOPY\n\xff\r\n\0\0\0\0\0\0\0\0\0', 'latin1');
const trailer = Buffer.from([0xff, 0xff]);

/** Tells rows from header and trailer in the messages of one statement, which may be cut anywhere. */
export class BinaryRows {
  #headerBytes = 0;
  #inMessage = false;
  #row = false;

  /**
   * Of `bytes` from `start` to `end`, after which `left` bytes of the message follow: where the row begins, or -1 when none of
   * it belongs to a row. Throws when the stream does not begin as it must.
   */
  rowFrom(bytes: Uint8Array, start: number, end: number, left: number): number {
    let at = start;
    for (; this.#headerBytes < header.length && at < end; at += 1, this.#headerBytes += 1) {
      if (bytes[at] !== header[this.#headerBytes])
        throw new Error('the server does not send binary rows as it should');
    }
    if (this.#headerBytes < header.length) return -1;
    if (!this.#inMessage) {
      // The header comes in the first row's message, the trailer in one of its own. A row of any column is longer than it.
      this.#row = end - at + left > trailer.length;
      this.#inMessage = true;
    }
    if (left === 0) this.#inMessage = false;
    return this.#row ? at : -1;
  }
}

/** Gives every chunk its header and its trailer. */
export class BinaryChunks implements RawSink {
  readonly #sink: RawSink;
  #begun = false;

  constructor(sink: RawSink) {
    this.#sink = sink;
  }

  get full(): boolean {
    return this.#sink.full;
  }

  append(source: Uint8Array, start: number, end: number): Promise<void> | undefined {
    if (this.#begun) return this.#sink.append(source, start, end);
    this.#begun = true;
    const first = this.#sink.append(header, 0, header.length);
    const rest = this.#sink.append(source, start, end);
    return first === undefined ? rest : Promise.all([first, rest]).then(() => undefined);
  }

  async endChunk(rows: number): Promise<void> {
    if (this.#begun) await this.#sink.append(trailer, 0, trailer.length);
    this.#begun = false;
    await this.#sink.endChunk(rows);
  }
}

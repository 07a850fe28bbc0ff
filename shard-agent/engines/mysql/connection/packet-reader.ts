/** Packets out of a stream of bytes: rows go on in pieces, everything else is kept until it is whole. */

/** Takes the rows of one `stream`, in pieces of packets. */
export interface RowConsumer {
  /**
   * Between two rows: takes packets that lie in buffer[start, end) with their headers, as far as they are whole rows, and
   * returns where it stopped. What stands there is read piece by piece. `waiting` set means the same as after `take`.
   */
  wholeRows(buffer: Buffer, start: number, end: number): number;
  /**
   * Takes bytes of the current row from buffer[start, end) and returns where it stopped. Less than `end`, or
   * `waiting` set, means: call `settle`, then go on from there. `last`: the row ends at `end`.
   */
  take(buffer: Buffer, start: number, end: number, last: boolean): number;
  readonly waiting: boolean;
  /** Makes room. A promise when that takes time, else undefined. */
  settle(): Promise<void> | undefined;
}

/** A packet that is followed by another of the same payload. */
export const fullPacket = 0xffffff;
/** Replies kept whole may not be larger: no statement of this engine's own answers more. */
const maxReplyBytes = 64 * 1024 * 1024;

/** What the next packet of an exchange is numbered, whoever sends it. */
export interface Sequence {
  next: number;
}

export class PacketReader {
  readonly #rows: () => RowConsumer | undefined;
  readonly #whole: (payload: Buffer) => void;
  readonly #sequence: Sequence;

  // The packet being read.
  readonly #header = Buffer.alloc(4);
  #headerBytes = 0;
  #left = 0;
  #continues = false;
  #collected: Buffer[] = [];
  #collectedBytes = 0;
  #midRow = false;

  constructor(sequence: Sequence, rows: () => RowConsumer | undefined, whole: (payload: Buffer) => void) {
    this.#sequence = sequence;
    this.#rows = rows;
    this.#whole = whole;
  }

  /**
   * Reads buffer[start, end): bytes of rows go to `rows()` when it gives a consumer, other packets whole to `whole`. Stops early when
   * the consumer waits; returns where.
   */
  read(buffer: Buffer, start: number, end: number): number {
    let at = start;
    while (at < end || (this.#headerBytes === 4 && this.#left === 0)) {
      const rows = this.#betweenRows() ? this.#rows() : undefined;
      if (rows !== undefined) {
        at = rows.wholeRows(buffer, at, end);
        if (rows.waiting || at === end) return at;
      }
      if (this.#headerBytes < 4) {
        at = this.#readHeader(buffer, at, end);
        if (this.#headerBytes < 4) return at;
        if (this.#left > 0 && at === end) return at;
      }
      const stop = Math.min(end, at + this.#left);
      const consumer = this.#rows();
      if (consumer !== undefined && this.#isRow(buffer, at, stop)) {
        const last = stop - at === this.#left && !this.#continues;
        const taken = consumer.take(buffer, at, stop, last);
        this.#left -= taken - at;
        this.#midRow = true;
        at = taken;
        if (taken === stop && this.#left === 0) this.#endPart(last);
        if (taken < stop || consumer.waiting) return at;
      } else {
        at = this.#collect(buffer, at, stop);
      }
    }
    return at;
  }

  #betweenRows(): boolean {
    return this.#headerBytes === 0 && !this.#midRow && this.#collectedBytes === 0;
  }

  #readHeader(buffer: Buffer, at: number, end: number): number {
    if (this.#headerBytes === 0 && end - at >= 4) {
      const length =
        (buffer[at] as number) | ((buffer[at + 1] as number) << 8) | ((buffer[at + 2] as number) << 16);
      this.#headerBytes = 4;
      this.#begin(length, buffer[at + 3] as number);
      return at + 4;
    }
    const take = Math.min(4 - this.#headerBytes, end - at);
    buffer.copy(this.#header, this.#headerBytes, at, at + take);
    this.#headerBytes += take;
    if (this.#headerBytes === 4) this.#begin(this.#header.readUIntLE(0, 3), this.#header[3] as number);
    return at + take;
  }

  #begin(length: number, number: number): void {
    this.#left = length;
    this.#continues = length === fullPacket;
    this.#sequence.next = (number + 1) & 0xff;
  }

  /** Is the packet at hand part of a row? An end or error packet is told by its first byte and its length. */
  #isRow(buffer: Buffer, at: number, stop: number): boolean {
    if (this.#midRow) return true;
    if (this.#collectedBytes > 0 || stop === at) return false;
    const first = buffer[at];
    return first !== 0xff && !(first === 0xfe && this.#left < 9);
  }

  #endPart(rowEnds: boolean): void {
    this.#headerBytes = 0;
    if (rowEnds) this.#midRow = false;
  }

  #collect(buffer: Buffer, at: number, stop: number): number {
    this.#collected.push(Buffer.from(buffer.subarray(at, stop)));
    this.#collectedBytes += stop - at;
    if (this.#collectedBytes > maxReplyBytes) throw new Error('the server sent a reply that is too large');
    this.#left -= stop - at;
    if (this.#left > 0) return stop;
    this.#headerBytes = 0;
    if (this.#continues) return stop;
    const payload = this.#collected.length === 1 ? this.#collected[0] : Buffer.concat(this.#collected);
    this.#collected = [];
    this.#collectedBytes = 0;
    this.#whole(payload ?? Buffer.alloc(0));
    return stop;
  }
}

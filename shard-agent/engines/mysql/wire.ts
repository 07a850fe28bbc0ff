/**
 * One connection, spoken to on its socket. Replies to ordinary statements are small and kept whole; the rows of
 * `stream` go through as the bytes come, so that a value of any size needs no memory; `loadLocal` sends a stream as
 * the answer to the server's request for a local file.
 */
import type net from 'node:net';
import { ConnectionLost, type ServerError } from './failure.ts';
import { type Endpoint, type OpenSocket, type Purpose, openSocket } from './handshake.ts';
import {
  columnName,
  endHasMore,
  isEnd,
  type OkPacket,
  parseError,
  parseOk,
  parseRow,
  readLength,
} from './packets.ts';

/** Takes the rows of one `stream`, in pieces of packets. */
export interface RowConsumer {
  /**
   * Takes bytes of the current row from buffer[start, end) and returns where it stopped. Less than `end`, or
   * `waiting` set, means: call `settle`, then go on from there. `last`: the row ends at `end`.
   */
  take(buffer: Buffer, start: number, end: number, last: boolean): number;
  readonly waiting: boolean;
  /** Makes room. A promise when that takes time, else undefined. */
  settle(): Promise<void> | undefined;
}

export interface ResultSet {
  readonly columns: readonly string[];
  readonly rows: readonly (readonly (Buffer | null)[])[];
  readonly ok: OkPacket | undefined;
}

interface Command {
  readonly send: () => void;
  /** A whole packet that is no row of a stream. Returns true when the command is done. */
  packet(payload: Buffer): boolean;
  readonly consumer: RowConsumer | undefined;
  fail(error: Error): void;
}

const maxPacket = 0xffffff;
/** Replies kept whole may not be larger: no statement of this engine's own answers more. */
const maxReplyBytes = 64 * 1024 * 1024;
/** A read shorter than this, on TCP, in the middle of rows, is worth waiting for more. */
const shortReadBytes = 256 * 1024;
const coalesceAfterBytes = 128 * 1024;

export class Wire {
  readonly threadId: number;
  readonly serverVersion: string;
  /** Resolves, with the reason, when the connection is gone. */
  readonly gone: Promise<Error>;

  readonly #socket: net.Socket;
  readonly #tcp: boolean;
  readonly #queue: Command[] = [];
  #current: Command | undefined;
  #lost: Error | undefined;
  #reportGone: (reason: Error) => void = () => undefined;

  // The packet being read.
  readonly #header = Buffer.alloc(4);
  #headerBytes = 0;
  #left = 0;
  #continues = false;
  #collected: Buffer[] = [];
  #collectedBytes = 0;
  #midRow = false;
  #sequence = 0;
  #rowsOpen = false;
  #streamed = 0;

  static async open(endpoint: Endpoint, purpose: Purpose, bulk = false): Promise<Wire> {
    return new Wire(await openSocket(endpoint, purpose, bulk));
  }

  private constructor(open: OpenSocket) {
    this.threadId = open.threadId;
    this.serverVersion = open.serverVersion;
    this.#socket = open.socket;
    this.#tcp = open.tcp;
    this.gone = new Promise((resolve) => {
      this.#reportGone = resolve;
    });
    this.#socket.on('error', (error) => this.#lose(new ConnectionLost(error.message, { cause: error })));
    this.#socket.on('end', () => this.#lose(new ConnectionLost('the server closed the connection')));
    this.#socket.on('close', () => this.#lose(new ConnectionLost('the connection was closed')));
    open.setHandler((buffer, length) => this.#piece(buffer, 0, length));
  }

  get alive(): boolean {
    return this.#lost === undefined;
  }

  /** Rows as objects of text. `encoding` latin1 keeps every byte. */
  async query(
    sql: string | Buffer,
    encoding: 'utf8' | 'latin1' = 'utf8',
  ): Promise<Record<string, string | null>[]> {
    const results = await this.results(sql);
    const last = results.at(-1);
    if (last === undefined) return [];
    return last.rows.map((row) =>
      Object.fromEntries(last.columns.map((name, index) => [name, row[index]?.toString(encoding) ?? null])),
    );
  }

  /** The first column of the first row, or undefined without rows. */
  async value(sql: string): Promise<string | null | undefined> {
    const row = (await this.results(sql)).at(-1)?.rows[0];
    return row === undefined ? undefined : (row[0]?.toString('utf8') ?? null);
  }

  /** A statement without rows. */
  async run(sql: string | Buffer): Promise<OkPacket> {
    const ok = (await this.results(sql)).at(-1)?.ok;
    return ok ?? { affectedRows: 0, warnings: 0, info: '', moreResults: false };
  }

  /**
   * All result sets of one packet of SQL. When the connection is idle, the packet is handed to the kernel before this
   * returns. `onResult` is called as each result set ends.
   */
  results(sql: string | Buffer, onResult?: () => void): Promise<ResultSet[]> {
    return new Promise((resolve, reject) => {
      const reader = new ResultReader(onResult);
      this.#enqueue({
        send: () => this.#sendQuery(sql),
        consumer: undefined,
        packet: (payload) => {
          const outcome = reader.packet(payload);
          if (outcome === 'more') return false;
          if (outcome === 'done') resolve(reader.results);
          else reject(outcome);
          return true;
        },
        fail: reject,
      });
    });
  }

  /** One SELECT whose rows go to `consumer`. Resolves when all have been taken. */
  stream(sql: string, consumer: RowConsumer): Promise<void> {
    return new Promise((resolve, reject) => {
      let columns = -1;
      let seen = 0;
      this.#enqueue({
        send: () => this.#sendQuery(sql),
        consumer,
        packet: (payload) => {
          if (payload[0] === 0xff) {
            reject(parseError(payload));
            return true;
          }
          if (columns === -1) {
            columns = readLength(payload, 0).value ?? 0;
            return false;
          }
          if (seen < columns) {
            seen += 1;
            return false;
          }
          if (!this.#rowsOpen) {
            this.#rowsOpen = true;
            return false;
          }
          resolve();
          return true;
        },
        fail: reject,
      });
    });
  }

  /**
   * LOAD DATA LOCAL with `source` as the file, whatever file the server asks for. When the source fails, the file is
   * ended there and the source's error thrown after the server's answer: the caller rolls back.
   */
  loadLocal(sql: string, source: AsyncIterable<Uint8Array>): Promise<OkPacket> {
    return new Promise((resolve, reject) => {
      let sourceError: Error | undefined;
      let asked = false;
      let sent = false;
      this.#enqueue({
        send: () => this.#sendQuery(sql),
        consumer: undefined,
        packet: (payload) => {
          if (payload[0] === 0xff) {
            reject(sourceError ?? parseError(payload));
            // Said in the middle of the file: what is still being sent would be taken for something else.
            if (asked && !sent) this.#lose(new ConnectionLost('the server broke off a load'));
            return true;
          }
          if (payload[0] === 0xfb && !asked) {
            asked = true;
            this.#sendFile(source, (error) => {
              sourceError = error;
            }).then(
              () => {
                sent = true;
              },
              (error: Error) => this.#lose(error),
            );
            return false;
          }
          if (sourceError !== undefined) reject(sourceError);
          else resolve(parseOk(payload));
          return true;
        },
        fail: reject,
      });
    });
  }

  /** Says good-bye and resolves when the socket is closed. Never throws. */
  async close(): Promise<void> {
    if (this.#lost === undefined && this.#current === undefined) {
      this.#sequence = 0;
      this.#writePacket(Buffer.from([0x01]));
      this.#socket.end();
    } else {
      this.#socket.destroy();
    }
    if (!this.#socket.closed) {
      const timer = setTimeout(() => this.#socket.destroy(), 1_000);
      await new Promise<void>((resolve) => this.#socket.once('close', () => resolve()));
      clearTimeout(timer);
    }
    this.#lose(new ConnectionLost('the connection was closed'));
  }

  /** Breaks the connection at once: the server rolls back and releases what the session held. */
  destroy(reason = 'the connection was given up'): void {
    this.#lose(new ConnectionLost(reason));
  }

  #enqueue(command: Command): void {
    if (this.#lost !== undefined) {
      command.fail(this.#lost);
      return;
    }
    this.#queue.push(command);
    if (this.#current === undefined) this.#next();
  }

  #next(): void {
    this.#current = this.#queue.shift();
    this.#rowsOpen = false;
    this.#streamed = 0;
    this.#sequence = 0;
    this.#current?.send();
  }

  #sendQuery(sql: string | Buffer): void {
    const text = typeof sql === 'string' ? Buffer.from(sql, 'utf8') : sql;
    const payload = Buffer.allocUnsafe(text.length + 1);
    payload[0] = 0x03;
    text.copy(payload, 1);
    this.#writePacket(payload);
  }

  /** Splits at 16 MiB; a payload that fills its last packet is followed by an empty one. */
  #writePacket(payload: Uint8Array): boolean {
    let room = true;
    for (let at = 0; ; at += maxPacket) {
      const part = payload.subarray(at, at + maxPacket);
      room = this.#writePart(part);
      if (part.length < maxPacket) return room;
    }
  }

  #writePart(part: Uint8Array): boolean {
    const header = Buffer.allocUnsafe(4);
    header.writeUIntLE(part.length, 0, 3);
    header[3] = this.#sequence;
    this.#sequence = (this.#sequence + 1) & 0xff;
    if (part.length < 1024) return this.#socket.write(Buffer.concat([header, part]));
    this.#socket.cork();
    this.#socket.write(header);
    const room = this.#socket.write(part);
    this.#socket.uncork();
    return room;
  }

  async #sendFile(source: AsyncIterable<Uint8Array>, failed: (error: Error) => void): Promise<void> {
    const whole = maxPacket - 1;
    try {
      for await (const piece of source) {
        for (let at = 0; at < piece.length; at += whole) {
          if (this.#lost !== undefined) return;
          if (!this.#writePart(piece.subarray(at, at + whole))) await this.#drained();
        }
      }
    } catch (error) {
      failed(error instanceof Error ? error : new Error(String(error)));
    }
    if (this.#lost === undefined) this.#writePart(new Uint8Array(0));
  }

  async #drained(): Promise<void> {
    await new Promise<void>((resolve) => {
      const done = (): void => {
        this.#socket.off('drain', done);
        this.#socket.off('close', done);
        resolve();
      };
      this.#socket.on('drain', done);
      this.#socket.on('close', done);
    });
  }

  /** Reads packets from buffer[start, end). False: the socket is paused, and this method resumes it. */
  #piece(buffer: Buffer, start: number, end: number, resumed = false): boolean {
    let at = start;
    try {
      for (;;) {
        at = this.#packets(buffer, at, end);
        const consumer = this.#current?.consumer;
        if (at === end && consumer?.waiting !== true) break;
        const wait = consumer?.settle();
        if (wait !== undefined) {
          void wait.then(
            () => {
              if (this.#piece(buffer, at, end, true)) this.#socket.resume();
            },
            (error: Error) => this.#failCurrent(error),
          );
          return false;
        }
      }
    } catch (error) {
      this.#failCurrent(error instanceof Error ? error : new Error(String(error)));
      return true;
    }
    return !resumed && this.#worthWaiting(end - start) ? this.#pauseBriefly() : true;
  }

  /**
   * Servers send about 8 KiB at a time. Waiting a moment after a short read lets the kernel's buffer fill, which saves
   * most of the wake-ups; over a unix socket that buffer is too small to gain anything.
   */
  #worthWaiting(length: number): boolean {
    if (!this.#tcp || !this.#rowsOpen || this.#current?.consumer === undefined) return false;
    this.#streamed += length;
    return this.#streamed > coalesceAfterBytes && length < shortReadBytes;
  }

  #pauseBriefly(): boolean {
    setTimeout(() => this.#socket.resume(), 1);
    return false;
  }

  /** The consumer failed or the server speaks nonsense: nothing more can be read in order. */
  #failCurrent(error: Error): void {
    const command = this.#current;
    this.#current = undefined;
    command?.fail(error);
    this.#lose(new ConnectionLost(error.message, { cause: error }));
  }

  #packets(buffer: Buffer, start: number, end: number): number {
    let at = start;
    while (at < end || (this.#headerBytes === 4 && this.#left === 0)) {
      if (this.#headerBytes < 4) {
        at = this.#readHeader(buffer, at, end);
        if (this.#headerBytes < 4) return at;
        if (this.#left > 0 && at === end) return at;
      }
      const stop = Math.min(end, at + this.#left);
      const consumer = this.#rowsOpen ? this.#current?.consumer : undefined;
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

  #readHeader(buffer: Buffer, at: number, end: number): number {
    const take = Math.min(4 - this.#headerBytes, end - at);
    buffer.copy(this.#header, this.#headerBytes, at, at + take);
    this.#headerBytes += take;
    if (this.#headerBytes === 4) {
      this.#left = this.#header.readUIntLE(0, 3);
      this.#continues = this.#left === maxPacket;
      this.#sequence = ((this.#header[3] ?? 0) + 1) & 0xff;
    }
    return at + take;
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
    this.#dispatch(payload ?? Buffer.alloc(0));
    return stop;
  }

  #dispatch(payload: Buffer): void {
    if (this.#current === undefined) {
      // Said without being asked: why the connection is about to end.
      const reason: ServerError | undefined = payload[0] === 0xff ? parseError(payload) : undefined;
      this.#lose(new ConnectionLost(reason?.message ?? 'the server spoke without being asked'));
      return;
    }
    if (this.#current.packet(payload)) this.#next();
  }

  #lose(reason: Error): void {
    if (this.#lost !== undefined) return;
    this.#lost = reason;
    this.#socket.destroy();
    const waiting = [this.#current, ...this.#queue];
    this.#current = undefined;
    this.#queue.length = 0;
    for (const command of waiting) command?.fail(reason);
    this.#reportGone(reason);
  }
}

/** Collects result sets packet by packet. */
class ResultReader {
  readonly results: ResultSet[] = [];
  readonly #onResult: (() => void) | undefined;
  #expected = -1;
  #columns: string[] = [];
  #rows: (Buffer | null)[][] | undefined;

  constructor(onResult: (() => void) | undefined) {
    this.#onResult = onResult;
  }

  packet(payload: Buffer): 'more' | 'done' | Error {
    if (payload[0] === 0xff) return parseError(payload);
    if (this.#expected === -1) return this.#first(payload);
    if (this.#columns.length < this.#expected) {
      this.#columns.push(columnName(payload));
      return 'more';
    }
    if (this.#rows === undefined) {
      this.#rows = [];
      return 'more';
    }
    if (!isEnd(payload)) {
      this.#rows.push(parseRow(payload, this.#expected));
      return 'more';
    }
    return this.#end({ columns: this.#columns, rows: this.#rows, ok: undefined }, endHasMore(payload));
  }

  #first(payload: Buffer): 'more' | 'done' | Error {
    if (payload[0] === 0xfb) return new Error('the server asked for a local file it may not have');
    if (payload[0] === 0x00) {
      const ok = parseOk(payload);
      return this.#end({ columns: [], rows: [], ok }, ok.moreResults);
    }
    this.#expected = readLength(payload, 0).value ?? 0;
    return 'more';
  }

  #end(result: ResultSet, more: boolean): 'more' | 'done' {
    this.results.push(result);
    this.#expected = -1;
    this.#columns = [];
    this.#rows = undefined;
    this.#onResult?.();
    return more ? 'more' : 'done';
  }
}

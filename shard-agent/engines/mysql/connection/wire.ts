/**
 * One connection, spoken to on its socket. Replies to ordinary statements are small and kept whole; the rows of
 * `stream` go through as the bytes come, so that a value of any size needs no memory; `loadLocal` sends a stream as
 * the answer to the server's request for a local file.
 */
import type net from 'node:net';
import { ConnectionLost, type ServerError } from './failure.ts';
import { sightThread } from './probe.ts';
import { type Awaited, StallWatch, statementWords } from '../../../stall-watch.ts';
import { type Endpoint, type OpenSocket, type Purpose, openSocket } from './handshake.ts';
import { PacketReader, type RowConsumer, type Sequence } from './packet-reader.ts';
import { PacketWriter } from './packet-writer.ts';
import { type OkPacket, parseError, parseOk, readLength } from './packets.ts';
import { ResultReader, type ResultSet } from './result-reader.ts';

interface Command {
  /** The statement, for a message. */
  readonly sql: string | Buffer;
  readonly send: () => void;
  /** A whole packet that is no row of a stream. Returns true when the command is done. */
  packet(payload: Buffer): boolean;
  readonly consumer: RowConsumer | undefined;
  fail(error: Error): void;
}

/** A read shorter than this, on TCP, in the middle of rows, is worth waiting for more. */
const shortReadBytes = 256 * 1024;
const coalesceAfterBytes = 128 * 1024;

export class Wire {
  readonly threadId: number;
  readonly serverVersion: string;
  /** Resolves, with the reason, when the connection is gone. */
  readonly gone: Promise<Error>;

  readonly #socket: net.Socket;
  readonly #fills: boolean;
  readonly #queue: Command[] = [];
  #current: Command | undefined;
  #lost: Error | undefined;
  #reportGone: (reason: Error) => void = () => undefined;

  readonly #sequence: Sequence = { next: 0 };
  readonly #packets: PacketReader;
  readonly #writer: PacketWriter;
  #rowsOpen = false;
  #streamed = 0;
  /** While the consumer of rows takes its time, the server waits for us. */
  #consumerTakes = false;
  #watch: StallWatch | undefined;

  static async open(endpoint: Endpoint, purpose: Purpose, bulk = false): Promise<Wire> {
    const wire = new Wire(await openSocket(endpoint, purpose, bulk));
    wire.#watchOver(endpoint);
    return wire;
  }

  private constructor(open: OpenSocket) {
    this.threadId = open.threadId;
    this.serverVersion = open.serverVersion;
    this.#socket = open.socket;
    this.#fills = open.fills;
    this.#writer = new PacketWriter(this.#socket, this.#sequence);
    this.#packets = new PacketReader(
      this.#sequence,
      () => (this.#rowsOpen ? this.#current?.consumer : undefined),
      (payload) => this.#dispatch(payload),
    );
    this.gone = new Promise((resolve) => {
      this.#reportGone = resolve;
    });
    this.#socket.on('error', (error) => this.#lose(new ConnectionLost(error.message, { cause: error })));
    this.#socket.on('end', () => this.#lose(new ConnectionLost('the server closed the connection')));
    this.#socket.on('close', () => this.#lose(new ConnectionLost('the connection was closed')));
    open.setHandler((buffer, length) => this.#piece(buffer, 0, length));
  }

  /** Gives the connection up when the server falls silent. */
  #watchOver(endpoint: Endpoint): void {
    const { host, port, stallLimitMs } = endpoint;
    this.#watch = new StallWatch(stallLimitMs, {
      subject: host.startsWith('/') ? host : `${host}:${port}`,
      progress: () => this.#socket.bytesRead + this.#socket.bytesWritten - this.#socket.writableLength,
      awaited: () => this.#awaited(),
      probe: (signal) =>
        sightThread(
          this.threadId,
          signal,
          async () => new Wire(await openSocket(endpoint, { name: 'probe' }, false)),
        ),
      stalled: (error) => this.#lose(error),
    });
  }

  #awaited(): Awaited | undefined {
    if (this.#current === undefined || this.#consumerTakes || this.#writer.awaitsSource) return undefined;
    return { doing: statementWords(String(this.#current.sql)), flowing: false };
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
        sql,
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
        sql,
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
        sql,
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
            this.#writer
              .sendFile(source, (error) => {
                sourceError = error;
              })
              .then(
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
      this.#sequence.next = 0;
      this.#writer.writePacket(Buffer.from([0x01]));
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
    this.#sequence.next = 0;
    this.#current?.send();
  }

  #sendQuery(sql: string | Buffer): void {
    const text = typeof sql === 'string' ? Buffer.from(sql, 'utf8') : sql;
    const payload = Buffer.allocUnsafe(text.length + 1);
    payload[0] = 0x03;
    text.copy(payload, 1);
    this.#writer.writePacket(payload);
  }

  /** Reads packets from buffer[start, end). False: the socket is paused, and this method resumes it. */
  #piece(buffer: Buffer, start: number, end: number, resumed = false): boolean {
    let at = start;
    try {
      for (;;) {
        at = this.#packets.read(buffer, at, end);
        const consumer = this.#current?.consumer;
        if (at === end && consumer?.waiting !== true) break;
        const wait = consumer?.settle();
        if (wait !== undefined) {
          this.#consumerTakes = true;
          void wait.then(
            () => {
              this.#consumerTakes = false;
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
    if (!this.#fills || !this.#rowsOpen || this.#current?.consumer === undefined) return false;
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
    this.#watch?.end();
    this.#socket.destroy();
    const waiting = [this.#current, ...this.#queue];
    this.#current = undefined;
    this.#queue.length = 0;
    for (const command of waiting) command?.fail(reason);
    this.#reportGone(reason);
  }
}

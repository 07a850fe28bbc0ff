/** COPY on the wire: rows out of the server into a sink, a source's bytes into the server. Both in bounded memory. */
import { TidemarkError } from '../../../proto/errors.ts';
import type { RawSink } from '../../engine.ts';
import {
  copyDataHeader,
  copyDoneMessage,
  copyFailMessage,
  Deframer,
  queryMessage,
  ServerError,
  type Wire,
} from './wire.ts';

const type = {
  commandComplete: 0x43,
  copyIn: 0x47,
  copyOut: 0x48,
  error: 0x45,
  ready: 0x5a,
} as const;

/** A row boundary is offered to the sink about this often. */
const segmentBytes = 64 << 10;

interface Segment {
  end: number;
  rows: number;
}

/**
 * Runs `COPY … TO STDOUT` and resolves with the number of rows, as counted here and confirmed by the server. Ends a
 * chunk at the first row boundary after the sink is full, and one at the end unless nothing came since the last.
 * Throws a ServerError when the server refused (the session can go on) and anything else when the connection must be
 * given up: the sink's own error, the signal, a lost connection.
 */
export async function copyOut(wire: Wire, sql: string, sink: RawSink, signal: AbortSignal): Promise<number> {
  const outlet = new Outlet(sink);
  try {
    await new Promise<void>((resolve, reject) => {
      const abort = (): void => reject(interrupted());
      signal.addEventListener('abort', abort, { once: true });
      const settle = (action: () => void): void => {
        signal.removeEventListener('abort', abort);
        action();
      };
      if (signal.aborted) abort();
      wire.take(
        (bytes) => {
          try {
            const wait = outlet.push(bytes)?.catch((error: unknown) => settle(() => reject(error)));
            if (outlet.ready) {
              if (wait === undefined) settle(resolve);
              else void wait.then(() => settle(resolve));
            }
            return { wait, more: !outlet.ready };
          } catch (error) {
            settle(() => reject(error));
            return { more: false };
          }
        },
        (error) => settle(() => reject(error)),
      );
      wire.socket.write(queryMessage(sql));
    });
  } finally {
    wire.release();
  }
  return outlet.finish();
}

/** Rows as they come off the wire: payloads are moved together in the read buffer and go to the sink in segments. */
class Outlet {
  readonly #sink: RawSink;
  readonly #deframer: Deframer;
  /** Within the buffer being read: how far payloads reach, and where segments end. */
  #reach = 0;
  #segments: Segment[] = [];
  #rowsInSegment = 0;
  #segmentStart = 0;
  #boundary = 0;
  #rows = 0;
  #rowsInChunk = 0;
  #tag = '';
  #error: ServerError | undefined;
  ready = false;

  constructor(sink: RawSink) {
    this.#sink = sink;
    this.#deframer = new Deframer(
      (bytes, start, end, rowEnds) => this.#payload(bytes, start, end, rowEnds),
      (kind, body) => this.#message(kind, body),
    );
  }

  push(bytes: Buffer): Promise<void> | undefined {
    this.#reach = 0;
    this.#segmentStart = 0;
    this.#boundary = 0;
    this.#segments = [];
    this.#deframer.push(bytes);
    if (this.#rowsInSegment > 0) this.#endSegment();
    return this.#drain(bytes, 0, 0, this.#reach);
  }

  #payload(bytes: Buffer, start: number, end: number, rowEnds: boolean): void {
    if (start !== this.#reach) bytes.copyWithin(this.#reach, start, end);
    this.#reach += end - start;
    if (!rowEnds) return;
    this.#rowsInSegment += 1;
    this.#boundary = this.#reach;
    if (this.#boundary - this.#segmentStart >= segmentBytes) this.#endSegment();
  }

  #endSegment(): void {
    this.#segments.push({ end: this.#boundary, rows: this.#rowsInSegment });
    this.#rowsInSegment = 0;
    this.#segmentStart = this.#boundary;
  }

  /** Gives [start, reach) to the sink. Synchronous as long as the sink is. */
  #drain(bytes: Buffer, from: number, start: number, reach: number): Promise<void> | undefined {
    let at = start;
    for (let index = from; index < this.#segments.length; index += 1) {
      const { end, rows } = this.#segments[index] as Segment;
      const wait = this.#sink.append(bytes, at, end);
      at = end;
      this.#rows += rows;
      this.#rowsInChunk += rows;
      if (wait !== undefined || this.#sink.full) return this.#drainLater(bytes, index + 1, at, reach, wait);
    }
    return at < reach ? this.#sink.append(bytes, at, reach) : undefined;
  }

  async #drainLater(
    bytes: Buffer,
    from: number,
    start: number,
    reach: number,
    wait: Promise<void> | undefined,
  ): Promise<void> {
    await wait;
    if (this.#sink.full) await this.#endChunk();
    await this.#drain(bytes, from, start, reach);
  }

  async #endChunk(): Promise<void> {
    const rows = this.#rowsInChunk;
    this.#rowsInChunk = 0;
    await this.#sink.endChunk(rows);
  }

  #message(kind: number, body: Buffer): void {
    if (kind === type.error) this.#error = new ServerError(body);
    else if (kind === type.commandComplete) this.#tag = body.toString('latin1', 0, body.length - 1);
    else if (kind === type.ready) this.ready = true;
  }

  async finish(): Promise<number> {
    if (this.#error !== undefined) throw this.#error;
    if (this.#tag !== `COPY ${this.#rows}`) {
      throw new Error(`counted ${this.#rows} rows where the server says: ${this.#tag}`);
    }
    if (this.#rowsInChunk > 0) await this.#endChunk();
    return this.#rows;
  }
}

/**
 * Runs `COPY … FROM STDIN` with the source's bytes and resolves with the rows the server says it took. When the source
 * throws, the server is told that the copy failed, and the source's error is thrown; the session can go on, its
 * transaction has failed. Throws a ServerError when the server refused.
 */
export async function copyIn(
  wire: Wire,
  sql: string,
  source: AsyncIterable<Uint8Array>,
  signal: AbortSignal,
): Promise<number> {
  const inlet = new Inlet(wire, signal);
  try {
    await inlet.begin(sql);
    let failure: { error: unknown } | undefined;
    try {
      for await (const piece of source) {
        if (inlet.ended) break;
        await inlet.send(piece);
      }
    } catch (error) {
      failure = { error };
    }
    await inlet.end(failure === undefined ? copyDoneMessage : copyFailMessage('the source broke off'));
    if (failure !== undefined) throw failure.error;
    return inlet.rows();
  } finally {
    inlet.release();
  }
}

class Inlet {
  readonly #wire: Wire;
  readonly #signal: AbortSignal;
  readonly #abort = (): void => this.#fail(interrupted());
  #tag = '';
  #error: ServerError | undefined;
  #lost: Error | undefined;
  #asked = false;
  #ready = false;
  #wake: (() => void) | undefined;

  constructor(wire: Wire, signal: AbortSignal) {
    this.#wire = wire;
    this.#signal = signal;
    const deframer = new Deframer(
      () => undefined,
      (kind, body) => this.#message(kind, body),
    );
    signal.addEventListener('abort', this.#abort, { once: true });
    if (signal.aborted) this.#abort();
    wire.take(
      (bytes) => {
        deframer.push(bytes);
        return { more: false };
      },
      (error) => this.#fail(error),
    );
  }

  /** True when the server wants no more: it has refused. */
  get ended(): boolean {
    return this.#error !== undefined;
  }

  async begin(sql: string): Promise<void> {
    this.#wire.socket.write(queryMessage(sql));
    await this.#until(() => this.#asked || this.#ready);
    if (this.#error !== undefined) {
      await this.#until(() => this.#ready);
      throw this.#error;
    }
  }

  /** Resolves when the kernel has the bytes, so that the piece may be reused and no more than one is in memory. */
  async send(piece: Uint8Array): Promise<void> {
    const { socket } = this.#wire;
    let sent = false;
    socket.cork();
    socket.write(copyDataHeader(piece.length));
    socket.write(piece, () => {
      sent = true;
      this.#wake?.();
    });
    socket.uncork();
    await this.#until(() => sent || this.ended);
  }

  async end(message: Buffer): Promise<void> {
    if (!this.ended) this.#wire.socket.write(message);
    await this.#until(() => this.#ready);
  }

  rows(): number {
    if (this.#error !== undefined) throw this.#error;
    const match = /^COPY (\d+)$/.exec(this.#tag);
    if (match === null) throw new Error(`COPY ended with: ${this.#tag}`);
    return Number(match[1]);
  }

  release(): void {
    this.#signal.removeEventListener('abort', this.#abort);
    this.#wire.release();
  }

  #message(kind: number, body: Buffer): void {
    if (kind === type.error) this.#error ??= new ServerError(body);
    else if (kind === type.commandComplete) this.#tag = body.toString('latin1', 0, body.length - 1);
    else if (kind === type.copyIn) this.#asked = true;
    else if (kind === type.ready) this.#ready = true;
    this.#wake?.();
  }

  #fail(error: Error): void {
    this.#lost ??= error;
    this.#wake?.();
  }

  async #until(true_: () => boolean): Promise<void> {
    while (!true_()) {
      if (this.#lost !== undefined) throw this.#lost;
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
  }
}

function interrupted(): TidemarkError {
  return new TidemarkError({
    code: 'interrupted',
    operation: 'copy',
    subject: 'a lane',
    cause: 'the operation was ended',
  });
}

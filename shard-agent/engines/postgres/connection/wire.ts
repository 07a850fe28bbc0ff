/**
 * The socket under a PostgreSQL connection. During handshake and SQL the driver reads it; during a COPY this module
 * does: values pass as they come off the socket and are never held whole.
 *
 * Messages: a type byte, a length of 4 bytes that counts itself, the rest
 * (https://www.postgresql.org/docs/current/protocol-message-formats.html).
 */
import net from 'node:net';
import { TidemarkError } from '../../../../proto/errors.ts';

const readBufferBytes = 1 << 20;
/** Pausing about this long after a short read lets the kernel's buffer fill: fewer and larger reads. TCP only. */
const coalesceMs = 1;

/** Takes what was read. A promise means: wait before the next read. The buffer is reused afterwards. */
type Consumer = (bytes: Buffer) => { wait?: Promise<void> | undefined; more: boolean };

/** A COPY that is under way, for whoever watches that its bytes flow. */
export interface Flow {
  /** For a message: `COPY of public.accounts`. */
  readonly doing: string;
  /** True while the server must give or take the next byte, false while it waits for us. */
  readonly awaitsServer: () => boolean;
}

export interface Wire {
  readonly socket: net.Socket;
  /** From now on the consumer reads, the driver does not. Failures of the connection go to `failed`. */
  take(consumer: Consumer, failed: (error: Error) => void, flow: Flow): void;
  /** The driver reads again. */
  release(): void;
}

/** The session's side of it. */
export interface SessionWire extends Wire {
  /** Undefined while the driver reads. */
  readonly flow: Flow | undefined;
}

/** A socket, not yet connected, to be handed to the driver as its stream. */
export function openWire(options: { coalesce: boolean }): SessionWire {
  let flow: Flow | undefined;
  let consumer: Consumer | undefined;
  let failed: ((error: Error) => void) | undefined;
  const received = (count: number, buffer: Uint8Array): boolean => {
    const bytes = Buffer.from(buffer.buffer, buffer.byteOffset, count);
    if (consumer === undefined) {
      // The driver's parser may keep what it is given.
      socket.emit('data', Buffer.from(bytes));
      return true;
    }
    const { wait, more } = consumer(bytes);
    if (wait !== undefined) {
      wait.then(
        () => socket.resume(),
        (error: unknown) => socket.destroy(error instanceof Error ? error : new Error(String(error))),
      );
      return false;
    }
    if (!options.coalesce || !more || count > readBufferBytes / 2) return true;
    setTimeout(() => socket.resume(), coalesceMs);
    return false;
  };
  const socket = new net.Socket({
    onread: { buffer: Buffer.allocUnsafeSlow(readBufferBytes), callback: received },
  });
  socket.on('error', (error) => failed?.(error));
  socket.on('close', () => failed?.(new Error('the server closed the connection')));
  return {
    socket,
    get flow() {
      return flow;
    },
    take(next, onFailure, nextFlow) {
      if (socket.destroyed) {
        onFailure(new Error('the connection is closed'));
        return;
      }
      consumer = next;
      failed = onFailure;
      flow = nextFlow;
    },
    release() {
      flow = undefined;
      consumer = undefined;
      failed = undefined;
    },
  };
}

/** Type bytes of the messages a server sends that matter to a COPY. */
export const messageType = {
  commandComplete: 0x43,
  copyData: 0x64,
  copyIn: 0x47,
  error: 0x45,
  ready: 0x5a,
} as const;

/** A COPY was ended by its signal. */
export function interrupted(): TidemarkError {
  return new TidemarkError({
    code: 'interrupted',
    operation: 'copy',
    subject: 'a lane',
    cause: 'the operation was ended',
  });
}

/** A Query message. */
export function queryMessage(sql: string): Buffer {
  const text = Buffer.from(sql, 'utf8');
  const message = Buffer.allocUnsafe(text.length + 6);
  message[0] = 0x51; // Q
  message.writeInt32BE(text.length + 5, 1);
  text.copy(message, 5);
  message[message.length - 1] = 0;
  return message;
}

/** The five bytes before `length` bytes of CopyData. */
export function copyDataHeader(length: number): Buffer {
  const header = Buffer.allocUnsafe(5);
  header[0] = 0x64; // d
  header.writeInt32BE(length + 4, 1);
  return header;
}

export const copyDoneMessage = Buffer.from([0x63, 0, 0, 0, 4]);

export function copyFailMessage(reason: string): Buffer {
  const text = Buffer.from(reason, 'utf8');
  const message = Buffer.allocUnsafe(text.length + 6);
  message[0] = 0x66; // f
  message.writeInt32BE(text.length + 5, 1);
  text.copy(message, 5);
  message[message.length - 1] = 0;
  return message;
}

/** What an ErrorResponse says, in the shape of the driver's errors. */
export class ServerError extends Error {
  readonly code: string;
  readonly detail: string;
  readonly severity: string;
  /** How many statements of the message had been done when one was refused. */
  readonly statementsDone: number;

  constructor(body: Buffer, statementsDone = 0) {
    const fields = new Map<string, string>();
    for (let at = 0; at < body.length && body[at] !== 0; ) {
      const end = body.indexOf(0, at + 1);
      fields.set(String.fromCharCode(body[at] ?? 0), body.toString('utf8', at + 1, end));
      at = end + 1;
    }
    super(fields.get('M') ?? 'the server reported an error without words');
    this.name = 'ServerError';
    this.code = fields.get('C') ?? '';
    this.detail = fields.get('D') ?? '';
    this.statementsDone = statementsDone;
    this.severity = fields.get('V') ?? fields.get('S') ?? '';
  }
}

/** The largest message, CopyData apart, that is taken: an error's text. */
const messageLimitBytes = 1 << 20;

/**
 * Splits a stream of messages that may be cut anywhere. CopyData goes to `data` as it comes, without its header, with the
 * number of bytes of the message that are still to come; everything else is gathered and given to `message`.
 */
export class Deframer {
  readonly #data: (bytes: Buffer, start: number, end: number, left: number) => void;
  readonly #message: (type: number, body: Buffer) => void;
  readonly #header = Buffer.alloc(5);
  #headerHas = 0;
  #left = 0;
  #type = 0;
  #body: Buffer[] = [];

  constructor(
    data: (bytes: Buffer, start: number, end: number, left: number) => void,
    message: (type: number, body: Buffer) => void,
  ) {
    this.#data = data;
    this.#message = message;
  }

  push(bytes: Buffer): void {
    let at = 0;
    const end = bytes.length;
    while (at < end) {
      if (this.#headerHas < 5) {
        if (this.#headerHas === 0 && end - at >= 5) {
          this.#type = bytes[at] ?? 0;
          this.#left = bytes.readInt32BE(at + 1) - 4;
          this.#headerHas = 5;
          at += 5;
        } else {
          at += this.#gatherHeader(bytes, at);
          if (this.#headerHas < 5) return;
        }
        if (this.#left > 0) continue;
        if (this.#type === messageType.copyData) this.#data(bytes, at, at, 0);
        this.#finish();
        continue;
      }
      const take = Math.min(this.#left, end - at);
      this.#left -= take;
      if (this.#type === messageType.copyData) this.#data(bytes, at, at + take, this.#left);
      else this.#gatherBody(bytes, at, take);
      at += take;
      if (this.#left === 0) this.#finish();
    }
  }

  #gatherHeader(bytes: Buffer, at: number): number {
    const took = bytes.copy(
      this.#header,
      this.#headerHas,
      at,
      Math.min(bytes.length, at + 5 - this.#headerHas),
    );
    this.#headerHas += took;
    if (this.#headerHas === 5) {
      this.#type = this.#header[0] ?? 0;
      this.#left = this.#header.readInt32BE(1) - 4;
    }
    return took;
  }

  #gatherBody(bytes: Buffer, at: number, take: number): void {
    if (take + this.#left > messageLimitBytes)
      throw new Error(`a message of ${take + this.#left} bytes from the server`);
    this.#body.push(Buffer.from(bytes.subarray(at, at + take)));
  }

  #finish(): void {
    this.#headerHas = 0;
    if (this.#type === messageType.copyData) return;
    const body = Buffer.concat(this.#body);
    this.#body = [];
    this.#message(this.#type, body);
  }
}

/** Packets onto the socket. */
import type net from 'node:net';
import { fullPacket, type Sequence } from './packet-reader.ts';

export class PacketWriter {
  readonly #socket: net.Socket;
  readonly #sequence: Sequence;
  #awaitsSource = false;

  constructor(socket: net.Socket, sequence: Sequence) {
    this.#socket = socket;
    this.#sequence = sequence;
  }

  /** True in the middle of a file whose next piece is being read: the server waits for us. */
  get awaitsSource(): boolean {
    return this.#awaitsSource;
  }

  /** Splits at 16 MiB; a payload that fills its last packet is followed by an empty one. */
  writePacket(payload: Uint8Array): boolean {
    let room = true;
    for (let at = 0; ; at += fullPacket) {
      const part = payload.subarray(at, at + fullPacket);
      room = this.#writePart(part);
      if (part.length < fullPacket) return room;
    }
  }

  #writePart(part: Uint8Array): boolean {
    const header = Buffer.allocUnsafe(4);
    header.writeUIntLE(part.length, 0, 3);
    header[3] = this.#sequence.next;
    this.#sequence.next = (this.#sequence.next + 1) & 0xff;
    if (part.length < 1024) return this.#socket.write(Buffer.concat([header, part]));
    this.#socket.cork();
    this.#socket.write(header);
    const room = this.#socket.write(part);
    this.#socket.uncork();
    return room;
  }

  /**
   * The packets of a file, ended by an empty one. When the source fails, `failed` is told and the file ended there.
   */
  async sendFile(source: AsyncIterable<Uint8Array>, failed: (error: Error) => void): Promise<void> {
    const whole = fullPacket - 1;
    this.#awaitsSource = true;
    try {
      for await (const piece of source) {
        this.#awaitsSource = false;
        for (let at = 0; at < piece.length; at += whole) {
          if (this.#socket.destroyed) return;
          if (!this.#writePart(piece.subarray(at, at + whole))) await this.#drained();
        }
        this.#awaitsSource = true;
      }
    } catch (error) {
      failed(error instanceof Error ? error : new Error(String(error)));
    } finally {
      this.#awaitsSource = false;
    }
    if (!this.#socket.destroyed) this.#writePart(new Uint8Array(0));
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
}

/** A way to a server that breaks after a given number of messages: what a client's death at that moment looks like from outside. */
import { connect, createServer, type Socket } from 'node:net';
import { once } from 'node:events';

export class CutConnection {
  readonly host = '127.0.0.1';
  readonly port: number;
  readonly #sockets = new Set<Socket>();
  readonly #close: () => Promise<void>;
  #left = Number.POSITIVE_INFINITY;
  #forwarded = false;
  #broken = false;

  private constructor(port: number, close: () => Promise<void>, sockets: Set<Socket>) {
    this.port = port;
    this.#close = close;
    this.#sockets = sockets;
  }

  static async open(to: { readonly host: string; readonly port: number }): Promise<CutConnection> {
    const sockets = new Set<Socket>();
    let way: CutConnection | undefined;
    const server = createServer((near) => {
      const far = connect(to.port, to.host);
      for (const [one, other] of [
        [near, far],
        [far, near],
      ] as const) {
        sockets.add(one);
        one.on('error', () => other.destroy());
        one.on('close', () => {
          sockets.delete(one);
          other.destroy();
        });
      }
      if (way?.broken === true) near.destroy();
      far.pipe(near);
      near.on('data', (message) => {
        if (way?.passes() !== false) far.write(message);
        else if (way.forwarded) far.write(message, () => way?.breakNow());
        else way.breakNow();
      });
    });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const address = server.address();
    if (address === null || typeof address === 'string') throw new Error('no port');
    const close = async (): Promise<void> => {
      for (const socket of sockets) socket.destroy();
      server.close();
      await once(server, 'close');
    };
    way = new CutConnection(address.port, close, sockets);
    return way;
  }

  get broken(): boolean {
    return this.#broken;
  }

  get forwarded(): boolean {
    return this.#forwarded;
  }

  /** Breaks every connection at the client's `n`th message from now on, which reaches the server if `forwarded`. */
  cutAt(n: number, forwarded: boolean): void {
    this.#left = n;
    this.#forwarded = forwarded;
    this.#broken = false;
  }

  /** Lets everything pass again. */
  mend(): void {
    this.cutAt(Number.POSITIVE_INFINITY, false);
  }

  passes(): boolean {
    this.#left -= 1;
    return this.#left > 0;
  }

  breakNow(): void {
    this.#broken = true;
    for (const socket of this.#sockets) socket.destroy();
  }

  close(): Promise<void> {
    return this.#close();
  }
}

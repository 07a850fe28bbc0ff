/** Between the engine and a MySQL or MariaDB server: sees each statement before the server does, and may break the connection there. */
import net from 'node:net';
import type { TestServer } from '../servers/server.ts';

/** What becomes of a statement, and of the connection it came over. */
export type Verdict = 'pass' | 'cut';

export class StatementProxy {
  /** Asked before each statement of every connection, one after the other. */
  decide: (sql: string) => Verdict | Promise<Verdict> = () => 'pass';
  readonly #server: net.Server;
  readonly #sockets = new Set<net.Socket>();

  static async start(target: Pick<TestServer, 'host' | 'port'>): Promise<StatementProxy> {
    const proxy = new StatementProxy(target);
    await new Promise<void>((resolve, reject) => {
      proxy.#server.once('error', reject).listen(0, '127.0.0.1', resolve);
    });
    return proxy;
  }

  private constructor(target: Pick<TestServer, 'host' | 'port'>) {
    this.#server = net.createServer((client) => {
      const server = net.connect({ host: target.host, port: target.port });
      const end = (): void => {
        client.destroy();
        server.destroy();
      };
      for (const socket of [client, server]) {
        this.#sockets.add(socket);
        socket.setNoDelay(true);
        socket.on('error', end);
        socket.on('close', () => {
          this.#sockets.delete(socket);
          end();
        });
      }
      server.on('data', (data) => client.write(data));
      void this.#forward(client, server).then(end, end);
    });
  }

  get port(): number {
    return (this.#server.address() as net.AddressInfo).port;
  }

  async close(): Promise<void> {
    for (const socket of this.#sockets) socket.destroy();
    await new Promise<void>((resolve) => this.#server.close(() => resolve()));
  }

  async #forward(client: net.Socket, server: net.Socket): Promise<void> {
    let rest = Buffer.alloc(0);
    for await (const data of client) {
      rest = Buffer.concat([rest, data as Buffer]);
      while (rest.length >= 4) {
        const end = 4 + rest.readUIntLE(0, 3);
        if (rest.length < end) break;
        const packet = rest.subarray(0, end);
        rest = rest.subarray(end);
        // The first packet of a command, and the command is a statement.
        const isStatement = packet[3] === 0 && packet[4] === 0x03;
        if (isStatement && (await this.decide(packet.toString('utf8', 5))) === 'cut') return;
        server.write(packet);
      }
    }
  }
}

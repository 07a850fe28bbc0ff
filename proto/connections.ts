/**
 * The connections of one client while they are being made. grpc-js sets no limit on a TLS handshake, nor on the wait for the
 * peer's first HTTP/2 frame, and keeps a socket that is still connecting open after its client was closed. Both are done here.
 */
import type { Socket } from 'node:net';
import { ChannelCredentials } from '@grpc/grpc-js';

type SecureConnector = ReturnType<ChannelCredentials['_createSecureConnector']>;
type Connected = Awaited<ReturnType<SecureConnector['connect']>>;

/** An agent that runs answers within a few round trips. One that is stopped does not, but its host still takes connections. */
const answerLimitMs = 5_000;

/** A connection from the moment the peer's host has taken it. */
interface Opening {
  readonly raw: Socket;
  /** What is spoken over; undefined until the TLS handshake is done. */
  connected: Socket | undefined;
  readonly limit: NodeJS.Timeout;
}

/** The credentials given, with a limit of five seconds on a connection that nothing answers. */
export class WatchedCredentials extends ChannelCredentials {
  readonly #credentials: ChannelCredentials;
  readonly #limitMs: number;
  readonly #openings = new Set<Opening>();
  #silent = false;

  constructor(credentials: ChannelCredentials, limitMs = answerLimitMs) {
    super();
    this.#credentials = credentials;
    this.#limitMs = limitMs;
  }

  /** True once a host took a connection and nothing answered on it: another connection would not tell more. */
  get silent(): boolean {
    return this.#silent;
  }

  override _isSecure(): boolean {
    return this.#credentials._isSecure();
  }

  /** Never those of another client: grpc-js would let both share connections that the first to close would break. */
  override _equals(other: ChannelCredentials): boolean {
    return this === other;
  }

  override _createSecureConnector(
    ...parameters: Parameters<ChannelCredentials['_createSecureConnector']>
  ): SecureConnector {
    const connector = this.#credentials._createSecureConnector(...parameters);
    return {
      connect: (socket) => this.#connect(connector, socket),
      waitForReady: () => connector.waitForReady(),
      getCallCredentials: () => connector.getCallCredentials(),
      destroy: () => connector.destroy(),
    };
  }

  /** Breaks the connections that nothing has answered yet. To be called when the client is closed. */
  breakUnanswered(): void {
    for (const opening of this.#openings) this.#breakUnlessAnswered(opening, 'the client was closed');
  }

  async #connect(connector: SecureConnector, raw: Socket): Promise<Connected> {
    const { promise: broken, reject } = Promise.withResolvers<never>();
    broken.catch(() => undefined);
    const opening: Opening = {
      raw,
      connected: undefined,
      limit: setTimeout(() => {
        this.#silent ||= !isAnswered(opening);
        this.#breakUnlessAnswered(
          opening,
          `the host takes connections, but nothing has answered within ${this.#limitMs / 1000} s`,
        );
      }, this.#limitMs),
    };
    this.#openings.add(opening);
    raw.on('error', reject);
    raw.once('close', () => {
      clearTimeout(opening.limit);
      this.#openings.delete(opening);
      reject(new Error('the connection was closed'));
    });
    const connected = await Promise.race([connector.connect(raw), broken]);
    opening.connected = connected.socket;
    return connected;
  }

  /** The peer's first frame is the first that can be read: before it, the handshake is not over. */
  #breakUnlessAnswered(opening: Opening, cause: string): void {
    if (!isAnswered(opening)) (opening.connected ?? opening.raw).destroy(new Error(cause));
  }
}

function isAnswered({ connected }: Opening): boolean {
  return connected !== undefined && connected.bytesRead > 0;
}

/**
 * The agent's listening sockets. They are opened here and not by grpc-js, so that a connection that is refused has an
 * address and a cause, and so that certificates can be exchanged while the agent runs.
 */
import { lookup } from 'node:dns/promises';
import net from 'node:net';
import tls from 'node:tls';
import { asTidemarkError, TidemarkError } from './errors.ts';
import { refusalFrame } from './http2-frames.ts';
import { describeCertificate, type TlsFiles } from './tls-files.ts';
import { oldestTls, splitAddress } from './transport.ts';

/** A connection that was refused before it could make a call. */
export interface RefusedConnection {
  /** host:port of the other side, as far as it is known. */
  readonly peer: string;
  readonly cause: string;
}

export interface Listener {
  readonly port: number;
  /** New connections get these files; those that are open go on. For a listener that was opened with TLS files. */
  exchange(files: TlsFiles): void;
  /** Accepts nothing more, and breaks connections that are not accepted yet. Idempotent. */
  close(): void;
  /** Resolves when no accepted connection is open any more. Call it after `close`. */
  allEnded(): Promise<void>;
  /** Breaks every connection that was accepted. Idempotent. */
  breakAll(): void;
}

export interface ListenerEvents {
  /** A connection that may make calls. */
  accepted(socket: net.Socket): void;
  refused(connection: RefusedConnection): void;
}

/** Who connects and says nothing for so long is not waited for. */
const patienceMs = 10_000;
/** Where a host has no IPv6 (or no IPv4), its name may still have such an address. */
const absentFamily: readonly unknown[] = ['EADDRNOTAVAIL', 'EAFNOSUPPORT'];
/** The first byte of a TLS record that begins a handshake. */
const handshakeRecord = 0x16;

/**
 * Listens on every address of the host in `address`; port 0 takes a free one. Plain text without `files`. Throws
 * `file-invalid` when it cannot listen there.
 */
export async function openListener(
  address: string,
  files: TlsFiles | undefined,
  events: ListenerEvents,
): Promise<Listener> {
  const { host, port } = splitAddress(address);
  const pending = new Set<net.Socket>();
  const open = new Set<net.Socket>();
  const accepted = (socket: net.Socket): void => {
    open.add(socket);
    socket.once('close', () => open.delete(socket));
    events.accepted(socket);
  };
  const servers: net.Server[] = [];
  const close = (): void => {
    for (const server of servers) server.close();
    for (const socket of pending) socket.destroy();
  };
  const make = (): net.Server =>
    files === undefined
      ? plainServer(pending, { ...events, accepted })
      : tlsServer(files, pending, { ...events, accepted });
  let bound = port;
  try {
    const absent: unknown[] = [];
    for (const each of await lookup(host, { all: true })) {
      const server = make();
      try {
        bound = await listen(server, each.address, bound);
        servers.push(server);
      } catch (error) {
        if (!absentFamily.includes((error as NodeJS.ErrnoException).code)) throw error;
        absent.push(error);
      }
    }
    if (servers.length === 0) throw absent[0] ?? new Error(`${host} has no address`);
  } catch (error) {
    close();
    throw cannotListen(error, address);
  }
  return {
    port: bound,
    exchange: (next) => {
      for (const server of servers) if (server instanceof tls.Server) server.setSecureContext(context(next));
    },
    close,
    allEnded: async () => {
      await Promise.all([...open].map((socket) => new Promise((resolve) => socket.once('close', resolve))));
    },
    breakAll: () => {
      for (const socket of open) socket.destroy();
    },
  };
}

function listen(server: net.Server, host: string, port: number): Promise<number> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen({ host, port, ipv6Only: host === '::' ? false : net.isIPv6(host) }, () => {
      server.off('error', reject);
      // Such as too many open files: the next connection may be accepted again.
      server.on('error', () => undefined);
      resolve((server.address() as net.AddressInfo).port);
    });
  });
}

function cannotListen(error: unknown, address: string): TidemarkError {
  const { code } = error as NodeJS.ErrnoException;
  if (code !== 'EADDRINUSE') {
    return asTidemarkError(error, {
      code: 'file-invalid',
      operation: 'listen',
      subject: address,
      remedy: "Correct `listen` in the agent's file.",
    });
  }
  return new TidemarkError(
    {
      code: 'file-invalid',
      operation: 'listen',
      subject: address,
      cause: `another process listens there already, perhaps another tidemark-agent: ${String((error as Error).message)}`,
      remedy: "End that process, or name another port under `listen` in the agent's file.",
    },
    { cause: error },
  );
}

function peerOf(socket: net.Socket): string {
  const { remoteAddress: host = 'an unknown address', remotePort: port } = socket;
  return port === undefined ? host : `${net.isIPv6(host) ? `[${host}]` : host}:${port}`;
}

/** Looks at the first byte, so that a coordinator that speaks TLS is told apart from a broken connection. */
function plainServer(pending: Set<net.Socket>, events: ListenerEvents): net.Server {
  return net.createServer({ noDelay: true }, (socket) => {
    const peer = peerOf(socket);
    pending.add(socket);
    socket.setTimeout(patienceMs, () => socket.destroy());
    socket.on('error', () => undefined);
    socket.once('close', () => pending.delete(socket));
    socket.once('data', (first: Buffer) => {
      if (first[0] === handshakeRecord) {
        socket.destroy();
        events.refused({ peer, cause: 'it speaks TLS, and this agent is configured for plain text' });
        return;
      }
      pending.delete(socket);
      socket.setTimeout(0);
      socket.removeAllListeners('timeout');
      socket.pause();
      socket.unshift(first);
      events.accepted(socket);
    });
  });
}

function context({ ca, cert, key }: TlsFiles): tls.SecureContextOptions {
  return { ca, cert, key, minVersion: oldestTls };
}

function tlsServer(files: TlsFiles, pending: Set<net.Socket>, events: ListenerEvents): net.Server {
  const server = tls.createServer({
    ...context(files),
    requestCert: true,
    // `authorized` is looked at below: Node itself would end the connection without a word to either side.
    rejectUnauthorized: false,
    ALPNProtocols: ['h2'],
    handshakeTimeout: patienceMs,
    noDelay: true,
  });
  server.on('connection', (socket: net.Socket) => {
    pending.add(socket);
    socket.once('close', () => pending.delete(socket));
  });
  server.on('secureConnection', (socket) => {
    const raw = rawOf(socket);
    // What breaks from now on is a broken connection, which grpc-js sees as well.
    socket.on('error', () => undefined);
    const cause = whyNotAccepted(socket);
    if (cause === undefined) {
      if (raw !== undefined) pending.delete(raw);
      events.accepted(socket);
      return;
    }
    events.refused({ peer: peerOf(socket), cause });
    // It learns the cause, and nothing else; it stays pending, so that it cannot outlive the listener.
    socket.setTimeout(patienceMs, () => socket.destroy());
    socket.end(refusalFrame(cause));
    socket.resume();
  });
  server.on('tlsClientError', (error: NodeJS.ErrnoException, socket) => {
    const raw = rawOf(socket);
    // Port scans and probes of load balancers say nothing at all.
    if (raw !== undefined && raw.bytesRead === 0) return;
    events.refused({ peer: peerOf(socket), cause: whyBroken(error) });
  });
  return server;
}

/** The TCP socket under a TLS socket. */
function rawOf(socket: tls.TLSSocket): net.Socket | undefined {
  return (socket as unknown as { _parent?: net.Socket | null })._parent ?? undefined;
}

/** Undefined for a peer whose certificate an authority of ours has signed, and that speaks HTTP/2. */
function whyNotAccepted(socket: tls.TLSSocket): string | undefined {
  if (!socket.authorized) {
    const certificate = socket.getPeerX509Certificate();
    if (certificate === undefined) return 'it shows no certificate';
    // Node types it as an Error; it is the code of OpenSSL.
    const words = certificateWords(String(socket.authorizationError));
    return `${words} (${describeCertificate(certificate)})`;
  }
  return socket.alpnProtocol === 'h2' ? undefined : 'it did not ask for HTTP/2';
}

function whyBroken(error: NodeJS.ErrnoException): string {
  switch (error.code) {
    case 'ERR_SSL_HTTP_REQUEST':
    case 'ERR_SSL_WRONG_VERSION_NUMBER':
    case 'ERR_SSL_PACKET_LENGTH_TOO_LONG':
      return 'it speaks plain text (or something else), and this agent is configured for TLS';
    case 'ERR_SSL_NO_APPLICATION_PROTOCOL':
      return 'it did not ask for HTTP/2';
    case 'ECONNRESET':
    case 'EPIPE':
      return "it broke off the handshake: perhaps it does not accept this agent's certificate";
    default:
      return `the TLS handshake failed: ${error.code ?? error.message.trim()}`;
  }
}

/** OpenSSL's names for what is wrong with a certificate (Node lists them as X509 certificate error codes), in words. */
function certificateWords(code: string): string {
  switch (code) {
    case 'UNABLE_TO_GET_ISSUER_CERT':
    case 'UNABLE_TO_GET_ISSUER_CERT_LOCALLY':
    case 'UNABLE_TO_VERIFY_LEAF_SIGNATURE':
    case 'SELF_SIGNED_CERT_IN_CHAIN':
    case 'DEPTH_ZERO_SELF_SIGNED_CERT':
    case 'CERT_SIGNATURE_FAILURE':
    case 'CERT_UNTRUSTED':
      return "its certificate is not signed by an authority in the agent's `tls.ca`";
    case 'CERT_HAS_EXPIRED':
      return 'its certificate has expired';
    case 'CERT_NOT_YET_VALID':
      return "its certificate is not valid yet, by the agent's clock";
    case 'INVALID_PURPOSE':
      return 'its certificate is not meant for clients (extended key usage)';
    default:
      return `its certificate is not accepted (${code})`;
  }
}

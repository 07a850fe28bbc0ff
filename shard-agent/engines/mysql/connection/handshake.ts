/**
 * Opening a connection: mysql2 does the handshake (plug-ins of both families, TLS), then gives up its socket, and the
 * rest of the conversation is ours (wire.ts). Unwanted capabilities are taken off here: LOCAL_FILES everywhere except on
 * a restore's lanes, MULTI_STATEMENTS everywhere except on watchdogs, and whatever would change a packet's shape.
 */
import net from 'node:net';
import mysql from 'mysql2';
import { ConnectionLost, ServerError } from './failure.ts';

export interface Endpoint {
  /** A host name or address, or the absolute path of a socket file. */
  readonly host: string;
  readonly port: number;
  readonly user: string;
  readonly password: string | undefined;
  /** How long the server may be silent before a connection is given up. */
  readonly stallLimitMs?: number | undefined;
}

export interface Purpose {
  /** Shown in the server's list of connections. */
  readonly name: string;
  /** May answer the server's request for a local file: a restore's lanes alone. */
  readonly localFiles?: boolean;
  /** May send several statements in one packet: watchdogs alone. */
  readonly multiStatements?: boolean;
}

/** Gets the bytes as they come. Returning false pauses the socket until `resume`. */
export type PieceHandler = (buffer: Buffer, length: number) => boolean;

export interface OpenSocket {
  readonly socket: net.Socket;
  /** The thread id the server (or whatever stands between) gave in its greeting. */
  readonly threadId: number;
  readonly serverVersion: string;
  /** Plain TCP: waiting a moment lets the kernel's buffer fill. A unix socket's is small, TLS comes in records. */
  readonly fills: boolean;
  setHandler(handler: PieceHandler): void;
}

/** One read takes at most this much; the buffer lives as long as the connection. */
const readBufferBytes = 1024 * 1024;
const smallBufferBytes = 64 * 1024;
const connectTimeoutMs = 10_000;

const flagsTakenOff = [
  '-SESSION_TRACK',
  '-CLIENT_QUERY_ATTRIBUTES',
  '-IGNORE_SPACE',
  '-ODBC',
  '-FOUND_ROWS',
  '-COMPRESS',
];

export async function openSocket(endpoint: Endpoint, purpose: Purpose, bulk: boolean): Promise<OpenSocket> {
  const remote = !endpoint.host.startsWith('/') && !isLoopback(endpoint.host);
  if (!remote) return handshake(endpoint, purpose, bulk, false);
  try {
    // As the servers' own clients do by default: encrypted when the server can.
    return await handshake(endpoint, purpose, bulk, true);
  } catch (error) {
    if ((error as { code?: string }).code !== 'HANDSHAKE_NO_SSL_SUPPORT') throw error;
    return handshake(endpoint, purpose, bulk, false);
  }
}

function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '::1' || host.startsWith('127.');
}

function handshake(endpoint: Endpoint, purpose: Purpose, bulk: boolean, tls: boolean): Promise<OpenSocket> {
  const viaSocket = endpoint.host.startsWith('/');
  // During the handshake the pieces go to mysql2's own listener, as copies: it may keep them.
  let handler: PieceHandler | undefined;
  const target = viaSocket ? { path: endpoint.host } : { host: endpoint.host, port: endpoint.port };
  const plain = (): net.Socket => {
    const socket: net.Socket = net.connect({
      ...target,
      onread: {
        buffer: Buffer.allocUnsafeSlow(bulk ? readBufferBytes : smallBufferBytes),
        callback(length, buffer) {
          if (handler !== undefined) return handler(buffer as Buffer, length);
          socket.emit('data', Buffer.from(buffer.subarray(0, length)));
          return true;
        },
      },
    });
    if (!viaSocket) socket.setNoDelay(true).setKeepAlive(true, 10_000);
    return socket;
  };
  return new Promise<OpenSocket>((resolve, reject) => {
    const connection = mysql.createConnection({
      host: endpoint.host,
      port: endpoint.port,
      user: endpoint.user,
      ...(endpoint.password === undefined ? {} : { password: endpoint.password }),
      ...(viaSocket ? { socketPath: endpoint.host } : {}),
      ...(tls ? { ssl: { rejectUnauthorized: false } } : { stream: plain }),
      connectTimeout: connectTimeoutMs,
      multipleStatements: purpose.multiStatements === true,
      flags: [...flagsTakenOff, ...(purpose.localFiles === true ? [] : ['-LOCAL_FILES'])],
      connectAttributes: { program_name: `tidemark ${purpose.name}` },
    });
    const internals = connection as unknown as {
      stream: net.Socket;
      _handshakePacket?: { serverVersion?: string; connectionId?: number };
    };
    connection.once('error', (error: Error) => {
      internals.stream.destroy();
      reject(connectFailure(error));
    });
    connection.once('connect', () => {
      const socket = internals.stream;
      for (const event of ['data', 'error', 'close', 'end', 'drain']) socket.removeAllListeners(event);
      // Until the wire has put its own listener: a socket that breaks now must not break the process.
      socket.on('error', () => undefined);
      connection.removeAllListeners();
      connection.on('error', () => undefined);
      const setHandler = (next: PieceHandler): void => {
        handler = next;
        if (!tls) return;
        socket.on('data', (piece: Buffer) => {
          if (!next(piece, piece.length)) socket.pause();
        });
      };
      resolve({
        socket,
        threadId: internals._handshakePacket?.connectionId ?? 0,
        serverVersion: internals._handshakePacket?.serverVersion ?? '',
        fills: !viaSocket && !tls,
        setHandler,
      });
    });
  });
}

function connectFailure(error: Error & { errno?: number; sqlState?: string; code?: string }): Error {
  if (error.code === 'HANDSHAKE_NO_SSL_SUPPORT') return error;
  if (typeof error.errno === 'number' && error.errno >= 1000 && error.sqlState !== undefined) {
    return new ServerError(error.errno, error.sqlState, error.message);
  }
  // The driver's own words for a server that takes the connection and says nothing.
  const unanswered = error.message === 'connect ETIMEDOUT';
  const words = unanswered
    ? `a new connection got no answer within ${connectTimeoutMs / 1000} s`
    : error.message;
  return new ConnectionLost(words, { cause: error });
}

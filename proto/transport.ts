/** Who may speak in plain text, and the credentials of both sides. */
import { readFileSync } from 'node:fs';
import { isIPv4 } from 'node:net';
import { credentials, ServerCredentials, type ChannelCredentials } from '@grpc/grpc-js';
import { TidemarkError } from './errors.ts';

/**
 * How one side may speak. `tls` is mutual: both sides show a certificate that the authority in `caPath` has signed.
 * `default` is plain text on loopback and refused elsewhere; `plaintext` is plain text anywhere.
 */
export type Transport =
  | { readonly kind: 'default' }
  | { readonly kind: 'plaintext' }
  | { readonly kind: 'tls'; readonly caPath: string; readonly certPath: string; readonly keyPath: string };

/** True for `localhost`, 127.0.0.0/8 and ::1, with or without a port. Resolves no names. */
function isLoopback(address: string): boolean {
  const host = hostOf(address).toLowerCase();
  if (host === 'localhost' || host === '::1') return true;
  return isIPv4(host) && host.startsWith('127.');
}

/** Credentials for connecting to `address`. Throws `file-invalid` where plain text is not allowed, `file-unreadable`. */
export function clientCredentials(address: string, transport: Transport): ChannelCredentials {
  if (transport.kind !== 'tls') {
    refusePlaintext(address, transport, 'connect to the agent');
    return credentials.createInsecure();
  }
  const { ca, key, cert } = readPems(transport);
  return credentials.createSsl(ca, key, cert);
}

/** Credentials for listening on `address`. Throws `file-invalid` where plain text is not allowed, `file-unreadable`. */
export function serverCredentials(address: string, transport: Transport): ServerCredentials {
  if (transport.kind !== 'tls') {
    refusePlaintext(address, transport, 'listen');
    return ServerCredentials.createInsecure();
  }
  const { ca, key, cert } = readPems(transport);
  return ServerCredentials.createSsl(ca, [{ private_key: key, cert_chain: cert }], true);
}

function hostOf(address: string): string {
  const bracketed = /^\[([^\]]*)\](?::\d+)?$/.exec(address);
  if (bracketed !== null) return bracketed[1] ?? '';
  const colons = address.split(':').length - 1;
  return colons === 1 ? address.slice(0, address.indexOf(':')) : address;
}

function refusePlaintext(address: string, transport: Transport, operation: string): void {
  if (transport.kind === 'plaintext' || isLoopback(address)) return;
  throw new TidemarkError({
    code: 'file-invalid',
    operation,
    subject: address,
    cause: 'no TLS is configured, and the address is not loopback',
    remedy:
      'Configure transport.tls (ca, cert, key) in the topology and in the agent file, or say `transport: plaintext` in both if the network is trusted.',
  });
}

function readPems(transport: Extract<Transport, { kind: 'tls' }>): { ca: Buffer; key: Buffer; cert: Buffer } {
  const read = (path: string): Buffer => {
    try {
      return readFileSync(path);
    } catch (error) {
      throw new TidemarkError(
        {
          code: 'file-unreadable',
          operation: 'read a TLS file',
          subject: path,
          cause: error instanceof Error ? error.message : String(error),
        },
        { cause: error },
      );
    }
  };
  return { ca: read(transport.caPath), key: read(transport.keyPath), cert: read(transport.certPath) };
}

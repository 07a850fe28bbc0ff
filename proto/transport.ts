/** Who may speak in plain text, and the coordinator's credentials. The agent's are in listener.ts. */
import { isIP, isIPv4 } from 'node:net';
import { checkServerIdentity, createSecureContext } from 'node:tls';
import { ChannelCredentials, credentials, type ChannelOptions } from '@grpc/grpc-js';
import { TidemarkError } from './errors.ts';
import type { TlsPaths } from './tls-check.ts';
import { readTlsFiles, type TlsFiles } from './tls-files.ts';

/**
 * How one side may speak. `tls` is mutual: both sides show a certificate that the authority in `caPath` has signed.
 * `default` is plain text on loopback and refused elsewhere; `plaintext` is plain text anywhere.
 */
export type Transport =
  | { readonly kind: 'default' }
  | { readonly kind: 'plaintext' }
  | ({ readonly kind: 'tls' } & TlsPaths);

/** The oldest version of TLS that either side accepts. */
export const oldestTls = 'TLSv1.2';

/** True for `localhost`, 127.0.0.0/8 and ::1, with or without a port. Resolves no names. */
function isLoopback(address: string): boolean {
  const host = splitAddress(address).host.toLowerCase();
  if (host === 'localhost' || host === '::1') return true;
  return isIPv4(host) && host.startsWith('127.');
}

/** How a client speaks to one agent. */
export interface ClientSecurity {
  readonly credentials: ChannelCredentials;
  readonly options: ChannelOptions;
  /** Undefined in plain text. */
  readonly files: TlsFiles | undefined;
}

/**
 * For connecting to `address`. Throws `file-invalid` where plain text is not allowed, and what `readTlsFiles` throws.
 * No environment variable changes what is trusted.
 */
export function clientSecurity(address: string, transport: Transport): ClientSecurity {
  if (transport.kind !== 'tls') {
    refusePlaintext(address, transport, 'connect to the agent');
    return { credentials: credentials.createInsecure(), options: {}, files: undefined };
  }
  const files = readTlsFiles(transport);
  const { ca, cert, key } = files;
  const context = createSecureContext({ ca, cert, key, minVersion: oldestTls });
  const { host } = splitAddress(address);
  if (isIP(host) === 0)
    return { credentials: ChannelCredentials.createFromSecureContext(context), options: {}, files };
  // An address must not be sent as a server name (RFC 6066, and Node warns about it), but the certificate must carry it.
  return {
    credentials: ChannelCredentials.createFromSecureContext(context, {
      checkServerIdentity: (_name, certificate) => checkServerIdentity(host, certificate),
    }),
    options: { 'grpc.ssl_target_name_override': 'tidemark-agent.invalid' },
    files,
  };
}

/** For listening on `address`: the TLS files, or undefined for plain text. Throws as `clientSecurity`. */
export function serverFiles(address: string, transport: Transport): TlsFiles | undefined {
  if (transport.kind === 'tls') return readTlsFiles(transport);
  refusePlaintext(address, transport, 'listen');
  return undefined;
}

/** `host:port` or `[host]:port`, and a host alone. */
export function splitAddress(address: string): { readonly host: string; readonly port: number } {
  const bracketed = /^\[([^\]]*)\](?::(\d+))?$/.exec(address);
  if (bracketed !== null) return { host: bracketed[1] ?? '', port: Number(bracketed[2] ?? 0) };
  const colon = address.indexOf(':');
  // Several colons without brackets are an IPv6 address without a port.
  if (colon === -1 || colon !== address.lastIndexOf(':')) return { host: address, port: 0 };
  return { host: address.slice(0, colon), port: Number(address.slice(colon + 1)) };
}

function refusePlaintext(address: string, transport: Transport, operation: string): void {
  if (transport.kind === 'plaintext' || isLoopback(address)) return;
  throw new TidemarkError({
    code: 'file-invalid',
    operation,
    subject: address,
    cause: 'no TLS is configured, and the address is not loopback',
    remedy:
      'Configure `tls` (ca, cert, key) in the topology and in the agent file, or say `transport: plaintext` in both if the network is trusted.',
  });
}

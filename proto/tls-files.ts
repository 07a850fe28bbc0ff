/** The three TLS files of one side: read, and checked for everything that can be known without the other side. */
import type { X509Certificate } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { TidemarkError } from './errors.ts';
import { loadFiles, type TlsFault, type TlsPaths } from './tls-check.ts';

export interface TlsFiles extends TlsPaths {
  readonly ca: Buffer;
  readonly cert: Buffer;
  readonly key: Buffer;
  /** The certificate that this side shows. */
  readonly certificate: X509Certificate;
  /** What `ca` holds: usually one. */
  readonly authorities: readonly X509Certificate[];
}

/**
 * Throws the first of what keeps the files from being used: `file-unreadable` for one that cannot be read, and `file-invalid`, naming
 * the file and what is wrong with it, for one that holds no certificate or key, a key of another certificate, or a certificate
 * that is not valid now. `check` tells all of it at once: see tls-check.ts.
 */
export function readTlsFiles(paths: TlsPaths): TlsFiles {
  const { authorities, chain, faults } = loadFiles(paths);
  const [certificate] = chain;
  const fault = faults.find(({ warning }) => !warning);
  if (fault !== undefined || certificate === undefined) throw unusable(paths, fault);
  const [ca, cert, key] = [paths.caPath, paths.certPath, paths.keyPath].map((path) => readFileSync(path)) as [
    Buffer,
    Buffer,
    Buffer,
  ];
  return { ...paths, ca, cert, key, certificate, authorities };
}

function unusable({ certPath }: TlsPaths, fault: TlsFault | undefined): TidemarkError {
  const { code = 'file-invalid', path = certPath, cause = 'it holds no certificate', remedy } = fault ?? {};
  return new TidemarkError({ code, operation: 'use a TLS file', subject: path, cause, remedy });
}

/** True when one of the authorities has signed it: what the other side asks of it, if its `ca` is the same. */
export function isSignedBy(certificate: X509Certificate, authorities: readonly X509Certificate[]): boolean {
  return authorities.some(
    (authority) => certificate.checkIssued(authority) && certificate.verify(authority.publicKey),
  );
}

/** Subject, issuer and end, in one line. */
export function describeCertificate({ subject, issuer, validTo }: X509Certificate): string {
  return `subject ${oneLine(subject)}, issued by ${oneLine(issuer)}, valid until ${new Date(validTo).toISOString()}`;
}

/** Undefined for a certificate that is valid at this moment, by this host's clock. */
export function whyNotValidNow({ validFrom, validTo }: X509Certificate): string | undefined {
  const now = Date.now();
  if (now > Date.parse(validTo)) return `it expired at ${new Date(validTo).toISOString()}`;
  if (now < Date.parse(validFrom)) {
    return `it is not valid before ${new Date(validFrom).toISOString()}, and this host's clock says ${new Date(now).toISOString()}`;
  }
  return undefined;
}

/** `DN` fields come one a line. */
function oneLine(name: string | undefined): string {
  const text = (name ?? '').trim().split('\n').join(', ');
  return text === '' ? '(no name)' : text;
}

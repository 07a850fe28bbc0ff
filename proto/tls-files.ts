/** The three TLS files of one side: read, and checked for everything that can be known without the other side. */
import { createPrivateKey, X509Certificate, type KeyObject } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { TidemarkError } from './errors.ts';

export interface TlsPaths {
  readonly caPath: string;
  readonly certPath: string;
  readonly keyPath: string;
}

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
 * Throws `file-unreadable` for a file that cannot be read, and `file-invalid`, naming the file and what is wrong with it,
 * for one that holds no certificate or key, a key of another certificate, or a certificate that has expired.
 */
export function readTlsFiles(paths: TlsPaths): TlsFiles {
  const { caPath, certPath, keyPath } = paths;
  const [ca, cert, key] = [read(caPath), read(certPath), read(keyPath)];
  const authorities = certificatesIn(ca, caPath);
  const [certificate] = certificatesIn(cert, certPath);
  if (certificate === undefined) throw wrong(certPath, 'it holds no certificate');
  if (!certificate.checkPrivateKey(privateKeyIn(key, keyPath))) {
    throw wrong(
      keyPath,
      `this key does not belong to the certificate in ${certPath} (${describeCertificate(certificate)})`,
      'Name the key that the certificate was made with, or have a new certificate signed for this key.',
    );
  }
  requireValidNow(certificate, certPath);
  const valid = authorities.filter((authority) => whyNotValidNow(authority) === undefined);
  const [first] = authorities;
  if (valid.length === 0 && first !== undefined) requireValidNow(first, caPath);
  return { ...paths, ca, cert, key, certificate, authorities };
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

function requireValidNow(certificate: X509Certificate, path: string): void {
  const why = whyNotValidNow(certificate);
  if (why === undefined) return;
  throw wrong(
    path,
    `the certificate cannot be used: ${why} (${describeCertificate(certificate)})`,
    "Have a new certificate signed, or correct this host's clock.",
  );
}

/** `DN` fields come one a line. */
function oneLine(name: string | undefined): string {
  const text = (name ?? '').trim().split('\n').join(', ');
  return text === '' ? '(no name)' : text;
}

function certificatesIn(pem: Buffer, path: string): X509Certificate[] {
  const blocks = pem.toString('latin1').match(/-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g);
  if (blocks === null) {
    throw wrong(path, 'it holds no certificate in PEM form (-----BEGIN CERTIFICATE-----)');
  }
  return blocks.map((block) => {
    try {
      return new X509Certificate(block);
    } catch (error) {
      throw wrong(path, `a certificate in it cannot be read: ${messageOf(error)}`);
    }
  });
}

function privateKeyIn(pem: Buffer, path: string): KeyObject {
  const text = pem.toString('latin1');
  if (!/-----BEGIN [A-Z ]*PRIVATE KEY-----/.test(text)) {
    throw wrong(path, 'it holds no private key in PEM form (-----BEGIN PRIVATE KEY-----)');
  }
  if (/ENCRYPTED/.test(text)) {
    throw wrong(
      path,
      'the private key is protected by a passphrase, which nobody could enter for a service',
      'Store the key without one (openssl pkey -in OLD -out NEW), readable by this user alone.',
    );
  }
  try {
    return createPrivateKey(pem);
  } catch (error) {
    throw wrong(path, `the private key in it cannot be read: ${messageOf(error)}`);
  }
}

function read(path: string): Buffer {
  try {
    return readFileSync(path);
  } catch (error) {
    throw new TidemarkError(
      { code: 'file-unreadable', operation: 'read a TLS file', subject: path, cause: messageOf(error) },
      { cause: error },
    );
  }
}

function wrong(path: string, cause: string, remedy?: string): TidemarkError {
  return new TidemarkError({
    code: 'file-invalid',
    operation: 'use a TLS file',
    subject: path,
    cause,
    remedy: remedy ?? 'Correct the path under `tls`, or the file.',
  });
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

/**
 * What is wrong with the three TLS files of one side, all of it at once, as far as it can be known without the other side: what
 * cannot be loaded, and what the other side will refuse.
 */
import { createPrivateKey, X509Certificate } from 'node:crypto';
import { readFileSync } from 'node:fs';

export interface TlsFault {
  readonly code: 'file-unreadable' | 'file-invalid';
  readonly path: string;
  readonly cause: string;
  readonly remedy: string;
  /** True: it works today. */
  readonly warning: boolean;
}

export interface TlsPaths {
  readonly caPath: string;
  readonly certPath: string;
  readonly keyPath: string;
}

/** An agent is the server of every connection, the coordinator its client. */
export type TlsSide = 'agent' | 'coordinator';

/** RFC 5280, 4.2.1.12: serverAuth, clientAuth, and what stands for all of them. */
const purposes = { agent: '1.3.6.1.5.5.7.3.1', coordinator: '1.3.6.1.5.5.7.3.2' } as const;
const purposeNames = { agent: 'serverAuth', coordinator: 'clientAuth' } as const;
const anyPurpose = '2.5.29.37.0';

/** A certificate that ends sooner is worth a warning. */
const soonDays = 14;
const dayMs = 24 * 60 * 60 * 1000;

/** What was found in the three files of one side. */
interface LoadedFiles {
  readonly authorities: readonly X509Certificate[];
  /** The certificate that this side shows, and those between it and an authority. */
  readonly chain: readonly X509Certificate[];
  readonly faults: readonly TlsFault[];
}

/** Whether the files can be used here and now: readable, in PEM form, key and certificate of each other, valid today. Never throws. */
export function loadFiles({ caPath, certPath, keyPath }: TlsPaths, now = new Date()): LoadedFiles {
  const faults: TlsFault[] = [];
  const authorities = certificatesIn(caPath, faults);
  const chain = certificatesIn(certPath, faults);
  const key = keyIn(keyPath, faults);
  const [leaf] = chain;
  if (leaf !== undefined && key !== undefined && !leaf.checkPrivateKey(key)) {
    faults.push(
      wrong(
        keyPath,
        `this key does not belong to the certificate in ${certPath} (${named(leaf)})`,
        `Name the key that ${certPath} was made for, or have a new certificate signed for this key.`,
      ),
    );
  }
  for (const [path, certificates] of [
    [caPath, authorities],
    [certPath, chain],
  ] as const) {
    // Of several authorities an old one may stay while its successor is there.
    const ended = certificates.flatMap((one) => validity(one, path, now));
    const outlived = path === caPath && certificates.some((one) => validity(one, path, now).length === 0);
    faults.push(...ended.map((fault) => (outlived ? { ...fault, warning: true } : fault)));
  }
  return { authorities, chain, faults };
}

/** Empty when both sides can use them. Never throws. */
export function tlsFaults(paths: TlsPaths, side: TlsSide, now = new Date()): TlsFault[] {
  const { caPath, certPath } = paths;
  const { authorities, chain, faults: unusable } = loadFiles(paths, now);
  const faults = [...unusable];
  const [leaf, ...between] = chain;
  if (leaf === undefined) return faults;
  const missing = purposeFault(leaf, certPath, side);
  if (missing !== undefined) faults.push(missing);
  if (authorities.length > 0 && !reaches(leaf, between, authorities)) {
    const { issuer } = leaf;
    faults.push(
      wrong(
        certPath,
        `no certificate in ${caPath} has signed it: it was issued by ${oneLine(issuer)}, ${caPath} holds ${authorities.map(named).join('; ')}`,
        `Have it signed by the authority in ${caPath}, name the file of the authority that did under \`ca\`, or add the certificates between the two to ${certPath}.`,
      ),
    );
  }
  return faults;
}

/** From the certificate to an authority that is trusted, over those that lie between; each is passed at most once. */
function reaches(
  leaf: X509Certificate,
  between: readonly X509Certificate[],
  authorities: readonly X509Certificate[],
): boolean {
  const signed = (one: X509Certificate, by: X509Certificate): boolean =>
    one.checkIssued(by) && one.verify(by.publicKey);
  let current = leaf;
  let left = [...between];
  for (;;) {
    if (authorities.some((authority) => authority.raw.equals(current.raw) || signed(current, authority)))
      return true;
    const next = left.find((one) => signed(current, one));
    if (next === undefined) return false;
    left = left.filter((one) => one !== next);
    current = next;
  }
}

function purposeFault(leaf: X509Certificate, path: string, side: TlsSide): TlsFault | undefined {
  // Absent: good for everything. Node calls the extended usages so.
  const usages: readonly string[] | undefined = leaf.keyUsage;
  if (usages === undefined || usages.includes(purposes[side]) || usages.includes(anyPurpose))
    return undefined;
  return wrong(
    path,
    `it may not be used by ${side === 'agent' ? 'an agent' : 'the coordinator'}: its extended key usage lacks ${purposeNames[side]}`,
    `Have a certificate signed with extendedKeyUsage = ${purposeNames[side]}.`,
  );
}

function validity(certificate: X509Certificate, path: string, now: Date): TlsFault[] {
  const from = new Date(certificate.validFrom);
  const to = new Date(certificate.validTo);
  if (now > to) {
    const cause = `the certificate ${named(certificate)} expired on ${to.toISOString()}`;
    return [wrong(path, cause, 'Have a new certificate signed, and restart what uses it.')];
  }
  if (now < from) {
    const cause = `the certificate ${named(certificate)} is valid from ${from.toISOString()}, and this host's clock says ${now.toISOString()}`;
    return [wrong(path, cause, "Correct this host's clock, or wait until then.")];
  }
  if (to.getTime() - now.getTime() > soonDays * dayMs) return [];
  const cause = `the certificate ${named(certificate)} expires on ${to.toISOString()}`;
  const remedy = 'Have a new certificate signed before that, and restart what uses it.';
  return [{ ...wrong(path, cause, remedy), warning: true }];
}

function certificatesIn(path: string, faults: TlsFault[]): X509Certificate[] {
  const pem = read(path, faults);
  if (pem === undefined) return [];
  const blocks = pem.match(/-----BEGIN CERTIFICATE-----[^-]*-----END CERTIFICATE-----/g) ?? [];
  const remedy = 'Name a file of certificates in PEM form (-----BEGIN CERTIFICATE-----).';
  if (blocks.length === 0) {
    const holds = /-----BEGIN ([A-Z0-9 ]+)-----/.exec(pem)?.[1];
    const what = holds === undefined ? 'it holds no certificate' : `it holds a ${holds} and no certificate`;
    faults.push(wrong(path, what, remedy));
  }
  return blocks.flatMap((block) => {
    try {
      return [new X509Certificate(block)];
    } catch (error) {
      faults.push(wrong(path, `a certificate in it cannot be read: ${words(error)}`, remedy));
      return [];
    }
  });
}

function keyIn(path: string, faults: TlsFault[]): ReturnType<typeof createPrivateKey> | undefined {
  const pem = read(path, faults);
  if (pem === undefined) return undefined;
  if (/ENCRYPTED/.test(pem)) {
    faults.push(
      wrong(
        path,
        'the key has a passphrase, which nobody can enter for a service',
        'Store the key without one, readable for this user only: openssl pkey -in OLD -out NEW',
      ),
    );
    return undefined;
  }
  try {
    return createPrivateKey(pem);
  } catch (error) {
    const holds = /-----BEGIN ([A-Z0-9 ]+)-----/.exec(pem)?.[1] ?? 'nothing in PEM form';
    const cause = `it holds no private key that can be read (${holds}): ${words(error)}`;
    faults.push(
      wrong(path, cause, 'Name a file with a private key in PEM form (-----BEGIN PRIVATE KEY-----).'),
    );
    return undefined;
  }
}

function read(path: string, faults: TlsFault[]): string | undefined {
  try {
    return readFileSync(path, 'latin1');
  } catch (error) {
    const uid = process.geteuid?.();
    faults.push({
      code: 'file-unreadable',
      path,
      cause: words(error),
      remedy: `Correct the path, or let the user that this runs as${uid === undefined ? '' : ` (uid ${uid})`} read ${path} and enter the folders above it.`,
      warning: false,
    });
    return undefined;
  }
}

function wrong(path: string, cause: string, remedy: string): TlsFault {
  return { code: 'file-invalid', path, cause, remedy, warning: false };
}

function named(certificate: X509Certificate): string {
  return oneLine(certificate.subject);
}

/** The parts of a distinguished name come one a line. */
function oneLine(name: string): string {
  return name.trim().split('\n').join(', ') || '(no name)';
}

function words(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

/** TLS files with one mistake each, made by openssl: what is said of them on both sides. */
import { execFileSync } from 'node:child_process';
import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { tlsFaults, type TlsSide } from '../../../proto/tls-check.ts';
import { tlsFindings } from '../../../shard-agent/tls-findings.ts';

const folder = mkdtempSync(path.join(tmpdir(), 'tidemark-tls-'));
const at = (name: string): string => path.join(folder, name);
const openssl = (...args: string[]): void =>
  void execFileSync('openssl', args, { cwd: folder, stdio: ['ignore', 'ignore', 'pipe'] });

/** A key and a certificate for it, signed by `by`, with these extensions. */
function sign(name: string, by: string, extensions: string, days = 365): void {
  openssl(
    'req',
    '-newkey',
    'ec',
    '-pkeyopt',
    'ec_paramgen_curve:prime256v1',
    '-nodes',
    '-subj',
    `/CN=${name}`,
    '-keyout',
    `${name}.key`,
    '-out',
    `${name}.csr`,
  );
  writeFileSync(at(`${name}.ext`), `${extensions}\n`);
  openssl(
    'x509',
    '-req',
    '-in',
    `${name}.csr`,
    '-CA',
    `${by}.crt`,
    '-CAkey',
    `${by}.key`,
    '-CAcreateserial',
    '-days',
    String(days),
    '-extfile',
    `${name}.ext`,
    '-out',
    `${name}.crt`,
  );
}

function authority(name: string): void {
  openssl(
    'req',
    '-x509',
    '-newkey',
    'ec',
    '-pkeyopt',
    'ec_paramgen_curve:prime256v1',
    '-nodes',
    '-subj',
    `/CN=${name}`,
    '-days',
    '365',
    '-keyout',
    `${name}.key`,
    '-out',
    `${name}.crt`,
  );
}

const pathsOf = (
  certificate: string,
  more: { ca?: string; key?: string } = {},
): { caPath: string; certPath: string; keyPath: string } => ({
  caPath: at(more.ca ?? 'root.crt'),
  certPath: at(certificate),
  keyPath: at(more.key ?? certificate.replace('.crt', '.key')),
});

const agentUse = 'extendedKeyUsage = serverAuth';
const coordinatorUse = 'extendedKeyUsage = clientAuth';

beforeAll(() => {
  authority('root');
  authority('other');
  sign('agent', 'root', agentUse);
  sign('coordinator', 'root', coordinatorUse);
  sign('both', 'root', 'extendedKeyUsage = serverAuth, clientAuth');
  sign('plain', 'root', 'subjectAltName = DNS:plain');
  sign('brief', 'root', agentUse, 3);
  sign('middle', 'root', 'basicConstraints = CA:true');
  sign('below', 'middle', agentUse);
  writeFileSync(
    at('chain.crt'),
    readFileSync(at('below.crt'), 'utf8') + readFileSync(at('middle.crt'), 'utf8'),
  );
  openssl('pkey', '-in', 'agent.key', '-aes256', '-passout', 'pass:secret', '-out', 'locked.key');
  writeFileSync(
    at('garbage.crt'),
    '-----BEGIN CERTIFICATE-----\nbm90IGEgY2VydGlmaWNhdGU=\n-----END CERTIFICATE-----\n',
  );
  writeFileSync(at('empty.key'), '');
});

afterAll(() => rmSync(folder, { recursive: true, force: true }));

const inDays = (days: number): Date => new Date(Date.now() + days * 24 * 60 * 60 * 1000);

test.each<[string, TlsSide, ReturnType<typeof pathsOf>]>([
  ['an agent', 'agent', pathsOf('agent.crt')],
  ['a coordinator', 'coordinator', pathsOf('coordinator.crt')],
  ['a certificate for both', 'agent', pathsOf('both.crt')],
  ['a certificate that says nothing of its use', 'coordinator', pathsOf('plain.crt')],
  ['a chain', 'agent', pathsOf('chain.crt', { key: 'below.key' })],
  ['a certificate that is its own authority', 'agent', pathsOf('other.crt', { ca: 'other.crt' })],
])('%s: nothing is wrong', (_, side, paths) => {
  expect(tlsFaults(paths, side)).toEqual([]);
});

test.each<[string, TlsSide, ReturnType<typeof pathsOf>, string, RegExp]>([
  [
    'the key of another certificate',
    'agent',
    pathsOf('agent.crt', { key: 'both.key' }),
    'both.key',
    /does not belong to the certificate/,
  ],
  [
    'a certificate where the key should be',
    'agent',
    pathsOf('agent.crt', { key: 'agent.crt' }),
    'agent.crt',
    /holds no private key/,
  ],
  [
    'a key where the certificate should be',
    'agent',
    pathsOf('agent.key'),
    'agent.key',
    /holds a PRIVATE KEY and no certificate/,
  ],
  ['an empty key', 'agent', pathsOf('agent.crt', { key: 'empty.key' }), 'empty.key', /nothing in PEM form/],
  [
    'a key with a passphrase',
    'agent',
    pathsOf('agent.crt', { key: 'locked.key' }),
    'locked.key',
    /passphrase/,
  ],
  [
    'a certificate that is none',
    'agent',
    pathsOf('garbage.crt', { key: 'agent.key' }),
    'garbage.crt',
    /cannot be read/,
  ],
  [
    'an authority that is none',
    'agent',
    pathsOf('agent.crt', { ca: 'garbage.crt' }),
    'garbage.crt',
    /cannot be read/,
  ],
  [
    'an authority that did not sign it',
    'agent',
    pathsOf('agent.crt', { ca: 'other.crt' }),
    'agent.crt',
    /no certificate in .*other\.crt has signed it/,
  ],
  ['a chain with a gap', 'agent', pathsOf('below.crt'), 'below.crt', /issued by CN=middle/],
  [
    'a certificate for clients, of an agent',
    'agent',
    pathsOf('coordinator.crt'),
    'coordinator.crt',
    /lacks serverAuth/,
  ],
  [
    'a certificate for servers, of the coordinator',
    'coordinator',
    pathsOf('agent.crt'),
    'agent.crt',
    /lacks clientAuth/,
  ],
  ['a file that is not there', 'agent', pathsOf('agent.crt', { ca: 'none.crt' }), 'none.crt', /ENOENT/],
])('%s is named once, with the file', (_, side, paths, file, cause) => {
  const faults = tlsFaults(paths, side);
  expect(faults).toMatchObject([
    {
      path: at(file),
      cause: expect.stringMatching(cause),
      remedy: expect.stringMatching(/./),
      warning: false,
    },
  ]);
});

test('what has ended, has not begun and ends soon is told apart', () => {
  const told = (name: string, now?: Date): { path: string; cause: string; warning: boolean }[] =>
    tlsFaults(pathsOf(name), 'agent', now);
  expect(told('brief.crt')).toMatchObject(
    [{ path: at('brief.crt'), cause: /expires on/, warning: true }].map(matching),
  );
  expect(told('brief.crt', inDays(4))).toMatchObject(
    [{ path: at('brief.crt'), cause: /expired on/, warning: false }].map(matching),
  );
  expect(told('agent.crt', inDays(-1))).toMatchObject(
    [
      { path: at('root.crt'), cause: /is valid from/, warning: false },
      { path: at('agent.crt'), cause: /is valid from/, warning: false },
    ].map(matching),
  );
});

const matching = (one: { path: string; cause: RegExp; warning: boolean }): object => ({
  ...one,
  cause: expect.stringMatching(one.cause),
});

test('an authority that has ended beside its successor is a warning', () => {
  writeFileSync(at('two.crt'), readFileSync(at('root.crt'), 'utf8') + readFileSync(at('brief.crt'), 'utf8'));
  const faults = tlsFaults({ ...pathsOf('agent.crt'), caPath: at('two.crt') }, 'agent', inDays(4));
  expect(faults).toMatchObject([{ path: at('two.crt'), warning: true }]);
});

test('several mistakes are told at once, and as findings of the agent', () => {
  const paths = pathsOf('coordinator.crt', { ca: 'other.crt', key: 'agent.key' });
  expect(tlsFindings({ kind: 'tls', ...paths }).map(({ cause }) => cause)).toEqual([
    expect.stringMatching(/does not belong/),
    expect.stringMatching(/lacks serverAuth/),
    expect.stringMatching(/has signed it/),
  ]);
  expect(tlsFindings({ kind: 'plaintext' })).toEqual([]);
});

test('a key that this user may not read says to whom', () => {
  const root = process.geteuid?.() === 0;
  chmodSync(folder, 0o755);
  writeFileSync(at('private.key'), readFileSync(at('agent.key')), { mode: 0 });
  if (root) process.seteuid?.(65_534);
  try {
    expect(tlsFaults(pathsOf('agent.crt', { key: 'private.key' }), 'agent')).toMatchObject([
      {
        code: 'file-unreadable',
        cause: expect.stringMatching(/EACCES/),
        remedy: expect.stringContaining(`uid ${process.geteuid?.()}`),
      },
    ]);
  } finally {
    if (root) process.seteuid?.(0);
  }
});

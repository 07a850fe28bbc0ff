/** What either side says when they cannot agree on how to speak, with real certificates and real connections. */
import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { createSecureServer } from 'node:http2';
import { createServer, type AddressInfo, type Server } from 'node:net';
import tls from 'node:tls';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { describe, expect, onTestFinished, test } from 'vitest';
import {
  connectAgent,
  serveAgent,
  type AgentImplementation,
  type AgentServer,
  type Transport,
} from '../../../proto/channel.ts';
import { TidemarkError } from '../../../proto/errors.ts';
import type { RefusedConnection } from '../../../proto/listener.ts';
import { refusingAgent } from './refusing-agent.ts';
const nothing: AgentImplementation = {
  ...refusingAgent,
  describe: () => Promise.resolve({ shard: 'shop-00' }),
};

const plain: Transport = { kind: 'plaintext' };
const pem = (file: string): string => fileURLToPath(new URL(`./tls/${file}`, import.meta.url));
const files = (name: string, ca = 'authority', key = name): Transport => ({
  kind: 'tls',
  caPath: pem(`${ca}.crt`),
  certPath: pem(`${name}.crt`),
  keyPath: pem(`${key}.key`),
});

async function serve(transport: Transport): Promise<{ server: AgentServer; refused: RefusedConnection[] }> {
  const refused: RefusedConnection[] = [];
  const server = await serveAgent('127.0.0.1:0', transport, nothing, (each) => void refused.push(each));
  onTestFinished(() => server.close(0));
  return { server, refused };
}

async function ask(address: string, transport: Transport): Promise<string> {
  const client = connectAgent(address, transport);
  onTestFinished(() => client.close());
  return (await client.describe({}, { deadlineMs: 10_000 })).shard;
}

async function failure(address: string, transport: Transport): Promise<TidemarkError> {
  const error = await ask(address, transport).catch((thrown: unknown) => thrown);
  expect(error).toBeInstanceOf(TidemarkError);
  return error as TidemarkError;
}

/** Some server that is no agent, on a free port. */
async function listening(server: Server): Promise<string> {
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => void server.close());
  return `127.0.0.1:${(server.address() as AddressInfo).port}`;
}

/** As an agent whose certificate has become what it is while it ran. */
async function serveAs(name: string): Promise<string> {
  const [ca, cert, key] = ['authority.crt', `${name}.crt`, `${name}.key`].map((file) =>
    readFileSync(pem(file)),
  );
  return listening(createSecureServer({ ca, cert, key, requestCert: true }));
}

describe('the coordinator', () => {
  test('speaks with an agent of its authority, by name and by address', async () => {
    const { server, refused } = await serve(files('agent'));
    expect(await ask(server.address, files('coordinator'))).toBe('shop-00');
    expect(await ask(server.address.replace('127.0.0.1', 'localhost'), files('coordinator'))).toBe('shop-00');
    expect(refused).toEqual([]);
  });

  test('is told by the agent why its certificate is refused', async () => {
    const { server, refused } = await serve(files('agent'));
    const error = await failure(server.address, files('stranger'));
    expect(error).toMatchObject({ code: 'tls-mismatch', exitCode: 2 });
    expect(error.reason).toContain("not signed by an authority in the agent's `tls.ca`");
    expect(error.reason).toContain('Tidemark test other-authority');
    expect(error.reason).toContain(pem('stranger.crt'));
    expect(error.remedy).toContain(pem('stranger.crt'));
    expect(refused[0]?.peer).toMatch(/^127\.0\.0\.1:\d+$/);
    expect(refused[0]?.cause).toContain('Tidemark test other-authority');
  });

  test('is told that its certificate is not one for clients', async () => {
    const { server } = await serve(files('agent'));
    const error = await failure(server.address, files('servers-only'));
    expect(error).toMatchObject({
      code: 'tls-mismatch',
      reason: expect.stringContaining('not meant for clients'),
    });
  });

  const agents: readonly (readonly [name: string, cause: RegExp, remedy: RegExp])[] = [
    ['stranger', /not signed by an authority in .*authority\.crt/, /authority\.crt/],
    ['expired', /agent's certificate has expired/, /tls\.cert/],
    ['future', /not valid yet/, /clock/],
    ['clients-only', /not meant for servers/, /serverAuth/],
    ['elsewhere', /for other names: DNS:db99\.internal/, /127\.0\.0\.1 \(subjectAltName\)/],
  ];
  test.each(agents)("names what is wrong with an agent's certificate: %s", async (name, cause, remedy) => {
    const error = await failure(await serveAs(name), files('coordinator'));
    expect(error).toMatchObject({ code: 'tls-mismatch', exitCode: 2 });
    expect(error.reason).toMatch(cause);
    expect(error.remedy).toMatch(remedy);
  });

  test('is told by name, not only by address, that the agent is another host', async () => {
    const address = (await serveAs('elsewhere')).replace('127.0.0.1', 'localhost');
    expect((await failure(address, files('coordinator'))).remedy).toContain('localhost (subjectAltName)');
  });

  test('says that the agent speaks plain text, and that it speaks TLS', async () => {
    const open = await serve(plain);
    const secure = await serve(files('agent'));
    const asked = await failure(open.server.address, files('coordinator'));
    expect(asked).toMatchObject({
      code: 'tls-mismatch',
      reason: expect.stringMatching(/agent speaks plain text/),
    });
    expect(open.refused[0]).toMatchObject({ cause: expect.stringContaining('it speaks TLS') });
    const openly = await failure(secure.server.address, plain);
    expect(openly).toMatchObject({ code: 'tls-mismatch', reason: expect.stringMatching(/agent speaks TLS/) });
    expect(secure.refused[0]).toMatchObject({ cause: expect.stringContaining('it speaks plain text') });
    // Who was refused keeps nobody else out.
    expect(await ask(open.server.address, plain)).toBe('shop-00');
    expect(await ask(secure.server.address, files('coordinator'))).toBe('shop-00');
  });

  test('says that something else answers there', async () => {
    const web = await listening(createServer((socket) => socket.end('HTTP/1.1 400 Bad Request\r\n\r\n')));
    for (const transport of [plain, files('coordinator')])
      expect(await failure(web, transport)).toMatchObject({ code: 'agent-mismatch' });
  });

  test('takes a host that is down, or that says nothing, for unreachable', async () => {
    const { server } = await serve(files('agent'));
    await server.close(0);
    expect((await failure(server.address, files('coordinator'))).code).toBe('agent-unreachable');
    expect((await failure(server.address, plain)).code).toBe('agent-unreachable');
  });

  test('a call that streams learns the cause as a question does', async () => {
    const { server } = await serve(files('agent'));
    const client = connectAgent(server.address, files('stranger'));
    onTestFinished(() => client.close());
    const reading = (async () => {
      for await (const _ of client.copy({}));
    })();
    await expect(reading).rejects.toMatchObject({ code: 'tls-mismatch' });
  });
});

describe('files that cannot work are refused before anybody connects, by name', () => {
  const wrong: readonly (readonly [what: string, transport: Transport, path: string, cause: RegExp])[] = [
    ['another key', files('agent', 'authority', 'coordinator'), 'coordinator.key', /does not belong to/],
    ['an expired certificate', files('expired'), 'expired.crt', /expired on 2020-01-02T00:00:00/],
    [
      'a certificate from the future',
      files('future'),
      'future.crt',
      /valid from 2090-.*this host's clock says/,
    ],
    ['a passphrase', files('coordinator', 'authority', 'passphrase'), 'passphrase.key', /passphrase/],
    [
      'a key as authority',
      { ...(files('agent') as object), caPath: pem('agent.key') } as Transport,
      'agent.key',
      /no certificate/,
    ],
    [
      'a certificate as key',
      { ...(files('agent') as object), keyPath: pem('agent.crt') } as Transport,
      'agent.crt',
      /no private key/,
    ],
  ];
  test.each(wrong)('%s', async (_what, transport, path, cause) => {
    const refused = {
      code: 'file-invalid',
      subject: expect.stringContaining(path) as string,
      reason: expect.stringMatching(cause) as string,
    };
    expect(() => connectAgent('127.0.0.1:1', transport)).toThrow(expect.objectContaining(refused));
    await expect(serveAgent('127.0.0.1:0', transport, nothing)).rejects.toMatchObject(refused);
  });

  test('a file that is not there', () => {
    const missing = { ...(files('agent') as object), keyPath: '/nowhere/agent.key' } as Transport;
    expect(() => connectAgent('127.0.0.1:1', missing)).toThrow(/\/nowhere\/agent\.key/);
  });
});

describe('the agent', () => {
  test('exchanges its certificates for connections to come, and keeps those it has when the new ones are wrong', async () => {
    const { server } = await serve(files('agent'));
    server.exchangeCertificates(files('stranger'));
    expect((await failure(server.address, files('coordinator'))).code).toBe('tls-mismatch');
    expect(() => server.exchangeCertificates(files('expired'))).toThrow(/expired/);
    server.exchangeCertificates(files('agent'));
    expect(await ask(server.address, files('coordinator'))).toBe('shop-00');
  });

  test('refuses a client that shows no certificate, without a call reaching it', async () => {
    const { server, refused } = await serve(files('agent'));
    const port = Number(server.address.split(':')[1]);
    const socket = tls.connect({
      port,
      host: '127.0.0.1',
      ca: readFileSync(pem('authority.crt')),
      ALPNProtocols: ['h2'],
    });
    socket.on('error', () => undefined);
    socket.resume();
    await once(socket, 'close');
    expect(refused).toEqual([{ peer: expect.any(String) as string, cause: 'it shows no certificate' }]);
  });

  test('says nothing of a connection that said nothing, and ends with one open', async () => {
    for (const transport of [plain, files('agent')]) {
      const { server, refused } = await serve(transport);
      const [host = '', port = ''] = server.address.split(':');
      const { connect } = await import('node:net');
      const probe = connect(Number(port), host);
      await once(probe, 'connect');
      const closed = once(probe, 'close');
      probe.resume();
      await server.close(0);
      await closed;
      expect(refused).toEqual([]);
    }
  });

  test('says that the port is taken, and by what it may be', async () => {
    const { server } = await serve(plain);
    await expect(serveAgent(server.address, plain, nothing)).rejects.toMatchObject({
      code: 'file-invalid',
      reason: expect.stringMatching(/another process listens there already, perhaps another tidemark-agent/),
    });
  });
});

test('nothing but the answer: no warning of Node about an address, and no proxy of the environment', async () => {
  const dead = 'http://127.0.0.1:1';
  const proxies = ['http_proxy', 'https_proxy', 'grpc_proxy', 'all_proxy'].flatMap((name) => [
    [name, dead],
    [name.toUpperCase(), dead],
  ]);
  const script = fileURLToPath(new URL('./tls-call-process.ts', import.meta.url));
  const { stdout, stderr } = await promisify(execFile)(process.execPath, [script, '127.0.0.1', 'localhost'], {
    env: {
      ...process.env,
      ...Object.fromEntries(proxies),
      no_proxy: '',
      NODE_OPTIONS: '',
      NODE_NO_WARNINGS: '',
    },
  });
  expect({ stdout, stderr }).toEqual({
    stdout: 'shop-00\ntls-mismatch\nshop-00\ntls-mismatch\n',
    stderr: '',
  });
});

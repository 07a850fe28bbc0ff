/** examples/make-certificates.sh, as an operator runs it, and the certificates it makes, on both sides of a channel. */
import { execFile } from 'node:child_process';
import { readdirSync, rmSync, statSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import path from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest';
import { connectAgent, serveAgent, type AgentImplementation, type Transport } from '../../proto/channel.ts';
import { newFolder } from '../servers/run-folder.ts';

const script = path.join(import.meta.dirname, '..', '..', 'examples', 'make-certificates.sh');
let folder = '';

beforeAll(() => {
  folder = newFolder('certificates');
});
afterAll(() => rm(folder, { recursive: true, force: true }));

async function make(...hosts: string[]): Promise<void> {
  await promisify(execFile)('sh', [script, path.join(folder, 'made'), 'shop', ...hosts]);
}

const files = (name: string): Transport => ({
  kind: 'tls',
  caPath: path.join(folder, 'made', 'ca.pem'),
  certPath: path.join(folder, 'made', `${name}.pem`),
  keyPath: path.join(folder, 'made', `${name}.key`),
});

async function ask(agent: string, host: string): Promise<string> {
  const describe = () => Promise.resolve({ shard: 'shop-00' });
  const server = await serveAgent('127.0.0.1:0', files(agent), {
    describe,
  } as unknown as AgentImplementation);
  const client = connectAgent(server.address.replace('127.0.0.1', host), files('coordinator'));
  onTestFinished(async () => {
    client.close();
    await server.close(0);
  });
  return (await client.describe({})).shard;
}

test('each host is the one that its certificate names, by name or by address', async () => {
  await make('localhost', '127.0.0.1');
  expect(await ask('localhost', 'localhost')).toBe('shop-00');
  expect(await ask('127.0.0.1', '127.0.0.1')).toBe('shop-00');
  await expect(ask('localhost', '127.0.0.1')).rejects.toMatchObject({
    code: 'tls-mismatch',
    reason: expect.stringContaining('other names: DNS:localhost'),
  });
});

test('keys are for their user alone; a host is added, and what is there is kept', async () => {
  const made = path.join(folder, 'made');
  for (const file of readdirSync(made).filter((name) => name.endsWith('.key')))
    expect(statSync(path.join(made, file)).mode & 0o077).toBe(0);
  const before = statSync(path.join(made, 'localhost.pem')).mtimeMs;
  rmSync(path.join(made, '127.0.0.1.pem'));
  await make('localhost', '127.0.0.1', '::1', 'db00.internal');
  expect(statSync(path.join(made, 'localhost.pem')).mtimeMs).toBe(before);
  expect(await ask('127.0.0.1', '127.0.0.1')).toBe('shop-00');
  expect(
    readdirSync(made)
      .filter((name) => name.endsWith('.pem'))
      .sort(),
  ).toEqual(['127.0.0.1.pem', '::1.pem', 'ca.pem', 'coordinator.pem', 'db00.internal.pem', 'localhost.pem']);
});

/** What becomes of a run whose reader, terminal or disk goes away. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, openSync, closeSync, writeFileSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { createServer, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { text } from 'node:stream/consumers';
import { afterAll, beforeAll, expect, test } from 'vitest';

const cli = join(import.meta.dirname, '..', '..', '..', 'coordinator', 'cli.ts');
const silent: Server = createServer(() => undefined);
let folder = '';

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'tidemark-streams-'));
  mkdirSync(join(folder, 'repository'));
  // An agent that takes connections and says nothing.
  silent.listen(0, '127.0.0.1');
  await once(silent, 'listening');
  const address = silent.address();
  if (address === null || typeof address === 'string') throw new Error('no port');
  const head = `cluster: shop\nrepository: {url: "file://${folder}/repository"}\nshards:\n`;
  writeFileSync(join(folder, 'silent.yaml'), `${head}  - {name: a, agent: "127.0.0.1:${address.port}"}\n`);
  writeFileSync(join(folder, 'gone.yaml'), `${head}  - {name: a, agent: "127.0.0.1:1"}\n`);
});
afterAll(async () => {
  silent.close();
  await rm(folder, { recursive: true, force: true });
});

function start(topology: string, args: readonly string[], stdout: 'pipe' | number = 'pipe') {
  const child = spawn(process.execPath, [cli, '-t', join(folder, topology), ...args], {
    stdio: ['ignore', stdout, 'pipe'],
  });
  return { child, ended: once(child, 'exit') as Promise<[number | null, NodeJS.Signals | null]> };
}

test.each([[[]], [['--json']]])('a reader that has seen enough ends nothing (list %s)', async (more) => {
  const { child, ended } = start('gone.yaml', ['list', ...more]);
  child.stdout?.destroy();
  const said = text(child.stderr ?? Readable.from([]));
  expect(await ended).toEqual([0, null]);
  expect(await said).toBe('');
});

test('a command that nobody hears on stderr ends as it would have otherwise', async () => {
  const { child, ended } = start('gone.yaml', ['check']);
  child.stderr?.destroy();
  child.stdout?.resume();
  expect(await ended).toEqual([7, null]);
});

test('an outcome that cannot be written is a failure, told in one line', async () => {
  const full = openSync('/dev/full', 'w');
  const { child, ended } = start('gone.yaml', ['list', '--json'], full);
  const said = text(child.stderr ?? Readable.from([]));
  expect(await ended).toEqual([1, null]);
  closeSync(full);
  expect(await said).toMatch(
    /^error: stdout: cannot write the outcome: .*no space left[^\n]*\n[^\n]*\(not-ready\)\n$/i,
  );
});

test.each([[['check']], [['check', '--json']]])(
  'what a command found out stays its exit code although stdout has no room (%s)',
  async (args) => {
    const full = openSync('/dev/full', 'w');
    const { child, ended } = start('gone.yaml', args, full);
    closeSync(full);
    const said = text(child.stderr ?? Readable.from([]));
    expect(await ended).toEqual([7, null]);
    expect(await said).toMatch(/\(agent-unreachable\)/);
    expect(await said).toMatch(/stdout: cannot write the outcome: .*no space left/i);
  },
);

test.each([[['--help']], [['--version']], [['list', '--help']]])(
  'help that cannot be written is a failure (%s)',
  async (args) => {
    const full = openSync('/dev/full', 'w');
    const { child, ended } = start('gone.yaml', args, full);
    closeSync(full);
    const said = text(child.stderr ?? Readable.from([]));
    expect(await ended).toEqual([1, null]);
    expect(await said).toMatch(/^error: stdout: cannot write the outcome: [^\n]*\n[^\n]*\(not-ready\)\n$/);
  },
);

test('a stderr without room changes no exit code', async () => {
  const full = openSync('/dev/full', 'w');
  const child = spawn(process.execPath, [cli, '-t', join(folder, 'gone.yaml'), 'check', '--json'], {
    stdio: ['ignore', 'pipe', full],
    env: { ...process.env, TIDEMARK_LOG_LEVEL: 'trace' },
  });
  closeSync(full);
  const printed = text(child.stdout ?? Readable.from([]));
  expect(await once(child, 'exit')).toEqual([7, null]);
  expect(JSON.parse(await printed)).toMatchObject({ error: { code: 'agent-unreachable' } });
});

test.each(['SIGINT', 'SIGTERM', 'SIGHUP'] as const)(
  '%s interrupts: exit code 130, one document',
  async (signal) => {
    const connected = once(silent, 'connection');
    const { child, ended } = start('silent.yaml', ['check', '--json']);
    const printed = text(child.stdout ?? Readable.from([]));
    child.stderr?.resume();
    await connected;
    child.kill(signal);
    expect(await ended).toEqual([130, null]);
    expect(JSON.parse(await printed)).toMatchObject({
      error: { code: 'interrupted', cause: expect.stringContaining(signal) },
    });
  },
);

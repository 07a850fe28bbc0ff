/** The command as a process: arguments, exit codes, what stands on stdout. No agent answers here. */
import { execFile } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { openRepository } from '../../../repository/repository.ts';
import { set, writeSet } from './stored-cluster.ts';

const cli = join(import.meta.dirname, '..', '..', '..', 'coordinator', 'cli.ts');
let folder = '';
let topologyPath = '';

interface Ended {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

function tidemark(args: readonly string[], environment: Record<string, string> = {}): Promise<Ended> {
  return new Promise((resolve) => {
    const env = { ...process.env, TIDEMARK_TOPOLOGY: topologyPath, ...environment };
    execFile(process.execPath, [cli, ...args], { env, cwd: folder }, (error, stdout, stderr) => {
      resolve({ code: typeof error?.code === 'number' ? error.code : 0, stdout, stderr });
    });
  });
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await new Promise((resolve) => server.once('listening', resolve));
  const address = server.address();
  await new Promise((resolve) => server.close(resolve));
  if (address === null || typeof address === 'string') throw new Error('no port');
  return address.port;
}

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'tidemark-cli-'));
  mkdirSync(join(folder, 'repository'));
  topologyPath = join(folder, 'shop.yaml');
  const [first, second] = [await freePort(), await freePort()];
  writeFileSync(
    topologyPath,
    `cluster: shop\nrepository: {url: "file://${folder}/repository"}\nshards:\n  - {name: shop-00, agent: "127.0.0.1:${first}"}\n  - {name: shop-01, agent: "127.0.0.1:${second}"}\n`,
  );
  await writeSet(openRepository(`file://${folder}/repository`));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

test('a name that a terminal would obey is shown, and carried whole by --json', async () => {
  const hostile = join(folder, 'no\x1b[2J\u202e.yaml');
  const person = await tidemark(['-t', hostile, 'list']);
  expect(person.code).toBe(2);
  expect(person.stderr).toContain('no\\u{1b}[2J\\u{202e}.yaml');
  expect(person.stderr.replaceAll('\n', '')).not.toMatch(/[\p{Cc}\p{Cf}]/u);
  expect((await tidemark([`bo\x1b[2Jgus`])).stderr).toContain('bo\\u{1b}[2Jgus');
  const { stdout } = await tidemark(['-t', hostile, '--json', 'list']);
  const { error } = JSON.parse(stdout) as { error: { subject: string } };
  expect(error.subject).toContain(hostile);
});

describe.each<[string, string[], RegExp]>([
  ['no command', [], /Usage: tidemark/],
  ['an unknown command', ['bogus'], /unknown command 'bogus'/],
  ['an unknown option', ['list', '--nope'], /unknown option '--nope'/],
  ['a missing set', ['verify'], /missing required argument 'set'/],
  ['a bad --map', ['restore', 'latest', '--map', 'x'], /must be old=new/],
  ['a bad log level', ['list', '--log-level', 'loud'], /Allowed choices/],
])('%s', (_, args, message) => {
  test('is exit code 2 with a message on stderr', async () => {
    const { code, stdout, stderr } = await tidemark(args);
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
    expect(stderr).toMatch(message);
  });

  test('is exit code 2 with one document on stdout for --json', async () => {
    const { code, stdout } = await tidemark([...args, '--json']);
    expect(code).toBe(2);
    const { error } = JSON.parse(stdout) as { error: Record<string, unknown> };
    expect(Object.keys(error)).toEqual(['code', 'operation', 'subject', 'cause', 'remedy']);
    expect(error['code']).toBe('usage');
  });
});

test('every command says in its help how it can end', async () => {
  for (const command of ['check', 'backup', 'list', 'show', 'verify', 'restore']) {
    const { code, stdout } = await tidemark([command, '--help']);
    expect(code).toBe(0);
    expect(stdout).toMatch(/Exit codes:\n {4}0 {2}done\n/);
    expect(stdout).toContain('--topology');
  }
});

test.each<[string, string[], Record<string, string>, number, string]>([
  ['a topology that is not there', ['list', '-t', 'nowhere.yaml'], {}, 2, 'file-unreadable'],
  [
    'a topology from the environment that is not there',
    ['list'],
    { TIDEMARK_TOPOLOGY: 'none.yaml' },
    2,
    'file-unreadable',
  ],
  ['a topology with mistakes', ['list', '-t', cli], {}, 2, 'file-invalid'],
  ['an unknown set', ['show', '20200101T000000Z-full'], {}, 2, 'set-unknown'],
  ['a backup without agents', ['backup'], {}, 7, 'agent-unreachable'],
  ['a check without agents', ['check'], {}, 7, 'agent-unreachable'],
  ['a restore without agents', ['restore', 'latest'], {}, 7, 'agent-unreachable'],
  ['globals that the set has not', ['restore', 'latest', '--globals'], {}, 6, 'does-not-fit'],
  ['globals in a way of its own', ['backup', '--globals', 'all'], {}, 2, 'usage'],
  ['--decode without agents', ['verify', 'latest', '--decode'], {}, 7, 'agent-unreachable'],
])('%s', async (_, args, environment, expected, errorCode) => {
  const { code, stdout } = await tidemark([...args, '--json'], environment);
  expect(code).toBe(expected);
  expect(JSON.parse(stdout)).toMatchObject({ error: { code: errorCode } });
});

test('-t comes before the environment', async () => {
  const { code } = await tidemark(['list', '-t', topologyPath], { TIDEMARK_TOPOLOGY: 'none.yaml' });
  expect(code).toBe(0);
});

test('list, show and verify need no agent', async () => {
  const list = await tidemark(['list', '--json']);
  expect(JSON.parse(list.stdout)).toMatchObject({
    cluster: 'shop',
    sets: [{ id: set, state: 'sealed', shards: 2, rows: 60 }],
    warnings: expect.any(Array),
  });
  const show = await tidemark(['show', 'latest', '--tables', '--json']);
  expect(JSON.parse(show.stdout)).toMatchObject({
    set,
    consistency: 'atomic',
    globals: 'none',
    tables: [
      { shard: 'shop-00', name: 'shop.public.accounts', rows: 30, chunks: 3, rawBytes: 300 },
      { shard: 'shop-01', name: 'shop.public.accounts', rows: 30, chunks: 3, rawBytes: 300 },
    ],
  });
  const verify = await tidemark(['verify', 'latest', '--json']);
  expect(JSON.parse(verify.stdout)).toMatchObject({ id: set, ok: true });
  expect([list.code, show.code, verify.code]).toEqual([0, 0, 0]);
  const text = await tidemark(['list']);
  expect(text.stdout).toMatch(new RegExp(`^set .*\n${set}  full  sealed .* atomic +8\\.3 ms\n$`));
});

test('a failed backup leaves no lease behind and no set that counts', async () => {
  const { code, stderr } = await tidemark(['backup']);
  expect(code).toBe(7);
  expect(stderr).toMatch(/shop-00.*shop-01/s);
  // The next is not told that somebody holds the lease.
  expect((await tidemark(['backup'])).code).toBe(7);
  const { stdout } = await tidemark(['list', '--json']);
  const { sets } = JSON.parse(stdout) as { sets: { id: string; state: string }[] };
  expect(sets.filter(({ state }) => state === 'sealed').map(({ id }) => id)).toEqual([set]);
});

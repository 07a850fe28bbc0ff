/** The agent as a process, before a database server that does not answer: environment, signals, log. */
import { execFile, spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, mkdirSync, mkdtempSync, openSync, writeFileSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest';

const daemon = join(import.meta.dirname, '..', '..', '..', 'shard-agent', 'daemon.ts');
let folder = '';
let config = '';

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'tidemark-daemon-'));
  mkdirSync(join(folder, 'repository'));
  config = join(folder, 'agent.yaml');
  const database = 'database: {engine: postgres, host: 127.0.0.1, port: 1, user: tidemark}';
  writeFileSync(
    config,
    `shard: shop-00\nlisten: "127.0.0.1:0"\nrepository: {url: "file://${folder}/repository"}\n${database}\n`,
  );
});
afterAll(() => rm(folder, { recursive: true, force: true }));

interface Daemon {
  readonly child: ChildProcess;
  readonly ended: Promise<[number | null, NodeJS.Signals | null]>;
  readonly stderr: () => string;
  /** Resolves when stderr has it. */
  readonly says: (wanted: RegExp) => Promise<void>;
}

/** Resolves when it listens. */
async function start(environment: Record<string, string> = {}, stderrTo?: string): Promise<Daemon> {
  const output = stderrTo === undefined ? ('pipe' as const) : openSync(stderrTo, 'w');
  const child = spawn(process.execPath, [daemon, '--config', config], {
    stdio: ['ignore', 'pipe', output],
    env: { ...process.env, ...environment },
  });
  if (typeof output === 'number') closeSync(output);
  onTestFinished(() => void child.kill('SIGKILL'));
  const ended = once(child, 'exit') as Daemon['ended'];
  let said = '';
  const heard = new Set<() => void>();
  child.stderr?.setEncoding('utf8').on('data', (text: string) => {
    said += text;
    for (const each of heard) each();
  });
  const says = (wanted: RegExp): Promise<void> =>
    new Promise((resolve) => {
      const look = (): void => {
        if (!wanted.test(said)) return;
        heard.delete(look);
        resolve();
      };
      heard.add(look);
      look();
    });
  await once(child.stdout as NodeJS.ReadableStream, 'data');
  return { child, ended, stderr: () => said, says };
}

test('stderr without room ends no agent: it listens, and leaves in good order', async () => {
  const { child, ended } = await start({ TIDEMARK_LOG_LEVEL: 'trace' }, '/dev/full');
  child.kill('SIGHUP');
  child.kill('SIGTERM');
  expect(await ended).toEqual([0, null]);
});

test('a reader of stderr that goes away ends no agent', async () => {
  const { child, ended } = await start();
  child.stderr?.destroy();
  child.kill('SIGHUP');
  child.kill('SIGTERM');
  expect(await ended).toEqual([0, null]);
});

test('every line is JSON, with each key once and an ISO time; SIGTERM and its last word', async () => {
  const { child, ended, stderr } = await start();
  child.kill('SIGTERM');
  expect(await ended).toEqual([0, null]);
  const lines = stderr().trim().split('\n');
  expect(lines.length).toBeGreaterThan(2);
  for (const line of lines) {
    const fields = JSON.parse(line) as Record<string, unknown>;
    const own = line.replace(/"error":\{[^}]*\}/, '"error":0');
    for (const key of Object.keys(fields)) expect(own.split(`"${key}":`), line).toHaveLength(2);
    expect(fields['time']).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/);
    expect(fields).toMatchObject({
      shard: 'shop-00',
      set: expect.any(String),
      operation: expect.any(String),
    });
  }
  expect(lines.map((line) => (JSON.parse(line) as { msg: string }).msg)).toContain('left');
});

test('TIDEMARK_LOG_FORMAT=text is for a person', async () => {
  const { child, ended, stderr } = await start({ TIDEMARK_LOG_FORMAT: 'text' });
  child.kill('SIGTERM');
  await ended;
  expect(stderr()).toMatch(
    /^\S+Z INFO {2}shop-00 daemon: listening \(address=127\.0\.0\.1:\d+ version=\S+\)$/m,
  );
});

test('SIGHUP does not end it; a mistake in the file is logged, and the next one is read again', async () => {
  const { child, ended, says } = await start();
  child.kill('SIGHUP');
  await says(/"operation":"reload".*was read again/);
  child.kill('SIGHUP');
  child.kill('SIGTERM');
  expect(await ended).toEqual([0, null]);
});

const environments: readonly (readonly [name: string, value: () => string, cause: RegExp])[] = [
  ['TIDEMARK_LOG_LEVEL', () => 'loud', /`loud` is not one of trace, debug, info/],
  ['TIDEMARK_LOG_FORMAT', () => 'xml', /`xml` is not one of json, text/],
  ['TMPDIR', () => join(folder, 'nowhere'), /it does not exist/],
  ['TMPDIR', () => config, /it is not a folder/],
  ['TMPDIR', () => '/proc', /it is not writable/],
];
const programs = [
  ['tidemark-agent', [daemon, '--config', '/nowhere']],
  ['tidemark-agent check', [daemon, 'check', '--config', '/nowhere']],
  ['tidemark', [join(daemon, '..', '..', 'coordinator', 'cli.ts'), '-t', '/nowhere', 'list']],
] as const;
test.each(
  programs.flatMap(([program, args]) => environments.map((each) => [program, args, ...each] as const)),
)('%s %j: a bad %s is a usage error', async (_program, args, name, value, cause) => {
  const env = { ...process.env, [name]: value() };
  const { code, stderr } = await new Promise<{ code: unknown; stderr: string }>((resolve) =>
    execFile(process.execPath, [...args], { env }, (error, _stdout, said) =>
      resolve({ code: error?.code, stderr: said }),
    ),
  );
  expect(code).toBe(2);
  expect(stderr).toContain(name);
  expect(stderr).toMatch(name === 'TMPDIR' ? cause : /is not one of|is invalid. Allowed choices/);
});

/** The commands of package.json as somebody runs them from a clone. */

import { execFile, execFileSync, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  realpathSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { promisify } from 'node:util';
import { expect, onTestFinished, test } from 'vitest';

const root = join(import.meta.dirname, '..', '..');
const { bin } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as {
  bin: Record<string, string>;
};

test.each(Object.entries(bin))('%s may be executed and asks for Node by name', (_, path) => {
  // npm links the file as it is: without the mode or the first line, npx fails on somebody else's machine only.
  expect(statSync(join(root, path)).mode & 0o111).toBe(0o111);
  expect(readFileSync(join(root, path), 'utf8').split('\n', 1)).toEqual(['#!/usr/bin/env node']);
});

test.each(Object.keys(bin))('npx %s works whatever Node the machine has', (name) => {
  // Without the Node that npm's scripts put on the path: npx itself must find the one in node_modules.
  const inherited = (process.env['PATH'] ?? '').split(delimiter);
  const path = inherited.filter((folder) => !folder.includes('node_modules'));
  const output = execFileSync('npx', ['--no', '--', name, '--help'], {
    cwd: root,
    encoding: 'utf8',
    env: { ...process.env, PATH: path.join(delimiter) },
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  expect(output).toContain(`Usage: ${name} `);
});

/** Where a clone, a container or npx may have linked to, too. */
const entries = [...Object.values(bin), 'coordinator/cli.ts', 'shard-agent/daemon.ts'];

test.each(entries)('%s says in one sentence that the Node is too old', async (entry) => {
  const old = await oldNode();
  // Without one, a Node that says it is old: what it loads is the same file.
  const [program, ...args] =
    old === undefined
      ? [process.execPath, '--import', asVersion('20.20.2'), join(root, entry)]
      : [old, join(root, entry)];
  const outcome = spawnSync(program, [...args, '--version'], { encoding: 'utf8' });
  expect(outcome).toMatchObject({ status: 2, stdout: '' });
  expect(outcome.stderr).toMatch(
    /^tidemark(-agent)? needs Node 24 or newer, and this is Node \d+\.\d+\.\d+ \(.*\)\.\n$/,
  );
});

test.each(entries)('%s starts with the Node of the project', (entry) => {
  expect(execFileSync(process.execPath, [join(root, entry), '--version'], { encoding: 'utf8' })).toMatch(
    /^\d+\.\d+/,
  );
});

test.each(entries)('%s is something that every Node since 14 can parse', (entry) => {
  const text = readFileSync(join(root, entry), 'utf8');
  // An older Node takes the real path's extension, and knows no type.
  expect(realpathSync(join(root, entry))).toMatch(/\.js$/);
  expect(text).not.toMatch(/\b(type|interface|enum|as|satisfies|using)\b.*[:{=]/);
});

test('SIGTERM to the npx that started an agent ends the agent too, in good order', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'tidemark-npx-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  mkdirSync(join(folder, 'repository'));
  const config = join(folder, 'agent.yaml');
  const database = 'database: {engine: postgres, host: 127.0.0.1, port: 1, user: tidemark}';
  const repository = `repository: {url: "file://${folder}/repository"}`;
  writeFileSync(config, `shard: shop-00\nlisten: "127.0.0.1:0"\n${repository}\n${database}\n`);
  const npx = spawn('npx', ['--no', '--', 'tidemark-agent', '--config', config], {
    cwd: root,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let log = '';
  const left = new Promise<void>((resolve) => {
    npx.stderr.setEncoding('utf8').on('data', (text: string) => {
      log += text;
      if (log.includes('"msg":"left"')) resolve();
    });
  });
  const closed = once(npx, 'close');
  await once(npx.stdout, 'data');
  npx.kill('SIGTERM');
  await left;
  // Its pipes are closed only when nobody is left who could write to them.
  await closed;
  expect(log).toContain('"signal":"SIGTERM"');
});

/** A Node of the machine that is older than the programs need. */
async function oldNode(): Promise<string | undefined> {
  const folders = (process.env['PATH'] ?? '')
    .split(delimiter)
    .filter((folder) => !folder.includes('node_modules'));
  for (const folder of folders) {
    const candidate = join(folder, 'node');
    if (!existsSync(candidate)) continue;
    const { stdout } = await promisify(execFile)(candidate, ['--version']);
    if (Number(/^v(\d+)/.exec(stdout)?.[1]) < 24) return candidate;
  }
  return undefined;
}

function asVersion(version: string): string {
  return `data:text/javascript,${encodeURIComponent(`Object.defineProperty(process.versions, 'node', { value: '${version}' });`)}`;
}

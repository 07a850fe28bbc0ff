/** The commands of package.json as somebody runs them from a clone. */

import { execFileSync } from 'node:child_process';
import { readFileSync, statSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { expect, test } from 'vitest';

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

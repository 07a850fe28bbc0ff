/** What must hold for the tree as a whole, whoever adds to it. */

import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { expect, test } from 'vitest';

const root = join(import.meta.dirname, '..', '..');
const files = execFileSync('git', ['ls-files', '-z'], { cwd: root, encoding: 'utf8' })
  .split('\0')
  .filter((file) => file !== '' && existsSync(join(root, file)));
const self = 'test/unit/tree.test.ts';

function filesWith(pattern: RegExp): string[] {
  return files.filter((file) => file !== self && pattern.test(readFileSync(join(root, file), 'utf8')));
}

test('the files are there to be looked at', () => {
  expect(files).toContain('package-lock.json');
});

test('no module is a drawer', () => {
  const drawers = /^(utils?|helpers?|common|lib|misc|types|shared)(\.ts)?$/;
  expect(files.filter((file) => file.split('/').some((part) => drawers.test(part)))).toEqual([]);
});

test('no file names a registry: npm takes the one that the machine is set to', () => {
  expect(filesWith(/https?:\/\/[^\s"'/]*(registry|npmjs|artifactory|nexus)[^\s"'/]*\//)).toEqual([]);
  expect(readFileSync(join(root, 'package-lock.json'), 'utf8')).not.toContain('"resolved"');
});

test('no file names a folder of the machine it was written on', () => {
  expect(filesWith(/(?<![\w.])\/(work|home|Users)\/\w/)).toEqual([]);
});

test('every dependency has an exact version', () => {
  const { dependencies, devDependencies } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as {
    dependencies: Record<string, string>;
    devDependencies: Record<string, string>;
  };
  const versions = Object.entries({ ...dependencies, ...devDependencies });
  expect(versions.filter(([, version]) => !/^\d+\.\d+\.\d+(-[\w.]+)?$/.test(version))).toEqual([]);
});

test('every test file belongs to a project that runs it', () => {
  const projects = /^test\/(unit|simulation|transcripts|conformance|cluster|fidelity|newest)\//;
  expect(files.filter((file) => file.endsWith('.test.ts') && !projects.test(file))).toEqual([]);
});

test('no test is left out or alone', () => {
  expect(filesWith(/\b(test|it|describe)\.(only|todo|skip)\b/)).toEqual([]);
});

test('no test replaces a module', () => {
  expect(filesWith(/\bvi\.(do)?mock\(/)).toEqual([]);
});

test('the programs are executable for whoever clones them', () => {
  const { bin } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as {
    bin: Record<string, string>;
  };
  const listed = execFileSync('git', ['ls-files', '--stage', ...Object.values(bin), '.ci/run'], {
    cwd: root,
    encoding: 'utf8',
  });
  const modes = Object.fromEntries(
    listed
      .trim()
      .split('\n')
      .map((line) => [line.split('\t')[1], line.slice(0, 6)]),
  );
  for (const file of [...Object.values(bin), '.ci/run']) expect(modes[file], basename(file)).toBe('100755');
});

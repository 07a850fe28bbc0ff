import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { debianMirror } from '../servers/apt-sources.ts';

let folder: string;

beforeEach(() => {
  folder = mkdtempSync(path.join(tmpdir(), 'tidemark-apt-'));
  mkdirSync(path.join(folder, 'sources.list.d'));
});
afterEach(() => rmSync(folder, { recursive: true }));

function write(name: string, ...lines: string[]): void {
  writeFileSync(path.join(folder, name), `${lines.join('\n')}\n`);
}

test('the line that names the release, and none of those beside it', () => {
  write(
    'sources.list',
    '# deb http://old.example/debian bookworm main',
    'deb-src http://sources.example/debian bookworm main',
    'deb http://security.example/debian-security bookworm-security main',
    'deb [arch=amd64 signed-by=/k.gpg] http://mirror.example/debian bookworm main contrib',
  );
  expect(debianMirror(folder, 'bookworm')).toBe('http://mirror.example/debian');
});

test('a paragraph that names the release among others, with comments inside', () => {
  write('sources.list.d/a.list', 'deb https://vendor.example/apt vendor-bookworm main');
  write(
    'sources.list.d/debian.sources',
    'Types: deb deb-src',
    '# as delivered',
    'URIs: http://mirror.example/debian',
    'Suites: bookworm',
    ' bookworm-updates',
    'Components: main',
    '',
    'Types: deb',
    'URIs: http://security.example/debian-security',
    'Suites: bookworm-security',
  );
  expect(debianMirror(folder, 'bookworm')).toBe('http://mirror.example/debian');
});

test('a paragraph that is switched off, and a file apt does not read, say nothing', () => {
  write(
    'sources.list.d/off.sources',
    'Enabled: no',
    'Types: deb',
    'URIs: http://off.example/',
    'Suites: sid',
  );
  write('sources.list.d/kept.list.bak', 'deb http://kept.example/debian bookworm main');
  expect(() => debianMirror(folder, 'bookworm')).toThrow(/name no mirror of bookworm/);
});

test('a machine of no release takes the archive it names', () => {
  write('sources.list', 'deb http://mirror.example/debian unstable main');
  expect(debianMirror(folder, undefined)).toBe('http://mirror.example/debian');
});

import { execFileSync } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';

const cli = join(import.meta.dirname, '..', '..', '..', 'coordinator', 'cli.ts');
let home: string;

beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), 'tidemark-home-'));
});
afterEach(() => rmSync(home, { recursive: true, force: true }));

function version(environment: Record<string, string>): string {
  const { HOME: _, XDG_CACHE_HOME: __, ...others } = process.env;
  const env = { ...others, ...environment };
  return execFileSync(process.execPath, [cli, '--version'], {
    encoding: 'utf8',
    env,
    timeout: 60_000,
  }).trim();
}

test('what was compiled is kept in the cache folder of the account, for the account alone', () => {
  expect(version({ HOME: home })).toMatch(/^\d+\.\d+\.\d+$/);
  const folder = join(home, '.cache', 'tidemark');
  expect(statSync(folder).mode & 0o777).toBe(0o700);
  expect(readdirSync(folder, { recursive: true }).length).toBeGreaterThan(50);
  expect(version({ HOME: home })).toMatch(/^\d+\.\d+\.\d+$/);
});

test('XDG_CACHE_HOME names another folder', () => {
  version({ HOME: home, XDG_CACHE_HOME: join(home, 'elsewhere') });
  expect(existsSync(join(home, 'elsewhere', 'tidemark'))).toBe(true);
  expect(existsSync(join(home, '.cache'))).toBe(false);
});

test.each(['/proc', '/dev/null', '', 'relative'])(
  'a home that nothing can be kept in is no obstacle: %s',
  (nowhere) => {
    expect(version({ HOME: nowhere })).toMatch(/^\d+\.\d+\.\d+$/);
  },
);

test('a home that does not exist is not made', () => {
  version({ HOME: join(home, 'gone') });
  expect(existsSync(join(home, 'gone'))).toBe(false);
});

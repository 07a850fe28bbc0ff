/** docs/installation.md shows the files of examples/, which other tests run. */
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';

const root = join(import.meta.dirname, '..', '..');
const read = (path: string): string => readFileSync(join(root, path), 'utf8');
const page = read('docs/installation.md');

test.each(readdirSync(join(root, 'examples/accounts')))('shows the account %s', (file) => {
  expect(page).toContain(read(`examples/accounts/${file}`).trimEnd());
});

test('its commands for a certificate are those of the script', () => {
  const script = read('examples/make-certificates.sh');
  for (const part of [
    'openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256 -out',
    'openssl req -new -key',
    'extendedKeyUsage = serverAuth, clientAuth',
    'openssl x509 -req -sha256 -days 825 -in',
    '-CA ca.pem -CAkey ca.key -CAcreateserial',
  ]) {
    expect(script).toContain(part);
    expect(page).toContain(part);
  }
  expect(statSync(join(root, 'examples/make-certificates.sh')).mode & 0o111).toBe(0o111);
});

test('the unit starts, reloads and ends the agent as the page says', () => {
  const unit = read('examples/systemd/tidemark-agent.service');
  const value = (key: string): string | undefined => new RegExp(`^${key}=(.*)$`, 'm').exec(unit)?.[1];
  expect(value('Type')).toBe('exec');
  expect(value('ExecReload')).toBe('/bin/kill -HUP $MAINPID');
  expect(value('KillSignal')).toBe('SIGTERM');
  expect(value('UMask')).toBe('0007');
  expect([value('User'), value('Group')]).toEqual(['tidemark', 'tidemark']);
  // Longer than a leaving agent goes on undoing a restore (10 s) and lets calls end.
  expect(value('TimeoutStopSec')).toBe('5min');
  const [node, program = ''] = (value('ExecStart') ?? '').split(' ');
  expect(node).toBe('/usr/bin/node');
  const { bin } = JSON.parse(read('package.json')) as { bin: Record<string, string> };
  expect(program).toBe(`/opt/tidemark/${bin['tidemark-agent']}`);
});

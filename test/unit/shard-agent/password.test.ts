import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test, vi } from 'vitest';
import { readPassword } from '../../../shard-agent/password.ts';

test('from a file, without the newline that editors add', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'tidemark-password-'));
  onTestFinished(() => rm(folder, { recursive: true }));
  const path = join(folder, 'password');
  await writeFile(path, 'a b \n');
  expect(await readPassword({ kind: 'file', path })).toBe('a b ');
  await expect(readPassword({ kind: 'file', path: join(folder, 'none') })).rejects.toMatchObject({
    code: 'file-unreadable',
  });
});

test('from the environment, where an unset variable is a mistake and an empty one is not', async () => {
  onTestFinished(() => void vi.unstubAllEnvs());
  vi.stubEnv('SHOP_PASSWORD', '');
  expect(await readPassword({ kind: 'env', name: 'SHOP_PASSWORD' })).toBe('');
  await expect(readPassword({ kind: 'env', name: 'SHOP_PASSWORD_UNSET' })).rejects.toMatchObject({
    code: 'file-invalid',
    subject: expect.stringContaining('SHOP_PASSWORD_UNSET'),
  });
  expect(await readPassword({ kind: 'none' })).toBeUndefined();
});

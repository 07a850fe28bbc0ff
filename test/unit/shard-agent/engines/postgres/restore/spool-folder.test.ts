import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { spoolFolders } from '../../../../../../shard-agent/engines/postgres/restore/spool-folder.ts';

test('what an agent left when it was killed is removed, what a running one uses stays', async () => {
  const parent = mkdtempSync(path.join(tmpdir(), 'spool-test-'));
  onTestFinished(() => rmSync(parent, { recursive: true, force: true }));
  const { pid: gone } = spawnSync(process.execPath, ['--version']);
  const left = [`tidemark-schema-${gone}-aaaaaa`, `tidemark-schema-${process.pid}-bbbbbb`];
  const kept = [`tidemark-schema-${process.ppid}-cccccc`, 'tidemark-schema-mine', 'other-1-dddddd'];
  for (const name of [...left, ...kept]) {
    mkdirSync(path.join(parent, name));
    writeFileSync(path.join(parent, name, '0.dump'), 'secret');
  }
  const own = await spoolFolders.make(parent);
  expect(statSync(own).mode & 0o777).toBe(0o700);
  await spoolFolders.sweep(parent);
  expect(readdirSync(parent).sort()).toEqual([...kept, path.basename(own)].sort());
  await spoolFolders.remove(own);
  await spoolFolders.remove(own);
  expect(readdirSync(parent).sort()).toEqual([...kept].sort());
});

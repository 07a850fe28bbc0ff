import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { Readable } from 'node:stream';
import { text } from 'node:stream/consumers';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect, onTestFinished, test } from 'vitest';

const module = new URL('../../../proto/process-end.ts', import.meta.url).href;

/** A program that says much and leaves a port open; its output is read by the test. */
function program(stdio: 'pipe' | 'ignore' = 'pipe') {
  const source = `
    import { createServer } from 'node:net';
    import { endProcess } from '${module}';
    createServer().listen(0, '127.0.0.1');
    process.stderr.write('e'.repeat(300_000));
    process.stdout.write('o'.repeat(1_000_000));
    await endProcess(3);`;
  const child = spawn(process.execPath, ['--input-type=module', '-e', source], {
    stdio: ['ignore', stdio, stdio],
  });
  onTestFinished(() => void child.kill('SIGKILL'));
  return { child, ended: once(child, 'exit') };
}

test('everything that was written is read before the process ends, whatever it leaves open', async () => {
  const { child, ended } = program();
  await sleep(1_000);
  expect(child.exitCode).toBe(null);
  const [out, err] = await Promise.all(
    [child.stdout, child.stderr].map((stream) => text(stream ?? Readable.from([]))),
  );
  expect([out?.length, err?.length, await ended]).toEqual([1_000_000, 300_000, [3, null]]);
});

test('a reader that has gone away is not waited for', async () => {
  const { child, ended } = program();
  child.stdout?.destroy();
  child.stderr?.destroy();
  expect(await ended).toEqual([3, null]);
  expect(await program('ignore').ended).toEqual([3, null]);
});

import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';
import { systemClock } from '../../../repository/clock.ts';

test('the monotonic clock is the same for all processes of a host', async () => {
  const module = fileURLToPath(new URL('../../../repository/clock.ts', import.meta.url));
  const script = `console.log((await import(${JSON.stringify(module)})).systemClock.monotonicMs())`;
  const before = systemClock.monotonicMs();
  const { stdout } = await promisify(execFile)(process.execPath, ['--input-type=module', '--eval', script]);
  const between = Number(stdout);
  expect(between).toBeGreaterThan(before);
  expect(between).toBeLessThan(systemClock.monotonicMs());
});

test('a wait ends when its time has come, or when its signal fires', async () => {
  const before = systemClock.monotonicMs();
  await systemClock.wait(20);
  expect(systemClock.monotonicMs() - before).toBeGreaterThanOrEqual(19);
  const stop = new AbortController();
  const waiting = systemClock.wait(60_000, { signal: stop.signal });
  stop.abort();
  await waiting;
  await systemClock.wait(60_000, { signal: stop.signal });
  expect(systemClock.monotonicMs() - before).toBeLessThan(30_000);
});

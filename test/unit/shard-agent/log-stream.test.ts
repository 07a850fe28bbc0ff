import { Writable } from 'node:stream';
import { expect, test } from 'vitest';
import { LogStream } from '../../../shard-agent/log-stream.ts';

const lost = (lines: number, cause: string): string => `lost ${lines}: ${cause}\n`;

/** Takes lines as told: into `taken`, into an error, or not at all until released. */
class Target extends Writable {
  readonly taken: string[] = [];
  failure: Error | undefined;
  readonly held: (() => void)[] = [];
  holds = false;

  constructor() {
    super({ decodeStrings: false, autoDestroy: false, emitClose: false });
  }

  override _write(chunk: string, _encoding: string, done: (error?: Error | null) => void): void {
    const take = (): void => {
      if (this.failure === undefined) this.taken.push(chunk);
      done(null);
    };
    if (this.holds) this.held.push(take);
    else take();
  }
}

test('lines that a full disk did not take are counted, and told by the next that gets through', async () => {
  // As Node writes to a file: one line at a time, each with an error of its own.
  let full = true;
  const taken: string[] = [];
  const target = {
    writableLength: 0,
    on: () => target,
    write: (text: string, done: (error?: Error) => void) => {
      if (!full) taken.push(text);
      process.nextTick(() => done(full ? new Error('ENOSPC') : undefined));
      return true;
    },
  };
  const stream = new LogStream(target as unknown as Writable, lost);
  for (const line of ['a\n', 'b\n', 'c\n']) {
    stream.write(line);
    await stream.drain();
  }
  full = false;
  stream.write('d\n');
  await stream.drain();
  stream.write('e\n');
  expect(taken.filter((line) => line !== '')).toEqual(['lost 3: ENOSPC\nd\n', 'e\n']);
});

test('a reader that no longer reads costs lines beyond a MiB, no memory, and no waiting', async () => {
  const target = new Target();
  target.holds = true;
  const stream = new LogStream(target, lost);
  const line = `${'x'.repeat(1023)}\n`;
  for (let n = 0; n < 5_000; n += 1) stream.write(line);
  expect(target.writableLength).toBeLessThan(1.1 * 1024 * 1024);
  const startedMs = performance.now();
  await stream.drain();
  expect(performance.now() - startedMs).toBeLessThan(3_000);
  target.holds = false;
  for (const take of target.held.splice(0)) take();
  await stream.drain();
  stream.write('after\n');
  await stream.drain();
  const last = target.taken.filter((text) => text !== '').at(-1) ?? '';
  expect(last).toMatch(/^lost 39\d\d: nobody reads it\nafter\n$/);
});

import { expect, test } from 'vitest';
import { TableTurns } from '../../../../../shard-agent/engines/mysql/table-turns.ts';

/** A load that ends when it is told to. */
function load(log: string[], name: string): { run: () => Promise<void>; end: (error?: Error) => void } {
  let end: (error?: Error) => void = () => undefined;
  const ended = new Promise<void>((resolve, reject) => {
    end = (error) => (error === undefined ? resolve() : reject(error));
  });
  const run = async (): Promise<void> => {
    log.push(name);
    await ended;
  };
  return { run, end };
}

const settled = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

test('the first load of a table is alone, those after it are side by side', async () => {
  const [log, turns] = [[] as string[], new TableTurns()];
  const [a, b, c, other] = ['a', 'b', 'c', 'other'].map((name) => load(log, name));
  const first = turns.run('d', 't', a!.run);
  const rest = [turns.run('d', 't', b!.run), turns.run('d', 't', c!.run), turns.run('d', 'u', other!.run)];
  await settled();
  expect(log).toEqual(['a', 'other']);
  a!.end(new Error('it failed'));
  await expect(first).rejects.toThrow('it failed');
  await settled();
  expect(log).toEqual(['a', 'other', 'b', 'c']);
  for (const each of [b, c, other]) each!.end();
  await Promise.all(rest);
});

test('some tables take one at a time throughout', async () => {
  const [log, turns] = [[] as string[], new TableTurns()];
  turns.loadAlone('d', 't');
  const loads = ['a', 'b', 'c'].map((name) => load(log, name));
  const runs = loads.map(({ run }) => turns.run('d', 't', run));
  for (const [index, { end }] of loads.entries()) {
    await settled();
    expect(log.length).toBe(index + 1);
    end();
  }
  await Promise.all(runs);
});

import { setTimeout as sleep } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { Persistence } from '../../../shard-agent/persistence.ts';

test('tries until it succeeds and tells of every failure', async () => {
  const told: string[] = [];
  const persistence = new Persistence(new AbortController().signal, (operation, error) =>
    told.push(`${operation}: ${error.reason}`),
  );
  let tries = 0;
  const result = await persistence.until('switch', () => {
    tries += 1;
    return tries < 2 ? Promise.reject(new Error('not yet')) : Promise.resolve('done');
  });
  expect([result, told]).toEqual(['done', ['switch: not yet']]);
});

test('when the agent leaves, a step that fails is tried once more and then given up', async () => {
  const leave = new AbortController();
  const persistence = new Persistence(leave.signal, () => undefined);
  let tries = 0;
  const given = persistence.until('switch', () => {
    tries += 1;
    return Promise.reject(new Error(`attempt ${tries}`));
  });
  setImmediate(() => leave.abort());
  await expect(given).rejects.toMatchObject({ reason: 'attempt 2' });
});

test('a step that fails at once is tried again after a pause only, and no more once the agent leaves', async () => {
  const leave = new AbortController();
  let tries = 0;
  const persistence = new Persistence(leave.signal, () => undefined);
  const given = persistence.until('switch', () => {
    tries += 1;
    return Promise.reject(new Error(`attempt ${tries}`));
  });
  given.catch(() => undefined);
  await sleep(800);
  expect(tries).toBe(2);
  leave.abort();
  await expect(given).rejects.toMatchObject({ reason: 'attempt 3' });
  await expect(persistence.until('switch', () => Promise.reject(new Error('late')))).rejects.toMatchObject({
    reason: 'late',
  });
});

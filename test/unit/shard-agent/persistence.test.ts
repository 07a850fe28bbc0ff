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

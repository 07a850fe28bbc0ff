import { expect, test } from 'vitest';
import { restoreKey } from '../../../repository/layout.ts';
import {
  decide,
  readDecision,
  readRestoreIntent,
  type RestoreIntent,
  writeRestoreIntent,
} from '../../../repository/restore-decision.ts';
import { MemoryStore } from '../../../repository/stores/memory.ts';
import { changedCode, flipped, set, stored } from './fixtures.ts';
import { expectFailure } from './object-store.conformance.ts';

const intent: RestoreIntent = {
  cluster: 'scratch',
  restore: 'r1',
  tidemark: '0.1.0',
  set,
  sourceCluster: 'shop',
  startedAt: '2026-11-20T10:00:00.000Z',
  startedBy: { host: 'ops', user: 'backup', pid: 1 },
  shards: [{ source: 'shop-00', target: 'scratch-00', agent: 'db00:7420' }],
};

test('a restore says what it sets out to do', async () => {
  const store = new MemoryStore();
  expect(await readRestoreIntent(store, 'scratch', 'r1')).toBeUndefined();
  await writeRestoreIntent(store, intent);
  expect(await readRestoreIntent(store, 'scratch', 'r1')).toEqual(intent);
  await expectFailure(
    writeRestoreIntent(store, { ...intent, set: '20261119T000000Z-full' }),
    'object-conflict',
  );
});

test.each([
  ['switch', 'undo'],
  ['undo', 'switch'],
] as const)('once %s is decided, whoever wants %s is told what stands', async (first, second) => {
  const store = new MemoryStore();
  expect(await readDecision(store, 'scratch', 'r1')).toBeUndefined();
  expect(await decide(store, 'scratch', 'r1', first)).toBe(first);
  expect(await decide(store, 'scratch', 'r1', first)).toBe(first);
  expect(await decide(store, 'scratch', 'r1', second)).toBe(first);
  expect(await readDecision(store, 'scratch', 'r1')).toBe(first);
  expect(await decide(store, 'scratch', 'r2', second)).toBe(second);
});

test('all that decide at once agree', async () => {
  const store = new MemoryStore();
  const votes = Array.from({ length: 20 }, (_, i) =>
    decide(store, 'scratch', 'r1', i % 3 === 0 ? 'undo' : 'switch'),
  );
  expect(new Set(await Promise.all(votes)).size).toBe(1);
});

test('a decision with any turned bit, or of another restore, is bad bytes', async () => {
  const store = new MemoryStore();
  await decide(store, 'scratch', 'r1', 'switch');
  const key = restoreKey('scratch', 'r1', 'decision');
  const bytes = await stored(store, key);
  for (let at = 0; at < bytes.length; at++) {
    const changed = flipped(bytes, at, at % 8);
    await store.replace(key, changed);
    await expectFailure(readDecision(store, 'scratch', 'r1'), changedCode(changed), key);
  }
  await store.create(restoreKey('scratch', 'r2', 'decision'), bytes);
  await expectFailure(readDecision(store, 'scratch', 'r2'), 'bad-bytes');
});

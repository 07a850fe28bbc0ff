import { setTimeout as sleep } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { combineFailures, onAll, shardError } from '../../../coordinator/agents.ts';
import { TidemarkError } from '../../../proto/errors.ts';
import type { ErrorCode } from '../../../proto/errors.ts';

const error = (code: ErrorCode, subject = 'x') =>
  new TidemarkError({ code, operation: 'try', subject, cause: `${code} here` });
const shards = ['a', 'b', 'c'].map((shard) => ({ shard }));
const never = new AbortController().signal;

test('all succeed: results in the order of the items', async () => {
  const slowFirst = async ({ shard }: { shard: string }): Promise<string> => {
    for (let turn = 0; turn < (shard === 'a' ? 20 : 1); turn += 1) await Promise.resolve();
    return shard.toUpperCase();
  };
  expect(await onAll(shards, 'try', never, slowFirst)).toEqual(['A', 'B', 'C']);
});

test('the first failure stops the others, which are waited for and not blamed', async () => {
  const ended: string[] = [];
  const work = async ({ shard }: { shard: string }, signal: AbortSignal): Promise<void> => {
    if (shard === 'b') throw error('database-failed', 'b');
    await new Promise((resolve) => signal.addEventListener('abort', resolve));
    ended.push(shard);
    throw error('interrupted', shard);
  };
  const failure = await onAll(shards, 'try', never, work).catch((thrown: unknown) => thrown);
  expect(failure).toMatchObject({ code: 'database-failed', subject: 'b' });
  expect(ended).toEqual(['a', 'c']);
});

test('those that fail within a moment of the first are named, with the foremost code', async () => {
  const work = async ({ shard }: { shard: string }): Promise<void> => {
    if (shard === 'a') throw error('database-failed', 'a');
    await sleep(30);
    if (shard === 'c') throw error('agent-unreachable', 'c');
  };
  const failure = await onAll(shards, 'try', never, work).catch((thrown: unknown) => thrown);
  expect(failure).toMatchObject({ code: 'agent-unreachable', subject: 'shards a, c' });
  expect((failure as TidemarkError).reason).toMatch(/a: cannot try: database-failed here; c: cannot try/);
});

test('what fails by itself after it was told to stop is named too; calls that we broke are not', async () => {
  const work = async ({ shard }: { shard: string }, signal: AbortSignal): Promise<void> => {
    if (shard === 'a') throw error('database-failed', 'a');
    await new Promise((resolve) => signal.addEventListener('abort', resolve));
    if (shard === 'b') throw error('bad-bytes', 'b');
    await sleep(1000, undefined, { signal });
  };
  const failure = await onAll(shards, 'try', never, work).catch((thrown: unknown) => thrown);
  expect(failure).toMatchObject({ code: 'bad-bytes', subject: 'shards a, b' });
});

test('an interruption is what happened, whatever the calls say', async () => {
  const stop = new AbortController();
  const work = async (_: unknown, signal: AbortSignal): Promise<void> => {
    stop.abort(error('lease-lost'));
    expect(signal.aborted).toBe(true);
    throw error('agent-unreachable');
  };
  await expect(onAll(shards, 'try', stop.signal, work)).rejects.toMatchObject({ code: 'lease-lost' });
});

test('several failures: the foremost code, the words of all', () => {
  const combined = combineFailures('try', [
    { shard: 'a', error: error('database-failed', 'a') },
    { shard: 'b', error: error('agent-unreachable', 'b') },
  ]);
  expect(combined).toMatchObject({ code: 'agent-unreachable', subject: 'shards a, b' });
  expect(combined.reason).toContain('database-failed here');
  expect(combined.reason).toContain('agent-unreachable here');
});

test('an agent that was stopped is unreachable for us; we were not interrupted', () => {
  const told = shardError('a', error('interrupted', 'going on'), never, 'copy');
  expect(told).toMatchObject({ code: 'agent-unreachable', subject: 'a: going on' });
  expect(shardError('a', new Error('boom'), never, 'copy')).toMatchObject({
    code: 'internal',
    reason: 'boom',
  });
});

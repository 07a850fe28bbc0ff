import { setTimeout as sleep } from 'node:timers/promises';
import { expect, onTestFinished, test, vi } from 'vitest';
import type { TidemarkError } from '../../../proto/errors.ts';
import {
  type Awaited,
  isStall,
  type Sighting,
  StallWatch,
  statementWords,
  type WatchedConnection,
} from '../../../shard-agent/stall-watch.ts';

const limitMs = 400;

interface FakeConnection extends WatchedConnection {
  bytes: number;
  asks: Awaited | undefined;
  probes: number;
  error: TidemarkError | undefined;
  /** When the error came, from the start. */
  stalledMs: number;
}

/** A connection that waits for the answer to a statement, watched until the end of the test. */
function watched(sees: Sighting['state'] | 'nothing', asks: Awaited | undefined): FakeConnection {
  const began = performance.now();
  const connection: FakeConnection = {
    subject: 'server',
    bytes: 0,
    asks,
    probes: 0,
    error: undefined,
    stalledMs: 0,
    progress: () => connection.bytes,
    awaited: () => connection.asks,
    probe: () => {
      connection.probes += 1;
      return sees === 'nothing'
        ? new Promise(() => undefined)
        : Promise.resolve({ state: sees, words: `it is ${sees}` });
    },
    stalled: (error) => {
      connection.error = error;
      connection.stalledMs = performance.now() - began;
    },
  };
  const watch = new StallWatch(limitMs, connection);
  onTestFinished(() => watch.end());
  return connection;
}

const statement: Awaited = { doing: 'CREATE INDEX', flowing: false };
const rows: Awaited = { doing: 'COPY of public.accounts', flowing: true };

test.each<[Sighting['state'] | 'nothing', Awaited, string]>([
  ['nothing', statement, 'a second connection got no answer within 200 ms'],
  ['silent', statement, 'it is silent'],
  ['idle', statement, 'it is idle'],
  ['nothing', rows, 'a second connection got no answer within 200 ms'],
  ['at-work', rows, 'it is at-work'],
])('a second connection that sees %s: %s is given up in time', async (sees, asks, words) => {
  const connection = watched(sees, asks);
  await expect.poll(() => connection.error, { timeout: 3 * limitMs, interval: 10 }).toBeDefined();
  expect(connection.stalledMs).toBeGreaterThan(limitMs - 20);
  expect(connection.error).toMatchObject({ code: 'database-unreachable', subject: 'server' });
  expect(isStall(connection.error)).toBe(true);
  expect(connection.error?.reason).toContain(`in the middle of: ${asks.doing}; ${words}`);
});

test.each<[Sighting['state'], Awaited]>([
  ['at-work', statement],
  ['held-up', statement],
  ['held-up', rows],
])('a second connection that sees %s: silence may last', async (sees, asks) => {
  const connection = watched(sees, asks);
  await sleep(5 * limitMs);
  expect(connection.error).toBeUndefined();
  expect(connection.probes).toBeGreaterThan(3);
  expect(connection.probes).toBeLessThan(15);
});

test('a server that says it comes further is not silent, although its rows are slow', async () => {
  const connection = watched('nothing', rows);
  connection.probe = () => {
    connection.probes += 1;
    return Promise.resolve({ state: 'at-work', words: '', reached: String(connection.probes) });
  };
  await sleep(5 * limitMs);
  expect(connection.error).toBeUndefined();
  connection.probe = () => Promise.resolve({ state: 'at-work', words: 'it is stuck', reached: '7' });
  await expect.poll(() => connection.error, { timeout: 4 * limitMs, interval: 10 }).toBeDefined();
});

test('bytes that come keep it, without a second connection', async () => {
  const connection = watched('nothing', rows);
  for (let n = 0; n < 20; n += 1) {
    await sleep(limitMs / 5);
    connection.bytes += 1;
  }
  expect([connection.error, connection.probes]).toEqual([undefined, 0]);
});

test('nothing is missed while nothing is asked, or we hold the bytes up', async () => {
  const connection = watched('nothing', undefined);
  await sleep(3 * limitMs);
  expect([connection.error, connection.probes]).toEqual([undefined, 0]);
});

test('time in which this process did not run is not silence', () => {
  vi.useFakeTimers();
  onTestFinished(() => void vi.useRealTimers());
  const connection = watched('nothing', statement);
  vi.advanceTimersByTime(limitMs / 8);
  // Stopped for an hour: its timers fire once, late.
  vi.setSystemTime(Date.now() + 3_600_000);
  const late = vi.spyOn(performance, 'now').mockImplementation(() => 3_600_000);
  onTestFinished(() => late.mockRestore());
  vi.advanceTimersToNextTimer();
  expect([connection.error, connection.probes]).toEqual([undefined, 0]);
});

test('a message shows a statement without what may be a secret', () => {
  expect(statementWords("\n  SELECT count(*)\n   FROM t WHERE a = 'x'")).toBe(
    'SELECT count(*) FROM t WHERE a =',
  );
  expect(statementWords("CREATE ROLE a PASSWORD 'SCRAM-SHA-256$x'")).toBe('CREATE ROLE a');
  expect(statementWords('CREATE USER `a`@`b` IDENTIFIED WITH `p` AS 0x41')).toBe('CREATE USER `a`@`b`');
  expect(statementWords('x'.repeat(500))).toHaveLength(120);
});

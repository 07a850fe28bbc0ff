// All holds of a minute together may take 250 ms here, one attempt up to 100. Two attempts have cost 180: another whole one could
// exceed the sum, so the barrier waits until the first has left the minute, and probes again before it goes on.
import { test } from 'vitest';
import { play } from './stage.ts';

test('the next attempt waits until it cannot exceed the sum', () => {
  play({ maxHoldPerMinuteMs: 250, deadlineMs: 120_000 }, [
    ['0 begin', 'a b <- PROBE'],
    ['1 a: PROBED', ''],
    ['1 b: PROBED', 'a b <- FREEZE 1 drain 8'],
    ['10 b: BLOCKED 1 held 9 by writer w1 for 12 ms', 'a <- THAW 1'],
    ['100 a: THAWED 1 held 90', ''],
    ['102.4 timer', 'a b <- FREEZE 2 drain 8'],
    ['110 b: BLOCKED 2 held 9 by writer w2 for 12 ms', 'a <- THAW 2'],
    ['200 a: THAWED 2 held 90', ''],
    ['202.4 timer', ''],
    ['60100 timer', 'a b <- PROBE'],
    ['60101 a: PROBED', ''],
    ['60101 b: PROBED', 'a b <- FREEZE 3 drain 8'],
  ]);
});

test('or until the deadline', () => {
  play({ maxHoldPerMinuteMs: 150, deadlineMs: 30_000 }, [
    ['0 begin', 'a b <- PROBE'],
    ['1 a: PROBED', ''],
    ['1 b: PROBED', 'a b <- FREEZE 1 drain 8'],
    ['10 b: BLOCKED 1 held 9 by writer w1 for 12 ms', 'a <- THAW 1'],
    ['100 a: THAWED 1 held 90', ''],
    ['102.4 timer', ''],
    ['30000 timer', 'break all calls'],
  ]);
});

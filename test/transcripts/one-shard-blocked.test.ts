// A writer keeps b from draining. Everybody thaws, is waited for, and after a short pause (0.3 of the drain) the next attempt,
// no longer than the first, succeeds. An answer of the first attempt that comes late counts for nothing.
import { test } from 'vitest';
import { playParticipant } from './participant-stage.ts';
import { play } from './stage.ts';

test('the coordinator', () => {
  play({}, [
    ['0 begin', 'a b <- PROBE'],
    ['1 a: PROBED', ''],
    ['1 b: PROBED', 'a b <- FREEZE 1 drain 8'],
    ['3 a: FROZEN 1', ''],
    ['10 b: BLOCKED 1 held 9 by writer w7 for 20 ms', 'a <- THAW 1'],
    ['12 a: THAWED 1 held 11', ''],
    ['14.4 timer', 'a b <- FREEZE 2 drain 8'],
    ['15 a: THAWED 1 held 11', ''],
    ['16 a: FROZEN 2', ''],
    ['17 b: FROZEN 1', ''],
    ['18 b: FROZEN 2', 'a b <- CUT 2'],
    ['20 a: CUT TAKEN 2 held 5', ''],
    ['20 b: CUT TAKEN 2 held 5', 'end all calls in good order'],
  ]);
});

test('the shard that was frozen', () => {
  playParticipant({}, [
    ['2 FREEZE 1 drain 8', 'timer in 100; lock for 8'],
    ['3 locked', '-> FROZEN 1'],
    ['11 THAW 1', 'no timer; unlock'],
    ['12 unlocked', '-> THAWED 1 held 10 release 1'],
    ['15 FREEZE 2 drain 8', 'timer in 100; lock for 8'],
  ]);
});

test('the shard that was blocked', () => {
  playParticipant({}, [
    ['2 FREEZE 1 drain 8', 'timer in 100; lock for 8'],
    ['10 blocked', 'no timer; -> BLOCKED 1 held 7'],
    ['15 FREEZE 2 drain 8', 'timer in 100; lock for 8'],
  ]);
});

test('a shard told to thaw while it still waits for its locks: granted late, they are given back before THAWED', () => {
  playParticipant({}, [
    ['2 FREEZE 1 drain 8', 'timer in 100; lock for 8'],
    ['5 THAW 1', 'no timer; unlock'],
    ['6 unlocked', ''],
    ['7 locked', 'unlock'],
    ['8 unlocked', '-> THAWED 1 held 6 release 3'],
  ]);
});

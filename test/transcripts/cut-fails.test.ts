// All are frozen and CUT is sent. a has taken its cut when b's fails: b lost a lock, or its hold limit passed while the CUT was on its
// way. One cut of one attempt and one of another would not be of one instant: a's is discarded by the next FREEZE.
import { test } from 'vitest';
import { playParticipant } from './participant-stage.ts';
import { play, type Line } from './stage.ts';

const frozen: Line[] = [
  ['0 begin', 'a b <- PROBE'],
  ['1 a: PROBED', ''],
  ['1 b: PROBED', 'a b <- FREEZE 1 drain 8'],
  ['2 a: FROZEN 1', ''],
  ['3 b: FROZEN 1', 'a b <- CUT 1'],
];

const again: Line[] = [
  ['10 a: FROZEN 2', ''],
  ['11 b: FROZEN 2', 'a b <- CUT 2'],
  ['12 b: CUT TAKEN 2 held 5', ''],
  ['13 a: CUT TAKEN 2 held 5', 'end all calls in good order'],
];

test('b fails after a has cut', () => {
  play({}, [
    ...frozen,
    ['5 a: CUT TAKEN 1 held 4', ''],
    ['6 b: BLOCKED 1 held 5', ''],
    ['8.4 timer', 'a b <- FREEZE 2 drain 8'],
    ...again,
  ]);
});

test('b fails before a has cut: a is told to thaw, and its cut that crosses the order is as good as its word', () => {
  play({}, [
    ...frozen,
    ['5 b: THAWED 1 held 4', 'a <- THAW 1'],
    ['6 a: CUT TAKEN 1 held 4', ''],
    ['8.4 timer', 'a b <- FREEZE 2 drain 8'],
    ...again,
  ]);
});

test('the participant whose cut fails', () => {
  playParticipant({}, [
    ['2 FREEZE 1 drain 8', 'timer in 100; lock for 8'],
    ['3 locked', '-> FROZEN 1'],
    ['4 CUT 1', 'cut'],
    ['6 engine fails', 'no timer; unlock'],
    ['7 unlocked', '-> BLOCKED 1 held 5'],
    ['9 FREEZE 2 drain 8', 'timer in 100; lock for 8'],
  ]);
});

test('the participant whose cut is not wanted any more', () => {
  playParticipant({}, [
    ['2 FREEZE 1 drain 8', 'timer in 100; lock for 8'],
    ['3 locked', '-> FROZEN 1'],
    ['4 CUT 1', 'cut'],
    ['6 snapshots', 'no timer; -> CUT TAKEN 1 held 7'],
    ['7 THAW 1', '-> THAWED 1 held 7'],
    ['8 half-close', 'close'],
  ]);
});

test('the hold limit passes while the CUT is on its way', () => {
  playParticipant({}, [
    ['2 FREEZE 1 drain 8', 'timer in 100; lock for 8'],
    ['3 locked', '-> FROZEN 1'],
    ['102 hold limit 1', 'no timer; unlock'],
    ['103 CUT 1', ''],
    ['104 unlocked', '-> THAWED 1 held 102 release 2'],
    ['105 CUT 1', ''],
  ]);
});

test('the timer comes later than the CUT: the hold is not stretched', () => {
  playParticipant({}, [
    ['2 FREEZE 1 drain 8', 'timer in 100; lock for 8'],
    ['3 locked', '-> FROZEN 1'],
    ['102 CUT 1', 'no timer; unlock'],
    ['103 unlocked', '-> THAWED 1 held 101 release 1'],
    ['103 hold limit 1', ''],
  ]);
});

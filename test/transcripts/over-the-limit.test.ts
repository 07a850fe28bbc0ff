// The limit passes on b while its agent is busy: it notices 4 ms late, and the server confirms the release 26 ms after that. The
// next attempt cuts. The evidence keeps whose hold was the longest and how much of it the release took.
import { expect, test } from 'vitest';
import { evidenceOf } from '../../coordinator/barrier/report.ts';
import { playParticipant } from './participant-stage.ts';
import { play, type Line } from './stage.ts';

test('the participant tells how long the release took', () => {
  playParticipant({}, [
    ['0 FREEZE 1 drain 8', 'timer in 100; lock for 8'],
    ['5 locked', '-> FROZEN 1'],
    ['104 hold limit 1', 'no timer; unlock'],
    ['130 unlocked', '-> THAWED 1 held 130 release 26'],
    ['131 THAW 1', '-> THAWED 1 held 130 release 26'],
  ]);
});

test('a CUT that comes when the limit has passed releases at once', () => {
  playParticipant({}, [
    ['0 FREEZE 1 drain 8', 'timer in 100; lock for 8'],
    ['5 locked', '-> FROZEN 1'],
    ['107 CUT 1', 'no timer; unlock'],
    ['110 unlocked', '-> THAWED 1 held 110 release 3'],
  ]);
});

const overrun: Line[] = [
  ['0 begin', 'a b <- PROBE'],
  ['1 a: PROBED', ''],
  ['1 b: PROBED', 'a b <- FREEZE 1 drain 8'],
  ['2 a: FROZEN 1', ''],
  ['34 timer', 'a b <- THAW 1'],
  ['35 a: THAWED 1 held 34 release 1', ''],
  ['132 b: THAWED 1 held 130 release 26', ''],
];

test('the evidence says where and how', () => {
  const state = play({}, [
    ...overrun,
    ['136.2 timer', 'a b <- FREEZE 2 drain 14'],
    ['137 a: FROZEN 2', ''],
    ['138 b: FROZEN 2', 'a b <- CUT 2'],
    ['140 a: CUT TAKEN 2 held 4', ''],
    ['141 b: CUT TAKEN 2 held 5', 'end all calls in good order'],
  ]);
  if (state.kind !== 'reached') throw new Error(`it ended ${state.kind}`);
  expect(evidenceOf(state)).toMatchObject({
    holdLimitMs: 100,
    longestHoldMs: 130,
    longest: { shard: 'b', attempt: 1, end: 'thawed', holdMs: 130, releaseMs: 26 },
  });
});

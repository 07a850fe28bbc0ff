// The call to b breaks while all are frozen. Its agent thaws by itself; a is told to, is waited for, and the barrier ends with
// agent-unreachable. The same for an interruption. Where nobody is frozen there is nobody to wait for.
import { expect, test } from 'vitest';
import { playParticipant } from './participant-stage.ts';
import { play, type Line } from './stage.ts';

const frozen: Line[] = [
  ['0 begin', 'a b <- PROBE'],
  ['1 a: PROBED', ''],
  ['1 b: PROBED', 'a b <- FREEZE 1 drain 8'],
  ['2 a: FROZEN 1', ''],
];

test('while frozen', () => {
  const state = play({}, [
    ...frozen,
    ['3 b: lost', 'a <- THAW 1'],
    ['4 a: THAWED 1 held 3', 'break all calls'],
  ]);
  if (state.kind !== 'failed') throw new Error(`it ended ${state.kind}`);
  expect(state.run.failures).toMatchObject([{ shard: 'b', error: { code: 'agent-unreachable' } }]);
});

test('after CUT was sent: a cut of a alone is no cut', () => {
  play({}, [
    ...frozen,
    ['3 b: FROZEN 1', 'a b <- CUT 1'],
    ['4 a: CUT TAKEN 1 held 3', ''],
    ['5 b: lost', 'break all calls'],
  ]);
});

test('and a does not answer either: no longer than until its own server has let go', () => {
  play({}, [...frozen, ['3 b: lost', 'a <- THAW 1'], ['628 timer', 'break all calls']]);
});

test('interrupted while frozen', () => {
  const state = play({}, [
    ...frozen,
    ['3 interrupt', 'a b <- THAW 1'],
    ['4 a: THAWED 1 held 3', ''],
    ['5 b: THAWED 1 held 4', 'break all calls'],
  ]);
  if (state.kind !== 'failed') throw new Error(`it ended ${state.kind}`);
  expect(state.run.failures).toMatchObject([{ error: { code: 'interrupted' } }]);
});

test('while probing', () => {
  play({}, [
    ['0 begin', 'a b <- PROBE'],
    ['1 b: lost', 'break all calls'],
  ]);
});

test('the participant of the lost call', () => {
  playParticipant({}, [
    ['2 FREEZE 1 drain 8', 'timer in 100; lock for 8'],
    ['3 locked', '-> FROZEN 1'],
    ['9 call broken', 'no timer; unlock'],
    ['10 unlocked', 'close'],
  ]);
  playParticipant({}, [
    ['2 FREEZE 1 drain 8', 'timer in 100; lock for 8'],
    ['3 locked', '-> FROZEN 1'],
    ['4 CUT 1', 'cut'],
    ['6 snapshots', 'no timer; -> CUT TAKEN 1 held 7'],
    ['9 call broken', 'close'],
  ]);
});

test('the engine fails while it locks: the locks first, then the call', () => {
  playParticipant({}, [
    ['2 FREEZE 1 drain 8', 'timer in 100; lock for 8'],
    ['3 engine fails', 'no timer; unlock'],
    ['4 unlocked', 'close with database-failed'],
  ]);
});

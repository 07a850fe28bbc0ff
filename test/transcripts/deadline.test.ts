// A writer that does not end. After the first attempt it is older than the hold limit, so nobody is frozen any more: the shards are
// probed, less and less often, until the deadline. Then the message names it; or, where the topology says so, the snapshots are
// opened together without locks.
import { expect, test } from 'vitest';
import { evidenceOf, notReached } from '../../coordinator/barrier/report.ts';
import { playParticipant } from './participant-stage.ts';
import { play, type Line } from './stage.ts';

const plan = { deadlineMs: 100 };
const untilDeadline: Line[] = [
  ['0 begin', 'a b <- PROBE'],
  ['1 a: PROBED', ''],
  ['1 b: PROBED', 'a b <- FREEZE 1 drain 8'],
  ['2 a: FROZEN 1', ''],
  ['10 b: BLOCKED 1 held 9 by writer w7 for 42000 ms', 'a <- THAW 1'],
  ['11 a: THAWED 1 held 10', ''],
  ['28.5 timer', 'a b <- PROBE'],
  ['29 a: PROBED', ''],
  ['30 b: PROBED by writer w7 for 42020 ms', ''],
  ['58 timer', 'a b <- PROBE'],
  ['59 a: PROBED', ''],
  ['60 b: PROBED by writer w7 for 42050 ms', ''],
];

test('fail: exit code 3, and for every shard who was in the way', () => {
  const state = play(plan, [...untilDeadline, ['100 timer', 'break all calls']]);
  if (state.kind !== 'not-reached') throw new Error(`it ended ${state.kind}`);
  const error = notReached(state);
  expect(error.exitCode).toBe(3);
  expect(error.reason).toBe(
    [
      'not within 100 ms (1 attempt, longest hold 10 ms); in the way were last seen:',
      '  shard  process  user  application  state                  age   statement',
      '  a                                  nobody was in the way',
      '  b      4711     app   transfers    idle in transaction    42 s  UPDATE accounts SET balance = 0',
    ].join('\n'),
  );
});

test('simultaneous: a cut without locks, and the evidence says so', () => {
  const state = play({ ...plan, onDeadline: 'simultaneous' }, [
    ...untilDeadline,
    ['100 timer', 'a b <- CUT 2 without locks'],
    ['103 a: CUT TAKEN 2 held 0', ''],
    ['107 b: CUT TAKEN 2 held 0', 'end all calls in good order'],
  ]);
  if (state.kind !== 'reached') throw new Error(`it ended ${state.kind}`);
  expect(evidenceOf(state)).toMatchObject({
    attempts: 2,
    consistency: 'simultaneous',
    windowMs: 7,
    longestHoldMs: 10,
  });
});

test('the deadline passes while all are frozen: thaw first', () => {
  play({ deadlineMs: 20 }, [
    ['0 begin', 'a b <- PROBE'],
    ['15 a: PROBED', ''],
    ['15 b: PROBED', 'a b <- FREEZE 1 drain 8'],
    ['16 a: FROZEN 1', ''],
    ['20 timer', 'a b <- THAW 1'],
    ['21 a: THAWED 1 held 6', ''],
    ['22 b: BLOCKED 1 held 7 by writer w7 for 42 ms', 'break all calls'],
  ]);
});

test('consistency simultaneous from the start: nobody is probed, nobody waits', () => {
  play({ consistency: 'simultaneous' }, [
    ['0 begin', 'a b <- CUT 1 without locks'],
    ['2 a: CUT TAKEN 1 held 0', ''],
    ['3 b: CUT TAKEN 1 held 0', 'end all calls in good order'],
  ]);
});

test('a participant is cut without locks only when told so in as many words', () => {
  playParticipant({}, [
    ['0 CUT 1 without locks', 'cut-without-locks'],
    ['3 snapshots', 'no timer; -> CUT TAKEN 1 held 7'],
    ['4 half-close', 'hand the session over'],
  ]);
  playParticipant({}, [['0 CUT 1', 'close with internal']]);
  playParticipant({ locks: false }, [['0 FREEZE 1 drain 8', 'close with internal']]);
});

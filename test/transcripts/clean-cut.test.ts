// Nobody is in the way. All shards are probed, frozen, cut; CUT waits for the last FROZEN, the end for the last cut_taken.
import { expect, test } from 'vitest';
import { evidenceOf } from '../../coordinator/barrier/report.ts';
import { playParticipant } from './participant-stage.ts';
import { play } from './stage.ts';

test('the coordinator', () => {
  const state = play({}, [
    ['0 begin', 'a b <- PROBE'],
    ['1 a: PROBED', ''],
    ['2 b: PROBED', 'a b <- FREEZE 1 drain 8'],
    ['4 a: FROZEN 1', ''],
    ['9 b: FROZEN 1', 'a b <- CUT 1'],
    ['12 b: CUT TAKEN 1 held 5', ''],
    ['13 a: CUT TAKEN 1 held 10', 'end all calls in good order'],
  ]);
  if (state.kind !== 'reached') throw new Error(`it ended ${state.kind}`);
  expect(evidenceOf(state)).toMatchObject({
    attempts: 1,
    consistency: 'atomic',
    longestHoldMs: 10,
    windowMs: 4,
    shards: [
      { name: 'a', holdMs: 10, snapshotMs: 2, position: { kind: 'wal', lsn: '0/1' } },
      { name: 'b', holdMs: 5, snapshotMs: 2, position: { kind: 'wal', lsn: '0/1' } },
    ],
    blockers: [],
  });
});

test('a participant', () => {
  playParticipant({}, [
    ['0 PROBE', 'probe'],
    ['1 nobody in the way', '-> PROBED'],
    ['2 FREEZE 1 drain 8', 'timer in 100; lock for 8'],
    ['3 locked', '-> FROZEN 1'],
    ['9 CUT 1', 'cut'],
    ['11 snapshots', 'no timer; -> CUT TAKEN 1 held 7'],
    ['14 half-close', 'hand the session over'],
  ]);
});

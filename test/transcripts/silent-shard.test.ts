// b does not answer FREEZE. When its time is over (the drain and an allowance for the network) everybody is told to thaw, and no
// attempt begins before b, too, has said that it has. If b never does, the deadline ends the barrier and b is named.
import { expect, test } from 'vitest';
import { notReached } from '../../coordinator/barrier/report.ts';
import { play, type Line } from './stage.ts';

const opening: Line[] = [
  ['0 begin', 'a b <- PROBE'],
  ['1 a: PROBED', ''],
  ['1 b: PROBED', 'a b <- FREEZE 1 drain 8'],
  ['2 a: FROZEN 1', ''],
  ['34 timer', 'a b <- THAW 1'],
  ['35 a: THAWED 1 held 34', ''],
];

test('it answers in the end', () => {
  play({}, [
    ...opening,
    ['900 b: FROZEN 1', ''],
    ['901 b: THAWED 1 held 600', ''],
    ['905.2 timer', 'a b <- FREEZE 2 drain 14'],
  ]);
});

test('it never does', () => {
  const state = play({}, [...opening, ['30000 timer', 'break all calls']]);
  if (state.kind !== 'not-reached') throw new Error(`it ended ${state.kind}`);
  expect(notReached(state).reason).toMatch(/^ {2}b .*has not answered$/m);
});

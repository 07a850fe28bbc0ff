// The same writer is in the way twice running, though everything was thawed in between: it does not wait for us, it needs longer.
// So the drain grows. Other writers each time mean a deadlock across shards: then it does not. In-doubt transactions need
// time between the attempts only. And where time runs out with nobody in the way, the machine is slow: it grows for good.
import { test } from 'vitest';
import { play, type Line } from './stage.ts';

const opening: Line[] = [
  ['0 begin', 'a b <- PROBE'],
  ['1 a: PROBED', ''],
  ['1 b: PROBED', 'a b <- FREEZE 1 drain 8'],
  ['2 a: FROZEN 1', ''],
];

test('the same writer: longer', () => {
  play({}, [
    ...opening,
    ['9 b: BLOCKED 1 held 8 by writer w7 for 9 ms', 'a <- THAW 1'],
    ['10 a: THAWED 1 held 9', ''],
    ['12.4 timer', 'a b <- FREEZE 2 drain 8'],
    ['20 b: BLOCKED 2 held 8 by writer w7 for 20 ms', 'a <- THAW 2'],
    ['21 a: THAWED 2 held 9', ''],
    ['25.2 timer', 'a b <- FREEZE 3 drain 14'],
  ]);
});

test('another writer: not longer', () => {
  play({}, [
    ...opening,
    ['9 b: BLOCKED 1 held 8 by writer w7 for 9 ms', 'a <- THAW 1'],
    ['10 a: THAWED 1 held 9', ''],
    ['12.4 timer', 'a b <- FREEZE 2 drain 8'],
    ['20 b: BLOCKED 2 held 8 by writer w8 for 3 ms', 'a <- THAW 2'],
    ['21 a: THAWED 2 held 9', ''],
    ['23.4 timer', 'a b <- FREEZE 3 drain 8'],
  ]);
});

test('the same in-doubt transaction: not longer', () => {
  play({}, [
    ...opening,
    ['3 b: BLOCKED 1 held 1 by in-doubt x7 for 9 ms', 'a <- THAW 1'],
    ['4 a: THAWED 1 held 3', ''],
    ['6.4 timer', 'a b <- FREEZE 2 drain 8'],
    ['7 b: BLOCKED 2 held 1 by in-doubt x7 for 20 ms', 'a <- THAW 2'],
    ['8 a: THAWED 2 held 1', ''],
    ['10.4 timer', 'a b <- FREEZE 3 drain 8'],
  ]);
});

test('nobody in the way: longer, and it stays', () => {
  play({}, [
    ...opening,
    ['9 b: BLOCKED 1 held 8', 'a <- THAW 1'],
    ['10 a: THAWED 1 held 9', ''],
    ['14.2 timer', 'a b <- FREEZE 2 drain 14'],
    ['20 b: BLOCKED 2 held 6 by writer w8 for 3 ms', 'a <- THAW 2'],
    ['21 a: THAWED 2 held 7', ''],
    ['25.2 timer', 'a b <- FREEZE 3 drain 14'],
  ]);
});

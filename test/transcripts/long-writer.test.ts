// A writer older than the hold limit, or a vacuum, is there before the first attempt. No attempt is begun that could not succeed:
// the shards are probed until it has gone, at growing intervals. A young in-doubt transaction alone keeps nobody from trying.
import { test } from 'vitest';
import { playParticipant } from './participant-stage.ts';
import { play } from './stage.ts';

test('probed until it has gone', () => {
  play({}, [
    ['0 begin', 'a b <- PROBE'],
    ['1 a: PROBED by writer w7 for 5000 ms', ''],
    ['2 b: PROBED', ''],
    ['30 timer', 'a b <- PROBE'],
    ['31 a: PROBED by vacuum v1 for 10 ms', ''],
    ['32 b: PROBED', ''],
    ['76.8 timer', 'a b <- PROBE'],
    ['77 b: PROBED', ''],
    ['78 a: PROBED by in-doubt x1 for 3 ms', 'a b <- FREEZE 1 drain 8'],
  ]);
});

test('an in-doubt transaction whose age the server does not tell has the age since it was first seen', () => {
  play({}, [
    ['0 begin', 'a b <- PROBE'],
    ['1 a: PROBED', ''],
    ['1 b: PROBED by in-doubt x1 for 0 ms', 'a b <- FREEZE 1 drain 8'],
    ['2 b: BLOCKED 1 held 1 by in-doubt x1 for 0 ms', 'a <- THAW 1'],
    ['150 a: THAWED 1 held 100', ''],
    ['152.4 timer', 'a b <- FREEZE 2 drain 8'],
    ['153 b: BLOCKED 2 held 1 by in-doubt x1 for 0 ms', 'a <- THAW 2'],
    ['154 a: THAWED 2 held 1', ''],
    ['171.5 timer', 'a b <- PROBE'],
  ]);
});

test('an order that comes while the participant still probes waits for the answer', () => {
  playParticipant({}, [
    ['0 PROBE', 'probe'],
    ['1 CUT 1 without locks', ''],
    ['2 nobody in the way', '-> PROBED; cut-without-locks'],
  ]);
});

/** Whether a host can keep the hold limit. */
import { expect, test } from 'vitest';
import type { Clock } from '../../../proto/clock.ts';
import { TidemarkError } from '../../../proto/errors.ts';
import { checkHoldLimit, holdLimitFindings, timerLatenessMs } from '../../../shard-agent/hold-limit-check.ts';

test('a limit that leaves room gives no finding', () => {
  expect(holdLimitFindings('shop-00', 100, { lockMs: 40, roundTripMs: 5 }, 10)).toEqual([]);
});

test('a limit below what a lock and its release take is a warning with the figures', () => {
  expect(holdLimitFindings('shop-00', 100, { lockMs: 83.2, roundTripMs: 9 }, 12.34)).toEqual([
    {
      code: 'not-ready',
      subject: 'shop-00: barrier.holdLimit',
      cause:
        "100 ms cannot be kept on this host: the locks take 83.2 ms with nobody in the way, the agent's timers come up to 12.3 ms late, the server answers within 9.0 ms, together 104.5 ms",
      remedy:
        'Raise barrier.holdLimit in the topology to 140ms or more, or find out what slows this host down.',
      warning: true,
    },
  ]);
});

test("the lateness is the worst timer's", async () => {
  let nowMs = 0;
  let round = 0;
  const clock: Clock = {
    now: () => nowMs,
    setTimer(ms, fire) {
      round += 1;
      nowMs += ms + (round === 7 ? 33 : 1);
      queueMicrotask(fire);
      return () => undefined;
    },
  };
  expect(await timerLatenessMs(clock)).toBe(33);
});

test('what cannot be measured is told, and stops nothing', async () => {
  const locked = new TidemarkError({
    code: 'table-locked',
    operation: 'lock the tables for a trial',
    subject: 'database shop',
    cause: 'busy',
  });
  const findings = await checkHoldLimit({ timeLocks: () => Promise.reject(locked) }, 'shop-00', 100);
  expect(findings).toMatchObject([{ code: 'table-locked', subject: 'database shop', warning: true }]);
});

/** Can this host keep the hold limit? Compares the least that a hold takes with what the topology allows. */
import { systemClock, type Clock } from '../proto/clock.ts';
import { formatDuration } from '../topology/units.ts';
import type { Engine, Finding, LockTiming } from './engine.ts';
import { finding, findingOf } from './findings.ts';

const rounds = 20;
const waitMs = 5;
/** Of the hold limit; the rest is for the CUT's way there and the snapshots. As the coordinator divides it. */
const drainShare = 0.75;
/** A limit is advised in steps of this. */
const stepMs = 10;

/** How late this process's timers come, at the worst of some: the dead-man that gives the locks back is such a timer. */
export async function timerLatenessMs(clock: Clock = systemClock): Promise<number> {
  let worst = 0;
  for (let round = 0; round < rounds; round += 1) {
    const began = clock.now();
    await new Promise<void>((resolve) => {
      clock.setTimer(waitMs, resolve);
    });
    worst = Math.max(worst, clock.now() - began - waitMs);
  }
  return worst;
}

/** A warning with the figures when the locks of an empty server already take more than the limit allows; else nothing. */
export function holdLimitFindings(
  shard: string,
  holdLimitMs: number,
  { lockMs, roundTripMs }: LockTiming,
  latenessMs: number,
): Finding[] {
  const neededMs = lockMs + latenessMs + roundTripMs;
  if (neededMs <= holdLimitMs) return [];
  const advisedMs = Math.ceil(neededMs / drainShare / stepMs) * stepMs;
  const parts = [
    `the locks take ${lockMs.toFixed(1)} ms with nobody in the way`,
    `the agent's timers come up to ${latenessMs.toFixed(1)} ms late`,
    `the server answers within ${roundTripMs.toFixed(1)} ms`,
  ];
  return [
    finding(
      'not-ready',
      `${shard}: barrier.holdLimit`,
      `${formatDuration(holdLimitMs)} cannot be kept on this host: ${parts.join(', ')}, together ${neededMs.toFixed(1)} ms`,
      `Raise barrier.holdLimit in the topology to ${advisedMs}ms or more, or find out what slows this host down.`,
      true,
    ),
  ];
}

/** Takes the time on the server itself, and compares. What cannot be measured is a warning: a backup tries it anyway. */
export async function checkHoldLimit(
  engine: Pick<Engine, 'timeLocks'>,
  shard: string,
  holdLimitMs: number,
): Promise<Finding[]> {
  const [timing, lateness] = await Promise.allSettled([engine.timeLocks(), timerLatenessMs()]);
  if (timing.status === 'fulfilled' && lateness.status === 'fulfilled')
    return holdLimitFindings(shard, holdLimitMs, timing.value, lateness.value);
  const failed = [timing, lateness].filter((each) => each.status === 'rejected');
  return failed.map(({ reason }) => ({ ...findingOf(reason, shard), warning: true }));
}

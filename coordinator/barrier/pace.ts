/**
 * How long, how often and how soon: the barrier's patience, pure.
 *
 * Short and many. A drain can deadlock across shards without any server seeing it: a transaction that has written on B
 * waits for A, which is frozen. Longer attempts only hold such writers up longer; a short pause lets them finish. So an attempt
 * lengthens only for a writer that was in the way twice running, though everything was thawed in between (it merely
 * needs longer), or when time ran out with nobody in the way on any shard (the machine or the network is slow).
 */
import type { Answers, BarrierPlan, LongestHold } from './states.ts';

const minuteMs = 60_000;
/** The server itself takes locks back this long after the hold limit at the latest, whatever happens to the agent. */
export const serverToleranceMs = 500;
const shortestDrainMs = 8;
/** Of the hold limit; the rest is for the CUT's way there and the snapshots. */
const longestDrainShare = 0.75;
const shortestAllowanceMs = 25;
const pauseShare = 0.3;
const shortestProbePauseMs = 20;
const longestProbePauseMs = 250;

interface Hold {
  /** When the coordinator knew that it was over: never before it was. */
  readonly endMs: number;
  readonly holdMs: number;
}

export interface Pace {
  /** For the next attempt. */
  readonly drainMs: number;
  /** What a drain returns to when nothing calls for a longer one. */
  readonly floorMs: number;
  /** The slowest shard's answer to the last probe: what the network and the agents need. */
  readonly roundTripMs: number;
  /** Probes in a row that found somebody in the way. */
  readonly probes: number;
  /** Of the last minute, each attempt's longest. */
  readonly holds: readonly Hold[];
}

export function firstPace(plan: BarrierPlan): Pace {
  const drainMs = Math.min(Math.max(shortestDrainMs, 3 * plan.uncontendedLockMs), longestDrainMs(plan));
  return { drainMs, floorMs: drainMs, roundTripMs: 0, probes: 0, holds: [] };
}

function longestDrainMs(plan: BarrierPlan): number {
  return plan.holdLimitMs * longestDrainShare;
}

/** What an answer may take beside the work it answers for. */
function allowanceMs(plan: BarrierPlan, pace: Pace): number {
  return Math.min(plan.holdLimitMs / 2, Math.max(shortestAllowanceMs, 2 * pace.roundTripMs));
}

/** From FREEZE to the moment when a shard that has not answered counts as silent. */
export function freezePatienceMs(plan: BarrierPlan, pace: Pace): number {
  return Math.min(pace.drainMs + allowanceMs(plan, pace), plan.holdLimitMs);
}

/** From CUT or THAW to the moment when every lock is gone, if not by the agent then by the server's own watchdog. */
export function releasePatienceMs(plan: BarrierPlan, pace: Pace): number {
  return plan.holdLimitMs + serverToleranceMs + allowanceMs(plan, pace);
}

/** The pace after a failed attempt. `inFreeze`: it failed before all were frozen. */
export function paceAfter(
  plan: BarrierPlan,
  pace: Pace,
  attempt: {
    readonly answers: Answers;
    readonly inFreeze: boolean;
    readonly atMs: number;
    /** Of any shard in this attempt. */
    readonly holdMs: number;
  },
  jitter: number,
): Pace {
  const { answers, inFreeze, atMs, holdMs } = attempt;
  const holds = [...pace.holds.filter((hold) => hold.endMs > atMs - minuteMs), { endMs: atMs, holdMs }];
  if (!inFreeze) return { ...pace, holds };
  const blocked = [...answers.values()].filter((answer) => answer.kind === 'blocked');
  const longer = Math.min(pace.drainMs * (1.5 + jitter / 2), longestDrainMs(plan));
  if (blocked.some((answer) => answer.lasting)) return { ...pace, holds, drainMs: longer };
  if (blocked.every((answer) => answer.nobody)) return { ...pace, holds, drainMs: longer, floorMs: longer };
  return { ...pace, holds, drainMs: pace.floorMs };
}

/** The longest hold of one attempt; a shard that has not said counts with the worst case. Undefined: nobody was held. */
export function longestHold(plan: BarrierPlan, attempt: number, answers: Answers): LongestHold | undefined {
  const holds = plan.shards.map((shard): LongestHold => {
    const answer = answers.get(shard);
    if (answer === undefined || answer.kind === 'frozen') {
      const holdMs = plan.holdLimitMs + serverToleranceMs;
      return { holdMs, shard, attempt, end: 'silent', releaseMs: undefined };
    }
    const releaseMs = answer.kind === 'thawed' ? answer.releaseMs : undefined;
    return { holdMs: answer.holdMs, shard, attempt, end: answer.kind, releaseMs };
  });
  return holds.reduce<LongestHold | undefined>(longer, undefined);
}

/** The longer of two holds, the earlier one when they are alike. */
export function longer(a: LongestHold | undefined, b: LongestHold | undefined): LongestHold | undefined {
  return (b?.holdMs ?? 0) > (a?.holdMs ?? 0) ? b : a;
}

/** Between two attempts: time for those who waited for us to finish, and not in step with the last time. */
export function attemptPauseMs(pace: Pace, jitter: number): number {
  return Math.max(1, pauseShare * pace.drainMs * (0.5 + jitter));
}

/** Between two probes: from 20 ms to a quarter of a second, longer each time. */
export function probePauseMs(pace: Pace, jitter: number): number {
  const grown = Math.min(shortestProbePauseMs * 1.6 ** pace.probes, longestProbePauseMs);
  return grown * (0.75 + jitter / 4);
}

/** The earliest time, from now on, at which a whole hold more keeps any sliding minute within its limit. */
export function budgetFreeMs(plan: BarrierPlan, pace: Pace, nowMs: number): number {
  const counted = pace.holds.filter((hold) => hold.endMs > nowMs - minuteMs);
  let sumMs = counted.reduce((sum, hold) => sum + hold.holdMs, 0);
  let freeMs = nowMs;
  for (const hold of counted) {
    if (sumMs + plan.holdLimitMs <= plan.maxHoldPerMinuteMs) break;
    sumMs -= hold.holdMs;
    freeMs = hold.endMs + minuteMs;
  }
  return freeMs;
}

/**
 * The coordinator's half of the barrier, as a pure machine: what happened goes in, what is to be done comes out.
 * No clock, no randomness, no I/O: times and jitter come in with the events.
 *
 *   attempt n:  all FREEZE(n) -> FROZEN | BLOCKED
 *               any BLOCKED, or silent past its time: all THAW(n), all THAWED; a pause; attempt n+1
 *               all FROZEN: all CUT(n) -> each takes its snapshots under its locks, thaws by itself, answers
 *
 * CUT is sent only when all are FROZEN, and a shard stays frozen until its own cut, or its cut fails. So at the moment the last
 * FROZEN arrived every shard was frozen: the instant is common by the order of messages, and no clock is trusted.
 * The cut stands only when every shard has answered CUT of one and the same attempt.
 */
import { hear, holding, unanswered } from './answers.ts';
import {
  budgetFreeMs,
  attemptPauseMs,
  firstPace,
  freezePatienceMs,
  longer,
  longestHold,
  paceAfter,
  probePauseMs,
  releasePatienceMs,
} from './pace.ts';
import { inTheWay, sight } from './sightings.ts';
import type { TidemarkError } from '../../proto/errors.ts';
import type {
  AfterThaw,
  Answers,
  BarrierEffect,
  BarrierEvent,
  BarrierPlan,
  BarrierState,
  BarrierStep,
  Order,
  Run,
} from './states.ts';

type StateOf<Kind extends BarrierState['kind']> = Extract<BarrierState, { kind: Kind }>;
type EventOf<Kind extends BarrierEvent['kind']> = Extract<BarrierEvent, { kind: Kind }>;
/** When it happened, and a random number in [0, 1). */
type Now = Pick<BarrierEvent, 'atMs' | 'jitter'>;

/** Nobody waits for a cut without locks, so a slow server may take its time. */
const withoutLocksPatienceMs = 10_000;

/** The state before the event `began`. */
export function barrierStart(plan: BarrierPlan, atMs: number): BarrierState {
  return {
    kind: 'ready',
    run: {
      plan,
      deadlineMs: atMs + plan.deadlineMs,
      attempt: 0,
      timer: 0,
      pace: firstPace(plan),
      longest: undefined,
      sightings: new Map(),
      lost: new Set(),
      failures: [],
    },
  };
}

/** One step. Total; what comes too late or from a stale timer changes nothing. */
export function barrierStep(state: BarrierState, event: BarrierEvent): BarrierStep {
  switch (event.kind) {
    case 'began':
      if (state.kind !== 'ready') return step(state);
      return state.run.plan.consistency === 'atomic'
        ? probe(state.run, event)
        : cutWithoutLocks(state.run, event);
    case 'replied':
      return onReply(state, event);
    case 'woke':
      return event.timer === state.run.timer ? onWake(state, event) : step(state);
    case 'lost':
      return onFailure(state, event, event.error, event.shard);
    case 'aborted':
      return onFailure(state, event, event.error, undefined);
  }
}

function onReply(state: BarrierState, event: EventOf<'replied'>): BarrierStep {
  switch (state.kind) {
    case 'probing':
      return onReplyWhileProbing(state, event);
    case 'freezing':
      return onReplyWhileFreezing(state, event);
    case 'cutting':
      return onReplyWhileCutting(state, event);
    case 'thawing':
      return onReplyWhileThawing(state, event);
    case 'ready':
    case 'pausing':
    case 'reached':
    case 'not-reached':
    case 'failed':
      return step(state);
  }
}

function onReplyWhileProbing(state: StateOf<'probing'>, event: EventOf<'replied'>): BarrierStep {
  const { shard, reply, atMs, jitter } = event;
  if (!reply.probed || !state.awaiting.has(shard)) return step(state);
  const awaiting = new Set(state.awaiting);
  awaiting.delete(shard);
  const { blockers, more } = reply.probed;
  let { run } = state;
  let held = state.inTheWay;
  if (blockers.length > 0) {
    const reason = 'in the way before an attempt';
    run = sight(run, shard, { atMs, attempt: undefined, reason, blockers, more });
    held ||= isHeldUp(run, shard, undefined);
  }
  if (awaiting.size > 0) return step({ ...state, run, awaiting, inTheWay: held });
  const pace = { ...run.pace, roundTripMs: atMs - state.sentMs, probes: held ? run.pace.probes + 1 : 0 };
  run = { ...run, pace };
  return held ? pause(run, 'probe', atMs + probePauseMs(pace, jitter)) : freeze(run, event);
}

function onReplyWhileFreezing(state: StateOf<'freezing'>, event: EventOf<'replied'>): BarrierStep {
  const heard = hear(state, event);
  if (heard === undefined) return step(state);
  const { run, answers, answer } = heard;
  if (answer.kind !== 'frozen') return thaw(run, answers, 'retry', event, true);
  if (answers.size < run.plan.shards.length) return step({ ...state, run, answers });
  return cut(run, event);
}

function onReplyWhileCutting(state: StateOf<'cutting'>, event: EventOf<'replied'>): BarrierStep {
  const heard = hear(state, event);
  if (heard === undefined || heard.answer.kind === 'frozen') return step(state);
  const { run, answers, answer } = heard;
  if (answer.kind !== 'cut')
    return state.locks ? thaw(run, answers, 'retry', event, false) : giveUp(run, unanswered(run, answers));
  if (answers.size < run.plan.shards.length) return step({ ...state, run, answers });
  const { locks, sentMs } = state;
  const longest = longer(run.longest, longestHold(run.plan, run.attempt, answers));
  return step({ kind: 'reached', run: { ...run, longest }, locks, sentMs, answers }, { kind: 'finish' });
}

function onReplyWhileThawing(state: StateOf<'thawing'>, event: EventOf<'replied'>): BarrierStep {
  const heard = hear(state, event);
  if (heard === undefined || heard.answer.kind === 'frozen') return step(state);
  return whenThawed({ ...state, run: heard.run, answers: heard.answers }, event);
}

function onWake(state: BarrierState, event: EventOf<'woke'>): BarrierStep {
  const { run } = state;
  const late = event.atMs >= run.deadlineMs;
  switch (state.kind) {
    case 'probing':
      return giveUpOrFallBack(run, event, [...state.awaiting]);
    case 'pausing':
      if (late) return giveUpOrFallBack(run, event, []);
      return state.next === 'probe' ? probe(run, event) : freeze(run, event);
    case 'freezing':
      return thaw(run, state.answers, late ? 'give-up' : 'retry', event, true);
    case 'cutting':
      return state.locks
        ? thaw(run, state.answers, 'retry', event, false)
        : giveUp(run, unanswered(run, state.answers));
    case 'thawing':
      // Waited to the deadline for a shard that does not answer, or past the time at which the servers let go.
      return afterThaw(state.after === 'retry' ? { ...state, after: 'give-up' } : state, event);
    case 'ready':
    case 'reached':
    case 'not-reached':
    case 'failed':
      return step(state);
  }
}

/** A shard is lost, or the operation is to end: everybody else thaws first. */
function onFailure(
  state: BarrierState,
  now: Now,
  error: TidemarkError,
  shard: string | undefined,
): BarrierStep {
  if (state.kind === 'reached' || state.kind === 'not-reached' || state.kind === 'failed') return step(state);
  const lost = shard === undefined ? state.run.lost : new Set(state.run.lost).add(shard);
  const run: Run = {
    ...state.run,
    lost,
    failures: [...state.run.failures, { shard: shard ?? 'all shards', error }],
  };
  switch (state.kind) {
    case 'ready':
    case 'probing':
    case 'pausing':
      return fail(run);
    case 'freezing':
      return thaw(run, state.answers, 'fail', now, true);
    case 'cutting':
      return state.locks ? thaw(run, state.answers, 'fail', now, false) : fail(run);
    case 'thawing': {
      const { effect, run: timed } = wake(run, now.atMs + releasePatienceMs(run.plan, run.pace));
      const next = whenThawed({ ...state, run: timed, after: 'fail' }, now);
      return { state: next.state, effects: [effect, ...next.effects] };
    }
  }
}

function probe(run: Run, now: Now): BarrierStep {
  const timed = wake(run, run.deadlineMs);
  return step(
    {
      kind: 'probing',
      run: timed.run,
      sentMs: now.atMs,
      awaiting: new Set(run.plan.shards),
      inTheWay: false,
    },
    send(run.plan.shards, { kind: 'probe' }),
    timed.effect,
  );
}

function pause(run: Run, next: 'probe' | 'attempt', untilMs: number): BarrierStep {
  const timed = wake(run, Math.min(untilMs, run.deadlineMs));
  return step({ kind: 'pausing', run: timed.run, next }, timed.effect);
}

function freeze(run: Run, now: Now): BarrierStep {
  const freeMs = budgetFreeMs(run.plan, run.pace, now.atMs);
  // After a wait of that length a probe must say anew that nobody is in the way.
  if (freeMs > now.atMs) return pause(run, 'probe', freeMs);
  const attempt = run.attempt + 1;
  const { drainMs } = run.pace;
  const patienceMs = freezePatienceMs(run.plan, run.pace);
  const timed = wake({ ...run, attempt }, Math.min(now.atMs + patienceMs, run.deadlineMs));
  return step(
    { kind: 'freezing', run: timed.run, sentMs: now.atMs, answers: new Map() },
    send(run.plan.shards, { kind: 'freeze', attempt, drainMs }),
    timed.effect,
  );
}

function cut(run: Run, now: Now): BarrierStep {
  const timed = wake(run, now.atMs + releasePatienceMs(run.plan, run.pace));
  return step(
    { kind: 'cutting', run: timed.run, locks: true, sentMs: now.atMs, answers: new Map() },
    send(run.plan.shards, { kind: 'cut', attempt: run.attempt, withoutLocks: false }),
    timed.effect,
  );
}

function cutWithoutLocks(run: Run, now: Now): BarrierStep {
  const attempt = run.attempt + 1;
  const timed = wake({ ...run, attempt }, now.atMs + withoutLocksPatienceMs);
  return step(
    { kind: 'cutting', run: timed.run, locks: false, sentMs: now.atMs, answers: new Map() },
    send(run.plan.shards, { kind: 'cut', attempt, withoutLocks: true }),
    timed.effect,
  );
}

function thaw(run: Run, answers: Answers, after: AfterThaw, now: Now, inFreeze: boolean): BarrierStep {
  const releasedMs = now.atMs + releasePatienceMs(run.plan, run.pace);
  // No new attempt without every shard's word that it has thawed; but nobody's writers wait for that word.
  const timed = wake(run, after === 'retry' ? Math.max(releasedMs, run.deadlineMs) : releasedMs);
  const told = holding(run, answers);
  const order = send(told, { kind: 'thaw', attempt: run.attempt });
  const next = whenThawed(
    { kind: 'thawing', run: timed.run, sentMs: now.atMs, answers, after, inFreeze },
    now,
  );
  return { state: next.state, effects: [...(told.length > 0 ? [order] : []), timed.effect, ...next.effects] };
}

function whenThawed(state: StateOf<'thawing'>, now: Now): BarrierStep {
  return holding(state.run, state.answers).length > 0 ? step(state) : afterThaw(state, now);
}

function afterThaw(state: StateOf<'thawing'>, now: Now): BarrierStep {
  const { answers, inFreeze } = state;
  const { plan } = state.run;
  const { atMs, jitter } = now;
  const hold = longestHold(plan, state.run.attempt, answers);
  const ended = { answers, inFreeze, atMs, holdMs: hold?.holdMs ?? 0 };
  const pace = paceAfter(plan, state.run.pace, ended, jitter);
  const run: Run = { ...state.run, pace, longest: longer(state.run.longest, hold) };
  const after = state.after === 'retry' && atMs >= run.deadlineMs ? 'give-up' : state.after;
  switch (after) {
    case 'fail':
      return fail(run);
    case 'give-up':
      return giveUpOrFallBack(run, now, holding(run, answers));
    case 'retry': {
      const held = plan.shards.some((shard) => isHeldUp(run, shard, run.attempt));
      if (held) return pause(run, 'probe', atMs + probePauseMs(pace, jitter));
      return pause(run, 'attempt', atMs + attemptPauseMs(pace, jitter));
    }
  }
}

function giveUpOrFallBack(run: Run, now: Now, silent: readonly string[]): BarrierStep {
  return run.plan.onDeadline === 'simultaneous' ? cutWithoutLocks(run, now) : giveUp(run, silent);
}

function giveUp(run: Run, silent: readonly string[]): BarrierStep {
  return step({ kind: 'not-reached', run, silent }, { kind: 'break' });
}

function fail(run: Run): BarrierStep {
  return step({ kind: 'failed', run }, { kind: 'break' });
}

/** Did the shard report, in that attempt (or probe), somebody who makes the next attempt useless? */
function isHeldUp(run: Run, shard: string, attempt: number | undefined): boolean {
  const sighting = run.sightings.get(shard);
  return sighting !== undefined && sighting.attempt === attempt && inTheWay(run, sighting);
}

function wake(run: Run, atMs: number): { readonly run: Run; readonly effect: BarrierEffect } {
  const timer = run.timer + 1;
  return { run: { ...run, timer }, effect: { kind: 'wake', timer, atMs } };
}

function send(shards: readonly string[], order: Order): BarrierEffect {
  return { kind: 'send', shards, order };
}

function step(state: BarrierState, ...effects: BarrierEffect[]): BarrierStep {
  return { state, effects };
}

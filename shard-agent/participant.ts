/**
 * The agent's half of the barrier, as a pure machine: what happened goes in, what is to be done comes out.
 * No clock, no randomness, no I/O: times come in with the events (milliseconds on the agent's own clock).
 *
 * It lets a cut be taken only under locks that were granted in the same attempt and have been held since, and it gives
 * locks back when the coordinator says so, when the hold limit has passed, or when the call has ended, whichever is first.
 */
import { TidemarkError } from '../proto/errors.ts';
import { blockedReply, cutTakenReply, frozenReply, probedReply, thawedReply } from './barrier-replies.ts';
import type {
  AfterThaw,
  EventOf,
  Order,
  ParticipantEffect,
  ParticipantEvent,
  ParticipantState,
  StateOf,
  Terms,
} from './participant-states.ts';

export interface ParticipantStep {
  readonly state: ParticipantState;
  readonly effects: readonly ParticipantEffect[];
}

export const participantStart: ParticipantState = { kind: 'idle', attempt: 0, holdMs: 0, releaseMs: 0 };

/** One step. Total: a request that breaks the protocol thaws the shard and ends the call with `internal`. */
export function participantStep(
  terms: Terms,
  state: ParticipantState,
  event: ParticipantEvent,
): ParticipantStep {
  if (state.kind === 'over') return step(state);
  switch (event.kind) {
    case 'probe':
      return onProbe(terms, state, event);
    case 'freeze':
      return onFreeze(terms, state, event);
    case 'thaw':
      return onThaw(terms, state, event);
    case 'cut':
      return event.withoutLocks ? onCutWithoutLocks(terms, state, event) : onCut(terms, state, event);
    case 'finished':
      if (state.kind === 'cut') return step({ kind: 'over' }, { kind: 'hand-over', cut: state.cut });
      return leave(state, undefined, event.atMs);
    case 'broken':
      return leave(state, event.error, event.atMs);
    case 'hold-limit':
      if (state.kind === 'locking' || state.kind === 'frozen' || state.kind === 'cutting') {
        if (state.attempt === event.attempt) return thaw(state, { kind: 'say-thawed' }, event.atMs);
      }
      return step(state);
    case 'probed':
      if (state.kind !== 'probing') return step(state);
      return settle(
        terms,
        { kind: 'idle', attempt: state.attempt, holdMs: 0, releaseMs: 0 },
        state.deferred,
        {
          kind: 'reply',
          reply: probedReply(event.blockers),
        },
      );
    case 'lock-returned':
      return onLockReturned(terms, state, event);
    case 'cut-returned':
      return onCutReturned(terms, state, event);
    case 'engine-failed':
      return onEngineFailed(terms, state, event);
    case 'unlocked':
      if (state.kind !== 'thawing') return step(state);
      return whenThawed(terms, { ...state, holdMs: event.atMs - state.sinceMs });
  }
}

function onProbe(terms: Terms, state: ParticipantState, { atMs }: EventOf<'probe'>): ParticipantStep {
  if (state.kind !== 'idle' && state.kind !== 'cut') return violation(terms, state, 'PROBE', atMs);
  return step({ kind: 'probing', attempt: state.attempt, deferred: undefined }, { kind: 'probe' });
}

function onFreeze(terms: Terms, state: ParticipantState, event: EventOf<'freeze'>): ParticipantStep {
  const { attempt, atMs, drainMs } = event;
  const order = `FREEZE of attempt ${attempt}`;
  if (!terms.locks)
    return violation(terms, state, `${order} of a backup prepared without locks,`, event.atMs);
  return beginAttempt(terms, state, event, order, () =>
    step(
      { kind: 'locking', attempt, sinceMs: atMs },
      { kind: 'arm', attempt, afterMs: terms.holdLimitMs },
      { kind: 'lock', attempt, drainMs: Math.min(drainMs, terms.holdLimitMs) },
    ),
  );
}

/** What begins an attempt begins it at once, waits for what is under way, or comes when it must not. Stale ones change nothing. */
function beginAttempt(
  terms: Terms,
  state: ParticipantState,
  event: Order,
  named: string,
  begin: () => ParticipantStep,
): ParticipantStep {
  switch (state.kind) {
    case 'idle':
    case 'cut':
      return event.attempt <= state.attempt ? step(state) : begin();
    case 'probing':
    case 'thawing':
      return defer(terms, state, event, named);
    case 'locking':
    case 'frozen':
    case 'cutting':
      return event.attempt <= state.attempt ? step(state) : violation(terms, state, named, event.atMs);
    case 'over':
      return step(state);
  }
}

/** The rule that everything hangs on: only while frozen, only in the attempt that froze. */
function onCut(terms: Terms, state: ParticipantState, event: EventOf<'cut'>): ParticipantStep {
  const { attempt, atMs } = event;
  if (state.kind === 'frozen' && state.attempt === attempt) {
    // A timer may come late; a late CUT must not stretch the hold.
    if (atMs - state.sinceMs >= terms.holdLimitMs) return thaw(state, { kind: 'say-thawed' }, event.atMs);
    return step({ kind: 'cutting', attempt, sinceMs: state.sinceMs, arrivedMs: atMs }, { kind: 'cut' });
  }
  if (state.kind === 'over' || attempt < state.attempt) return step(state);
  // The hold limit thawed it while the CUT was on its way: THAWED of this attempt is the answer, said or about to be.
  const thawedMeanwhile = state.kind === 'idle' || state.kind === 'thawing';
  if (thawedMeanwhile && state.attempt === attempt) return step(state);
  return violation(terms, state, `CUT of attempt ${attempt}`, event.atMs);
}

function onCutWithoutLocks(terms: Terms, state: ParticipantState, event: EventOf<'cut'>): ParticipantStep {
  const { attempt, atMs } = event;
  const order = `CUT without locks of attempt ${attempt}`;
  return beginAttempt(terms, state, event, order, () =>
    step({ kind: 'cutting', attempt, sinceMs: undefined, arrivedMs: atMs }, { kind: 'cut-without-locks' }),
  );
}

function onThaw(terms: Terms, state: ParticipantState, event: EventOf<'thaw'>): ParticipantStep {
  const { attempt } = event;
  if (state.kind === 'over' || attempt < state.attempt) return step(state);
  switch (state.kind) {
    case 'idle': {
      const { holdMs, releaseMs } = attempt === state.attempt ? state : { holdMs: 0, releaseMs: 0 };
      return idle(attempt, holdMs, releaseMs);
    }
    case 'cut': {
      // The coordinator does not want this cut: a clean end must not hand it over any more.
      return idle(attempt, attempt === state.attempt ? state.cut.holdMs : 0, 0);
    }
    case 'probing': {
      const deferred =
        state.deferred !== undefined && state.deferred.attempt > attempt ? state.deferred : undefined;
      return step(
        { kind: 'probing', attempt, deferred },
        { kind: 'reply', reply: thawedReply(attempt, 0, 0) },
      );
    }
    case 'locking':
    case 'frozen':
    case 'cutting':
      if (attempt > state.attempt) return violation(terms, state, `THAW of attempt ${attempt}`, event.atMs);
      return thaw(state, { kind: 'say-thawed' }, event.atMs);
    case 'thawing':
      // THAWED (or BLOCKED) follows when it is true.
      return attempt > state.attempt
        ? violation(terms, state, `THAW of attempt ${attempt}`, event.atMs)
        : step(state);
  }
}

function onLockReturned(
  terms: Terms,
  state: ParticipantState,
  event: EventOf<'lock-returned'>,
): ParticipantStep {
  const { outcome } = event;
  if (state.kind === 'thawing') {
    if (outcome.outcome === 'locked' && state.holdMs !== undefined) {
      // Granted after all, behind the unlock's back: give it back before anybody is told of a thaw.
      return step({ ...state, busy: false, holdMs: undefined }, { kind: 'unlock' });
    }
    return whenThawed(terms, { ...state, busy: false });
  }
  if (state.kind !== 'locking') return step(state);
  const { attempt, sinceMs } = state;
  switch (outcome.outcome) {
    case 'locked':
      return step(
        { kind: 'frozen', attempt, sinceMs },
        { kind: 'reply', reply: frozenReply(attempt, outcome.lockMs) },
      );
    case 'blocked': {
      // The engine's own count: it has looked for names since, and nobody waited for that.
      const { reason, blockers, holdMs } = outcome;
      const reply = blockedReply(attempt, reason, blockers, holdMs);
      return step(
        { kind: 'idle', attempt, holdMs, releaseMs: 0 },
        { kind: 'disarm' },
        { kind: 'reply', reply },
      );
    }
  }
}

function onCutReturned(
  terms: Terms,
  state: ParticipantState,
  event: EventOf<'cut-returned'>,
): ParticipantStep {
  const { cut, atMs } = event;
  // In `thawing` the attempt is, or will be, reported as thawed: this cut counts for nothing.
  if (state.kind === 'thawing') return whenThawed(terms, { ...state, busy: false });
  if (state.kind !== 'cutting') return step(state);
  const reply = cutTakenReply(state.attempt, cut, atMs - state.arrivedMs);
  return step({ kind: 'cut', attempt: state.attempt, cut }, { kind: 'disarm' }, { kind: 'reply', reply });
}

function onEngineFailed(
  terms: Terms,
  state: ParticipantState,
  event: EventOf<'engine-failed'>,
): ParticipantStep {
  switch (state.kind) {
    case 'thawing':
      // We interrupted that call; its complaint says nothing new.
      return whenThawed(terms, { ...state, busy: false });
    case 'locking':
      return thaw(state, { kind: 'close', error: event.error }, event.atMs, false);
    case 'cutting':
      if (state.sinceMs === undefined) return leave(state, event.error, event.atMs);
      // Under the locks it is a failed attempt: a lock was lost, or a commit passed by. What is wrong for good comes
      // back in the next attempt's lock call, and ends the barrier there.
      return thaw(state, { kind: 'say-blocked', reason: event.error.message }, event.atMs, false);
    case 'idle':
    case 'probing':
    case 'frozen':
    case 'cut':
      return leave(state, event.error, event.atMs);
    case 'over':
      return step(state);
  }
}

/** Ends the call: thaws first where locks may be held. */
function leave(state: ParticipantState, error: TidemarkError | undefined, atMs: number): ParticipantStep {
  switch (state.kind) {
    case 'locking':
    case 'frozen':
      return thaw(state, { kind: 'close', error }, atMs);
    case 'cutting':
      if (state.sinceMs !== undefined) return thaw(state, { kind: 'close', error }, atMs);
      return step({ kind: 'over' }, { kind: 'close', error });
    case 'thawing':
      if (state.holdMs !== undefined) return step({ kind: 'over' }, { kind: 'close', error });
      return step({ ...state, after: { kind: 'close', error }, deferred: undefined });
    case 'idle':
    case 'probing':
    case 'cut':
      return step({ kind: 'over' }, { kind: 'close', error });
    case 'over':
      return step(state);
  }
}

function thaw(
  state: StateOf<'locking'> | StateOf<'frozen'> | StateOf<'cutting'>,
  after: AfterThaw,
  atMs: number,
  busy: boolean = state.kind !== 'frozen',
): ParticipantStep {
  const { attempt } = state;
  // A cut without locks has nobody waiting: its hold begins and ends now.
  const sinceMs = state.sinceMs ?? (state as StateOf<'cutting'>).arrivedMs;
  return step(
    { kind: 'thawing', attempt, sinceMs, thawMs: atMs, holdMs: undefined, busy, after, deferred: undefined },
    { kind: 'disarm' },
    { kind: 'unlock' },
  );
}

function whenThawed(terms: Terms, state: StateOf<'thawing'>): ParticipantStep {
  const { attempt, sinceMs, thawMs, holdMs, busy, after, deferred } = state;
  if (holdMs === undefined) return step(state);
  const releaseMs = sinceMs + holdMs - thawMs;
  if (after.kind === 'close') return step({ kind: 'over' }, { kind: 'close', error: after.error });
  if (busy) return step(state);
  const reply =
    after.kind === 'say-thawed'
      ? thawedReply(attempt, holdMs, releaseMs)
      : blockedReply(attempt, after.reason, [], holdMs);
  return settle(terms, { kind: 'idle', attempt, holdMs, releaseMs }, deferred, { kind: 'reply', reply });
}

/** At rest again: say so, then begin the order that waited. */
function settle(
  terms: Terms,
  state: StateOf<'idle'>,
  deferred: Order | undefined,
  effect: ParticipantEffect,
): ParticipantStep {
  if (deferred === undefined) return step(state, effect);
  const next = participantStep(terms, state, deferred);
  return { state: next.state, effects: [effect, ...next.effects] };
}

function defer(
  terms: Terms,
  state: StateOf<'probing'> | StateOf<'thawing'>,
  order: Order,
  named: string,
): ParticipantStep {
  if (order.attempt <= state.attempt) return step(state);
  if (state.deferred !== undefined) return violation(terms, state, named, order.atMs);
  return step({ ...state, deferred: order });
}

function violation(terms: Terms, state: ParticipantState, order: string, atMs: number): ParticipantStep {
  const attempt = state.kind === 'over' ? '' : ` in attempt ${state.attempt}`;
  return leave(
    state,
    new TidemarkError({
      code: 'internal',
      operation: 'take part in the barrier',
      subject: terms.shard,
      cause: `${order} arrived while the shard was ${state.kind}${attempt}`,
    }),
    atMs,
  );
}

/** Nothing is held any more, and what was held is said. */
function idle(attempt: number, holdMs: number, releaseMs: number): ParticipantStep {
  return step(
    { kind: 'idle', attempt, holdMs, releaseMs },
    { kind: 'reply', reply: thawedReply(attempt, holdMs, releaseMs) },
  );
}

function step(state: ParticipantState, ...effects: ParticipantEffect[]): ParticipantStep {
  return { state, effects };
}

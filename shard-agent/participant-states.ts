/** The words of the participant machine (participant.ts): its states, what can happen to it, what it wants done. */
import type { BarrierReply } from '../proto/gen/tidemark/v1/BarrierReply.ts';
import type { TidemarkError } from '../proto/errors.ts';
import type { Blocker, Cut, LockOutcome } from './engine.ts';

/** What was agreed when the backup was prepared. */
export interface Terms {
  readonly shard: string;
  /** No lock of one attempt is held longer, counted from its first request. */
  readonly holdLimitMs: number;
  /** False: no lock session was opened, and only a cut without locks may be asked for. */
  readonly locks: boolean;
}

/** What follows when a shard has thawed. */
export type AfterThaw =
  /** The coordinator asked, or the hold limit passed: say that the writers go on. */
  | { readonly kind: 'say-thawed' }
  /** The cut failed under the locks: say so; the coordinator may try again. */
  | { readonly kind: 'say-blocked'; readonly reason: string }
  /** The call is over: nobody is left to tell. */
  | { readonly kind: 'close'; readonly error: TidemarkError | undefined };

/** `attempt` is the highest seen; an order of that attempt that was carried out before, or of a lower one, is stale. */
export type ParticipantState =
  /** No lock is held or asked for, and no cut counts. `holdMs` is what the last attempt held, `releaseMs` how much of it the thaw took. */
  | { readonly kind: 'idle'; readonly attempt: number; readonly holdMs: number; readonly releaseMs: number }
  /** The engine looks for what is in the way; no lock is held or asked for. An order waits until it has answered. */
  | { readonly kind: 'probing'; readonly attempt: number; readonly deferred: Order | undefined }
  /** Locks are asked for, some may be granted: writers may wait since `sinceMs`. */
  | { readonly kind: 'locking'; readonly attempt: number; readonly sinceMs: number }
  /** Every lock is held since before FROZEN was said, and the checks under the locks have passed. */
  | { readonly kind: 'frozen'; readonly attempt: number; readonly sinceMs: number }
  /** Snapshots are being opened: under locks asked for at `sinceMs`, or without locks when that is undefined. */
  | {
      readonly kind: 'cutting';
      readonly attempt: number;
      readonly sinceMs: number | undefined;
      readonly arrivedMs: number;
    }
  /** Locks are being given back. Over when the server has confirmed it (`holdMs` is then known) and the engine's own
   * call, if one was running (`busy`), has returned. An order waits until then. */
  | {
      readonly kind: 'thawing';
      readonly attempt: number;
      readonly sinceMs: number;
      /** When that began. */
      readonly thawMs: number;
      readonly holdMs: number | undefined;
      readonly busy: boolean;
      readonly after: AfterThaw;
      readonly deferred: Order | undefined;
    }
  /** The cut stands: its snapshots are open, no lock is held. */
  | { readonly kind: 'cut'; readonly attempt: number; readonly cut: Cut }
  /** The call is over: the session belongs to the caller, or is being closed. */
  | { readonly kind: 'over' };

export type ParticipantEvent = { readonly atMs: number } & (
  | { readonly kind: 'probe' }
  | { readonly kind: 'freeze'; readonly attempt: number; readonly drainMs: number }
  | { readonly kind: 'thaw'; readonly attempt: number }
  | { readonly kind: 'cut'; readonly attempt: number; readonly withoutLocks: boolean }
  /** The coordinator has sent its last request and ended its side in good order. */
  | { readonly kind: 'finished' }
  /** The call broke, or the agent was told to stop: with an error when it is not the coordinator's doing. */
  | { readonly kind: 'broken'; readonly error: TidemarkError | undefined }
  /** The timer armed for this attempt has fired. */
  | { readonly kind: 'hold-limit'; readonly attempt: number }
  | { readonly kind: 'probed'; readonly blockers: readonly Blocker[] }
  | { readonly kind: 'lock-returned'; readonly outcome: LockOutcome }
  | { readonly kind: 'cut-returned'; readonly cut: Cut }
  /** The engine's running call threw. */
  | { readonly kind: 'engine-failed'; readonly error: TidemarkError }
  /** The server has confirmed that no lock of ours is held. */
  | { readonly kind: 'unlocked' }
);

export type EventOf<Kind extends ParticipantEvent['kind']> = Extract<ParticipantEvent, { kind: Kind }>;
export type StateOf<Kind extends ParticipantState['kind']> = Extract<ParticipantState, { kind: Kind }>;
/** FREEZE or CUT. */
export type Order = EventOf<'freeze'> | EventOf<'cut'>;

export type ParticipantEffect =
  | { readonly kind: 'reply'; readonly reply: BarrierReply }
  | { readonly kind: 'probe' }
  | { readonly kind: 'lock'; readonly attempt: number; readonly drainMs: number }
  | { readonly kind: 'cut' }
  | { readonly kind: 'cut-without-locks' }
  /** End a lock call in progress and give every lock back. */
  | { readonly kind: 'unlock' }
  /** Replaces the timer that stands: the dead man's hand. */
  | { readonly kind: 'arm'; readonly attempt: number; readonly afterMs: number }
  | { readonly kind: 'disarm' }
  /** The session, with its snapshots, is the caller's from here on. */
  | { readonly kind: 'hand-over'; readonly cut: Cut }
  /** Close the session; the call ends with the error, if there is one. */
  | { readonly kind: 'close'; readonly error: TidemarkError | undefined };

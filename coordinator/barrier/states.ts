/** The words of the barrier machine (protocol.ts): its states, what can happen to it, what it wants done. */
import type { TidemarkError } from '../../proto/errors.ts';
import type { BarrierReply__Output } from '../../proto/gen/tidemark/v1/BarrierReply.ts';
import type { Blocker__Output } from '../../proto/gen/tidemark/v1/Blocker.ts';
import type { CutTaken__Output } from '../../proto/gen/tidemark/v1/CutTaken.ts';
import type { BarrierConfig } from '../../topology/topology.ts';
import type { ShardFailure } from '../agents.ts';
import type { Pace } from './pace.ts';

/** What is to be reached, and within which bounds. */
export interface BarrierPlan extends BarrierConfig {
  /** Names, no two alike. */
  readonly shards: readonly string[];
  /** The slowest shard's time for its locks when nobody was in the way. */
  readonly uncontendedLockMs: number;
}

/** A blocker as one shard reported it last. */
export interface SeenBlocker {
  readonly blocker: Blocker__Output;
  /** When this same transaction was first reported, without a report in between that lacked it. */
  readonly sinceMs: number;
}

/** The last report of a shard that somebody was in the way. */
export interface Sighting {
  readonly atMs: number;
  /** The attempt it kept from succeeding; undefined when a probe found it. */
  readonly attempt: number | undefined;
  readonly reason: string;
  readonly blockers: readonly SeenBlocker[];
  /** How many more there were, which are not kept. */
  readonly more: number;
}

/** What one shard has answered in the running attempt. Every kind but `frozen` says that no lock is held. */
export type Answer =
  | { readonly kind: 'frozen' }
  | {
      readonly kind: 'blocked';
      readonly holdMs: number;
      /** Nobody was named: the time ran out by itself. */
      readonly nobody: boolean;
      /** A writer named here was in the way of the attempt before, too: it does not wait for us. */
      readonly lasting: boolean;
    }
  | { readonly kind: 'thawed'; readonly holdMs: number; readonly releaseMs: number }
  | {
      readonly kind: 'cut';
      readonly holdMs: number;
      readonly atMs: number;
      readonly taken: CutTaken__Output;
    };

/** Where writers were held the longest, and how that ended. */
export interface LongestHold {
  readonly holdMs: number;
  readonly shard: string;
  readonly attempt: number;
  /** `silent`: the shard has not said that its locks are gone, and counts with the most that the server allows. */
  readonly end: 'cut' | 'blocked' | 'thawed' | 'silent';
  /** Of a thawed one: how long it took from THAW, or the agent's timer, to the server's confirmation. */
  readonly releaseMs: number | undefined;
}

export type Answers = ReadonlyMap<string, Answer>;

/** What is carried from state to state. */
export interface Run {
  readonly plan: BarrierPlan;
  readonly deadlineMs: number;
  /** The last attempt begun. */
  readonly attempt: number;
  /** The only timer that counts; another number is a stale one. */
  readonly timer: number;
  readonly pace: Pace;
  /** Of any shard in any attempt. Undefined: nobody was held. */
  readonly longest: LongestHold | undefined;
  readonly sightings: ReadonlyMap<string, Sighting>;
  readonly lost: ReadonlySet<string>;
  readonly failures: readonly ShardFailure[];
}

/** What follows when all shards have thawed. */
export type AfterThaw = 'retry' | 'give-up' | 'fail';

export type BarrierState =
  /** Every shard is prepared; nothing has been sent. */
  | { readonly kind: 'ready'; readonly run: Run }
  /** PROBE is sent to all; nobody's writers wait. */
  | {
      readonly kind: 'probing';
      readonly run: Run;
      readonly sentMs: number;
      readonly awaiting: ReadonlySet<string>;
      readonly inTheWay: boolean;
    }
  /** Nothing is under way and nobody's writers wait: until the timer. */
  | { readonly kind: 'pausing'; readonly run: Run; readonly next: 'probe' | 'attempt' }
  /** FREEZE is sent to all; not all are FROZEN, none has refused. */
  | { readonly kind: 'freezing'; readonly run: Run; readonly sentMs: number; readonly answers: Answers }
  /** All were FROZEN in this attempt and CUT is sent to all; or a cut without locks is. */
  | {
      readonly kind: 'cutting';
      readonly run: Run;
      readonly locks: boolean;
      readonly sentMs: number;
      readonly answers: Answers;
    }
  /** The attempt has failed: THAW is sent to all that may hold locks, and each is waited for. */
  | {
      readonly kind: 'thawing';
      readonly run: Run;
      readonly sentMs: number;
      readonly answers: Answers;
      readonly after: AfterThaw;
      /** It failed before all were frozen. */
      readonly inFreeze: boolean;
    }
  /** Every shard has answered CUT of one and the same attempt. */
  | {
      readonly kind: 'reached';
      readonly run: Run;
      readonly locks: boolean;
      readonly sentMs: number;
      readonly answers: Answers;
    }
  /** The deadline has passed. `silent` are the shards that owed an answer. */
  | { readonly kind: 'not-reached'; readonly run: Run; readonly silent: readonly string[] }
  /** An agent or its stream failed, or the operation was interrupted: `run.failures` says. */
  | { readonly kind: 'failed'; readonly run: Run };

/** `jitter` is a random number in [0, 1), for the length of a pause. */
export type BarrierEvent = { readonly atMs: number; readonly jitter: number } & (
  | { readonly kind: 'began' }
  | { readonly kind: 'replied'; readonly shard: string; readonly reply: BarrierReply__Output }
  | { readonly kind: 'woke'; readonly timer: number }
  /** The shard's stream has ended or broken. */
  | { readonly kind: 'lost'; readonly shard: string; readonly error: TidemarkError }
  | { readonly kind: 'aborted'; readonly error: TidemarkError }
);

export type Order =
  | { readonly kind: 'probe' }
  | { readonly kind: 'freeze'; readonly attempt: number; readonly drainMs: number }
  | { readonly kind: 'thaw'; readonly attempt: number }
  | { readonly kind: 'cut'; readonly attempt: number; readonly withoutLocks: boolean };

export type BarrierEffect =
  | { readonly kind: 'send'; readonly shards: readonly string[]; readonly order: Order }
  /** Replaces the timer that stands. */
  | { readonly kind: 'wake'; readonly timer: number; readonly atMs: number }
  /** The cut stands: end every stream in good order. */
  | { readonly kind: 'finish' }
  /** End every stream so that every shard thaws, if it has not. */
  | { readonly kind: 'break' };

export interface BarrierStep {
  readonly state: BarrierState;
  readonly effects: readonly BarrierEffect[];
}

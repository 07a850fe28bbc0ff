/**
 * The locks of one shard: LOCK TABLES … READ, spread over warm sessions. They wait for whoever has written or locked a
 * row and not ended, and hold new writers back. Every lock session has a watchdog on the server itself.
 */
import { TidemarkError } from '../../../../proto/errors.ts';
import type { Blocker, LockOutcome } from '../../../engine.ts';
import type { Blockers } from './blockers.ts';
import { quoteName } from '../connection/quoting.ts';
import type { Dialect } from '../dialect.ts';
import { ConnectionLost, failure } from '../connection/failure.ts';
import type { Endpoint } from '../connection/handshake.ts';
import { type Locking, LockSession } from './lock-session.ts';
import type { Wire } from '../connection/wire.ts';

export interface BarrierParts {
  readonly endpoint: Endpoint;
  readonly dialect: Dialect;
  /** For KILL alone: never busy with anything else when it is needed. */
  readonly control: Wire;
  readonly blockers: Blockers;
  readonly holdLimitMs: number;
  readonly limitMs: number;
  /** Fails when the guard against DDL has been lost. */
  readonly checkGuard: () => Promise<void>;
}

/** LOCK TABLES of many tables in one session takes longer than the same tables in several (2,000: 330 ms; 8 × 250: 10 ms). */
export const tablesPerSession = 200;
/** The server ends a lock session so much later than this process should have: within promise 2's 500 ms. */
const watchdogMarginMs = 150;
/** When, within a drain, to look who is in the way. */
const lookAfter = 0.7;
const warmRounds = 3;

interface Seen {
  readonly blockers: readonly Blocker[];
  /** Why nobody could be looked for, as the end of a sentence; else empty. */
  readonly unseen: string;
}

type Attempt = 'granted' | { readonly blocked: string } | { readonly error: unknown };

export class Barrier {
  readonly #parts: BarrierParts;
  readonly #sessions: readonly LockSession[];
  #heldSince: number | undefined;
  /** Changes with every unlock from outside: a lock that was begun before it gives up. */
  #epoch = 0;

  static async open(
    parts: BarrierParts,
    tables: readonly { database: string; name: string }[],
  ): Promise<Barrier> {
    const quoted = tables.map((table) => `${quoteName(table.database)}.${quoteName(table.name)}`);
    // One session even without tables: the checks under the locks go on.
    const count = Math.max(1, Math.ceil(quoted.length / tablesPerSession));
    const share = Math.ceil(quoted.length / count);
    const shares = Array.from({ length: count }, (_, index) =>
      quoted.slice(index * share, (index + 1) * share),
    );
    const { endpoint, dialect, limitMs } = parts;
    const sessions = await LockSession.openAll(endpoint, dialect, shares, limitMs);
    return new Barrier(parts, sessions);
  }

  private constructor(parts: BarrierParts, sessions: readonly LockSession[]) {
    this.#parts = parts;
    this.#sessions = sessions;
  }

  get threadIds(): number[] {
    return this.#sessions.flatMap((session) => session.threadIds);
  }

  /**
   * How long the locks would take with nobody in the way, without holding anybody up: the same tables are opened by
   * the same sessions side by side, with the shared lock of a reader. Parsing and opening is what LOCK TABLES costs too.
   * The first round fills the table cache; of the next three the slowest counts.
   */
  async measure(): Promise<number> {
    const round = async (): Promise<number> =>
      Math.max(...(await Promise.all(this.#sessions.map((session) => session.warm()))));
    await round();
    const rounds: number[] = [];
    while (rounds.length < warmRounds) rounds.push(await round());
    return Math.max(...rounds, 0.5);
  }

  /** Names the time before the next `unlock`: a lock that is asked for with an older one ends as blocked. */
  get epoch(): number {
    return this.#epoch;
  }

  async lock(drainMs: number, signal: AbortSignal, epoch: number): Promise<LockOutcome> {
    await this.#release();
    const over = (): boolean => signal.aborted || this.#epoch !== epoch;
    try {
      await Promise.all(this.#sessions.map((session) => session.revive()));
      // Before the first request: the server counts from here.
      const limitMs = this.#parts.holdLimitMs + watchdogMarginMs;
      await Promise.all(this.#sessions.map((session) => session.arm(limitMs)));
    } catch (error) {
      await this.#release();
      throw failure(error, 'take the locks', 'the lock sessions');
    }
    if (over()) return this.#ended(undefined);
    const started = performance.now();
    this.#heldSince = started;
    let seen: Promise<Seen> | undefined;
    const attempt = await this.#request(drainMs, signal, () => {
      seen = this.#look();
    });
    if (attempt !== 'granted') {
      await this.#release();
      const holdMs = performance.now() - started;
      if ('error' in attempt) throw failure(attempt.error, 'take the locks', 'the lock sessions');
      const early = await seen;
      // Nobody was seen while waiting: whoever is there now was probably there then.
      const { blockers, unseen } =
        early !== undefined && early.blockers.length > 0 ? early : await this.#look();
      return { outcome: 'blocked', reason: `${attempt.blocked}${unseen}`, blockers, holdMs };
    }
    return this.#checkUnderLocks(started, over);
  }

  /** Who is in the way. A failure here costs names, not the attempt: it is said in words. */
  #look(): Promise<Seen> {
    return this.#parts.blockers.find().then(
      (blockers) => ({ blockers, unseen: '' }),
      (error: unknown) => {
        const words = error instanceof Error ? error.message : String(error);
        return { blockers: [], unseen: ` (who is in the way was not seen: ${words})` };
      },
    );
  }

  /** Under the locks, before the first snapshot: no transaction in doubt, and the catalogue still guarded. */
  async #checkUnderLocks(started: number, over: () => boolean): Promise<LockOutcome> {
    const lockMs = performance.now() - started;
    try {
      const [inDoubt] = await Promise.all([this.#parts.blockers.inDoubt(), this.#parts.checkGuard()]);
      if (inDoubt.length > 0) {
        await this.#release();
        const reason = 'transactions are in doubt (prepared, neither committed nor rolled back)';
        return { outcome: 'blocked', reason, blockers: inDoubt, holdMs: performance.now() - started };
      }
    } catch (error) {
      await this.#release();
      throw failure(error, 'check under the locks', 'the server');
    }
    return over() ? this.#ended(started) : { outcome: 'locked', lockMs };
  }

  /** `started`: when the first lock was asked for, if one was. */
  async #ended(started: number | undefined): Promise<LockOutcome> {
    await this.#release();
    const holdMs = started === undefined ? 0 : performance.now() - started;
    return { outcome: 'blocked', reason: 'the attempt was ended', blockers: [], holdMs };
  }

  async #request(drainMs: number, signal: AbortSignal, look: () => void): Promise<Attempt> {
    const { control, dialect } = this.#parts;
    // On the wire at once, in one go; each session answers by itself.
    const requests = this.#sessions.map((session) => session.lock(drainMs));
    const end = (): void => {
      // What became of each request is said by its own answer.
      for (const session of this.#sessions) void session.interrupt(control);
    };
    signal.addEventListener('abort', end, { once: true });
    if (signal.aborted) end();
    const looking = setTimeout(look, drainMs * lookAfter);
    // Where the server bounds the wait itself, this is the second line.
    const timer = setTimeout(end, dialect.lockBoundsItself ? drainMs + 20 : drainMs);
    try {
      return conclude(
        await Promise.all(requests),
        `the locks were not granted within ${Math.round(drainMs)} ms`,
      );
    } finally {
      clearTimeout(looking);
      clearTimeout(timer);
      signal.removeEventListener('abort', end);
    }
  }

  /**
   * The proof: each lock session unlocks, by a statement sent now. Resolves with the hold when all have answered.
   * Throws when a lock was lost before; then nothing is locked either.
   */
  async prove(): Promise<number> {
    const since = this.#heldSince;
    if (since === undefined) {
      throw new TidemarkError({
        code: 'snapshot-lost',
        operation: 'prove the locks',
        subject: 'the lock sessions',
        cause: 'no lock is held',
      });
    }
    const proofs = await Promise.allSettled(this.#sessions.map((session) => session.prove()));
    const holdMs = performance.now() - since;
    const lost = proofs.find((proof) => proof.status === 'rejected');
    await this.#release();
    if (lost !== undefined)
      throw failure(lost.reason, 'prove the locks', 'the lock sessions', 'snapshot-lost');
    return holdMs;
  }

  /** Idempotent, never throws; may be called while `lock` runs, which then ends as blocked. */
  async unlock(): Promise<void> {
    this.#epoch += 1;
    await this.#release();
  }

  async #release(): Promise<void> {
    this.#heldSince = undefined;
    const { control } = this.#parts;
    await Promise.all(this.#sessions.map((session) => session.release(control)));
    await Promise.all(this.#sessions.map((session) => session.disarm(control)));
  }

  async close(): Promise<void> {
    await this.unlock();
    await Promise.all(this.#sessions.map((session) => session.close()));
  }
}

function conclude(results: readonly Locking[], late: string): Attempt {
  const failed = results.find((result) => result.kind === 'failed');
  if (failed !== undefined) {
    // The watchdog, or the server's end: the locks are gone, but that is an attempt like another.
    return failed.error instanceof ConnectionLost
      ? { blocked: 'a lock session was lost' }
      : { error: failed.error };
  }
  return results.every((result) => result.kind === 'granted') ? 'granted' : { blocked: late };
}

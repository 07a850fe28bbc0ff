/**
 * The barrier over all databases of one server: every lock before any snapshot, every snapshot before the first
 * unlock. Holds no transaction between attempts.
 */
import { TidemarkError } from '../../../../proto/errors.ts';
import { reached } from '../../../../proto/step-points.ts';
import type { Blocker, Cut, LockOutcome } from '../../../engine.ts';
import { sendUntil } from '../../../repeated-order.ts';
import { CancelledAutovacuums } from './cancelled-autovacuums.ts';
import { blockersOf, inDoubt, processes } from './blockers.ts';
import { findInTheWay } from './in-the-way.ts';
import { readCatalogue } from '../catalogue.ts';
import { databaseError, during, serverWords, type Session } from '../connection/connection.ts';
import type { DatabaseBarrier } from './database-barrier.ts';

/** Older than any transaction. */
const foreverMs = 1e12;
/**
 * An EXCLUSIVE lock must also look through every backend's fast-path locks, which the trial's weaker lock need not:
 * 5,000 tables took 12 to 15 ms instead of 5.7 on PostgreSQL 15.
 */
const strongLockFactor = 2.5;

/** Of the catalogue, before a rehearsal: each fails only if a table goes within the milliseconds after it. */
const mostReadings = 10;

interface Seen {
  readonly found: readonly Blocker[];
  /** Why nobody could be looked for, as the end of a sentence; else empty. */
  readonly unseen: string;
}

interface Attempt {
  readonly began: number;
  readonly abort: AbortController;
  /** Set while locks are requested, checked or cut; resolves when that has settled. */
  running: Promise<unknown> | undefined;
}

const ended = 'the attempt was ended';

export class Barrier {
  readonly databases: readonly DatabaseBarrier[];
  readonly #monitor: Session;
  readonly #holdLimitMs: number;
  readonly #systemIdentifier: string;
  readonly #autovacuums: CancelledAutovacuums;
  #attempt: Attempt | undefined;
  #catalogueChanged = false;
  /** True from a cut until the next attempt. */
  cutTaken = false;

  constructor(options: {
    databases: readonly DatabaseBarrier[];
    monitor: Session;
    holdLimitMs: number;
    systemIdentifier: string;
    /** Undefined: never. */
    cancelAutovacuumMs: number | undefined;
  }) {
    this.databases = options.databases;
    this.#monitor = options.monitor;
    this.#holdLimitMs = options.holdLimitMs;
    this.#systemIdentifier = options.systemIdentifier;
    this.#autovacuums = new CancelledAutovacuums(options.cancelAutovacuumMs, {
      inTheWay: () =>
        findInTheWay(options.monitor, options.databases, {
          olderThanMs: foreverMs,
          cancelsAutovacuum: false,
        }),
      running: (pids) => processes(options.monitor, pids),
    });
  }

  /** Opens what was lost and reads the catalogue again where it has changed. True when it was read again. */
  async refresh(): Promise<boolean> {
    await Promise.all(this.databases.map((database) => database.open()));
    if (!this.#catalogueChanged) return false;
    for (const database of this.databases) database.catalogue = await readCatalogue(database.exporter);
    this.#catalogueChanged = false;
    return true;
  }

  /**
   * What all the locks cost when nobody is in the way, on warm caches. Holds no writer. Where tables come and go the catalogue is
   * read again, as for an attempt; throws `schema-changed` when it never was the one that was read, or when `stop` is aborted.
   */
  async rehearse(stop?: AbortSignal): Promise<number> {
    for (let reading = 1; ; reading += 1) {
      try {
        return await this.#rehearseOnce();
      } catch (error) {
        const changed = error instanceof TidemarkError && error.code === 'schema-changed';
        if (!changed || reading >= mostReadings || stop?.aborted === true) throw error;
        this.#catalogueChanged = true;
        await this.refresh();
      }
    }
  }

  async #rehearseOnce(): Promise<number> {
    let tookMs = 0;
    for (let round = 0; round < 2; round += 1) {
      const began = performance.now();
      try {
        await Promise.all(this.databases.map((database) => database.rehearse()));
        tookMs = (performance.now() - began) * strongLockFactor;
        // What is asked under the locks, so that its plans and caches are warm too; its answer does not matter yet.
        await Promise.all(this.databases.filter(({ locks }) => locks).map((database) => database.verify()));
      } finally {
        await this.#release(false);
      }
    }
    return tookMs;
  }

  async lock(drainMs: number, signal: AbortSignal): Promise<LockOutcome> {
    const cancels = this.#autovacuums.due;
    // While nobody waits for us.
    if (this.databases.some((database) => database.mayCancelWithin(drainMs, cancels)))
      await during('see who is in the way', 'the monitor session', () => this.#autovacuums.watch());
    const attempt: Attempt = { began: performance.now(), abort: new AbortController(), running: undefined };
    this.#attempt = attempt;
    const stop = AbortSignal.any([signal, attempt.abort.signal]);
    const running = this.#take(attempt, drainMs, cancels, stop);
    attempt.running = running;
    let kept = false;
    try {
      const outcome = await running;
      kept = outcome.outcome === 'locked' && !stop.aborted;
      return outcome.outcome === 'locked' && !kept ? await this.#blocked(attempt, ended, []) : outcome;
    } finally {
      attempt.running = undefined;
      if (!kept) await this.#release(false);
    }
  }

  async #take(attempt: Attempt, drainMs: number, cancels: boolean, stop: AbortSignal): Promise<LockOutcome> {
    if (stop.aborted) return { outcome: 'blocked', reason: ended, blockers: [], holdMs: 0 };
    let looking: Promise<Seen> | undefined;
    const look = setTimeout(() => {
      looking = this.#blockers();
    }, drainMs / 2);
    const { promise: over, resolve: end } = Promise.withResolvers<void>();
    let cancelling = false;
    // A cancel that arrives before the statement it is meant for is lost, so it is repeated while there is a wait.
    const cancel = (): void => {
      if (!cancelling) void sendUntil(over, () => this.#cancel());
      cancelling = true;
    };
    // The server ends the wait by its own timeout; this is for the signal, and for a database that was refused early.
    stop.addEventListener('abort', cancel, { once: true });
    try {
      const results = await Promise.allSettled(
        this.databases.map(async (database) => {
          const refusal = await database.acquire(drainMs, this.#holdLimitMs, attempt.began, cancels);
          if (refusal !== undefined) cancel();
          return refusal;
        }),
      );
      end();
      clearTimeout(look);
      this.#autovacuums.note();
      const seen = (await looking) ?? { found: [], unseen: '' };
      const refusals = settled(results, 'take the locks').filter((refusal) => refusal !== undefined);
      const [refusal] = refusals;
      if (refusal !== undefined) {
        this.#catalogueChanged ||= refusals.some((one) => one.catalogueChanged);
        const reason = stop.aborted ? ended : `${refusal.reason}${seen.unseen}`;
        return await this.#blocked(attempt, reason, seen.found, () => this.inTheWay(0));
      }
      const lockMs = performance.now() - attempt.began;
      return (await this.#verify(attempt)) ?? { outcome: 'locked', lockMs };
    } finally {
      end();
      clearTimeout(look);
      stop.removeEventListener('abort', cancel);
    }
  }

  /** The locks go first, in every database; the names, unless they are known, can wait. */
  async #blocked(
    attempt: Attempt,
    reason: string,
    known: readonly Blocker[],
    look: () => Promise<readonly Blocker[]> = () => Promise.resolve([]),
  ): Promise<LockOutcome> {
    await this.#release(false);
    const holdMs = performance.now() - attempt.began;
    return { outcome: 'blocked', reason, blockers: known.length > 0 ? known : await look(), holdMs };
  }

  async #verify(attempt: Attempt): Promise<LockOutcome | undefined> {
    const results = await Promise.allSettled(this.databases.map((database) => database.verify()));
    const [refusal] = settled(results, 'check under the locks').filter((one) => one !== undefined);
    if (refusal === undefined) return undefined;
    this.#catalogueChanged ||= refusal.catalogueChanged;
    const names = this.databases.map((database) => database.database);
    return this.#blocked(attempt, refusal.reason, [], async () => {
      if (refusal.catalogueChanged) return [];
      return refusal.pids.length > 0
        ? processes(this.#monitor, refusal.pids)
        : inDoubt(this.#monitor, names, 0);
    });
  }

  /** Who the waiting sessions wait for. A failure here costs a name, not the attempt: it is said in words. */
  #blockers(): Promise<Seen> {
    const waiting = this.databases.flatMap((database) => database.pids);
    const names = this.databases.map((database) => database.database);
    return blockersOf(this.#monitor, waiting, names).then(
      (found) => ({ found, unseen: '' }),
      (error: unknown) => ({ found: [], unseen: ` (who is in the way was not seen: ${serverWords(error)})` }),
    );
  }

  async inTheWay(olderThanMs: number): Promise<Blocker[]> {
    const names = this.databases.map((database) => database.database);
    const cancelsAutovacuum =
      this.#autovacuums.due && this.databases.every((database) => database.cancelsAutovacuum);
    try {
      const found = await findInTheWay(this.#monitor, this.databases, { olderThanMs, cancelsAutovacuum });
      return [...found, ...(await inDoubt(this.#monitor, names, olderThanMs))];
    } catch (error) {
      throw databaseError(error, 'see who is in the way', `databases ${names.join(', ')}`);
    }
  }

  /** Every snapshot, then the proof in every database. */
  async cut(): Promise<Cut> {
    const attempt = this.#attempt;
    if (attempt === undefined) throw lost('no locks are held');
    const running = this.#cutUnderLocks(attempt);
    attempt.running = running;
    let done = false;
    try {
      const cut = await running;
      done = true;
      this.cutTaken = true;
      return cut;
    } catch (error) {
      throw error instanceof TidemarkError
        ? error
        : lost(error instanceof Error ? error.message : String(error), error);
    } finally {
      attempt.running = undefined;
      this.#attempt = undefined;
      if (!done) await this.#release(false);
    }
  }

  async #cutUnderLocks(attempt: Attempt): Promise<Cut> {
    const positions = await Promise.all(this.databases.map((database) => database.export()));
    await reached('agent.snapshots-taken');
    if (attempt.abort.signal.aborted) throw new Error('the locks were given back');
    await Promise.all(this.databases.map((database) => database.prove()));
    const holdMs = performance.now() - attempt.began;
    await this.#requireFittingSnapshots();
    const cancelledAutovacuums = await this.#autovacuums.cancelled();
    return { holdMs, position: this.#position(positions), cancelledAutovacuums };
  }

  /** No lock: the snapshots are opened at once, and the plan is made to fit them by the caller when it does not. */
  async cutWithoutLocks(): Promise<Cut> {
    try {
      await Promise.all(this.databases.map((database) => database.beginSnapshot(2_000)));
      const positions = await Promise.all(this.databases.map((database) => database.export()));
      await this.#requireFittingSnapshots();
      this.cutTaken = true;
      return { holdMs: 0, position: this.#position(positions) };
    } catch (error) {
      await this.#release(false);
      throw databaseError(error, 'open the snapshots', 'all databases');
    }
  }

  /** A table made and committed between the check and the snapshot would be in the schema, and its rows nowhere. */
  async #requireFittingSnapshots(): Promise<void> {
    const fits = await Promise.all(this.databases.map((database) => database.snapshotFits()));
    if (fits.every((one) => one)) return;
    this.#catalogueChanged = true;
    throw new TidemarkError({
      code: 'schema-changed',
      operation: 'cut',
      subject: this.databases
        .filter((_, index) => fits[index] === false)
        .map((database) => database.database)
        .join(', '),
      cause: 'a table was made or changed while the snapshot was opened',
    });
  }

  #position(positions: readonly { lsn: string; timeline: number }[]): Cut['position'] {
    const first = positions[0] ?? { lsn: '0/0', timeline: 0 };
    return { kind: 'wal', ...first, systemIdentifier: this.#systemIdentifier };
  }

  /** Ends whatever runs and gives the locks back; the snapshots of a cut stay. Never throws. */
  async unlock(): Promise<void> {
    const attempt = this.#attempt;
    attempt?.abort.abort();
    await attempt?.running?.catch(() => undefined);
    this.#attempt = undefined;
    await this.#release(this.cutTaken);
  }

  /** Lets go of the snapshots of an earlier cut. Never throws. */
  async discardCut(): Promise<void> {
    this.cutTaken = false;
    await this.#release(false);
  }

  async #cancel(): Promise<void> {
    const pids = this.databases.flatMap((database) => database.pids);
    await this.#monitor
      .rows('SELECT pg_catalog.pg_cancel_backend(p) FROM pg_catalog.unnest($1::int[]) p', [pids])
      .catch(() => undefined); // Without a monitor, statement_timeout ends the wait.
  }

  async #release(keepSnapshot: boolean): Promise<void> {
    const terminate = async (pid: number): Promise<void> => {
      await this.#monitor
        .rows('SELECT pg_catalog.pg_terminate_backend($1::int, 1000)', [pid])
        .catch(() => undefined); // Then the server's own dead-man ends it.
    };
    await Promise.all(this.databases.map((database) => database.release({ keepSnapshot }, terminate)));
  }
}

/** The values, or the first failure. */
function settled<T>(results: readonly PromiseSettledResult<T>[], operation: string): T[] {
  return results.map((result) => {
    if (result.status === 'rejected') throw databaseError(result.reason, operation, 'a lock session');
    return result.value;
  });
}

function lost(cause: string, error?: unknown): TidemarkError {
  return new TidemarkError(
    { code: 'snapshot-lost', operation: 'cut', subject: 'the lock sessions', cause },
    { cause: error },
  );
}

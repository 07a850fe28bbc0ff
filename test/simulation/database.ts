/**
 * A simulated database server with what matters to the barrier: open writers, prepared transactions, one table lock that
 * waits for them and holds new ones back, snapshots, and the server's own watchdog. Lives on when its agent dies.
 */
import { TidemarkError } from '../../proto/errors.ts';
import type { BackupSession, Blocker, Cut, LockOutcome } from '../../shard-agent/engine.ts';
import type { Chance, Process, VirtualTime } from './virtual-time.ts';

export interface Writer {
  readonly transaction: string;
  readonly sinceMs: number;
  prepared: boolean;
  /** Its client is gone; only who recovers it can end it. */
  detached: boolean;
}

/** One lock from its first request to its end, for the checks. */
export interface LockRecord {
  readonly session: FakeSession;
  readonly requestedMs: number;
  grantedMs: number | undefined;
  releasedMs: number | undefined;
  by: 'drain' | 'cut' | 'unlock' | 'watchdog' | 'connection' | undefined;
}

/** A snapshot and the lock it was taken under. */
export interface SnapshotRecord {
  readonly sequence: number;
  readonly atMs: number;
  readonly lock: LockRecord | undefined;
}

export const watchdogMs = 500;

export class FakeDatabase {
  readonly shard: string;
  readonly locks: LockRecord[] = [];
  readonly writers = new Map<string, Writer>();
  /** Commit order of every transaction that committed here. */
  readonly committed = new Map<string, number>();
  readonly time: VirtualTime;
  readonly chance: Chance;
  /** As on MariaDB: a prepared transaction without its client does not stop the lock, and may commit under it. */
  readonly detachedPasses: boolean;
  sequence = 0;
  #lock: { readonly record: LockRecord; readonly granted: () => void } | undefined;
  #heldBack: (() => void)[] = [];

  constructor(shard: string, time: VirtualTime, chance: Chance, detachedPasses: boolean) {
    this.shard = shard;
    this.time = time;
    this.chance = chance;
    this.detachedPasses = detachedPasses;
  }

  /** Calls back once the transaction has written here: behind a lock held or asked for, as every new writer waits. */
  write(transaction: string, written: () => void): void {
    if (this.#lock !== undefined) {
      this.#heldBack.push(() => this.write(transaction, written));
      return;
    }
    this.writers.set(transaction, {
      transaction,
      sinceMs: this.time.nowMs,
      prepared: false,
      detached: false,
    });
    written();
  }

  commit(transaction: string): void {
    if (!this.writers.delete(transaction)) throw new Error(`${transaction} is not open on ${this.shard}`);
    this.sequence += 1;
    this.committed.set(transaction, this.sequence);
    this.#grant();
  }

  prepare(transaction: string): void {
    const writer = this.writers.get(transaction);
    if (writer !== undefined) writer.prepared = true;
  }

  detach(transaction: string): void {
    const writer = this.writers.get(transaction);
    if (writer !== undefined) writer.detached = true;
    this.#grant();
  }

  /** Waits its turn behind another session's lock. Given up when `record` is released before. */
  requestLock(record: LockRecord, granted: () => void): void {
    if (record.releasedMs !== undefined) return;
    if (this.#lock !== undefined) {
      this.#heldBack.push(() => this.requestLock(record, granted));
      return;
    }
    this.#lock = { record, granted };
    this.#grant();
  }

  holds(record: LockRecord): boolean {
    return this.#lock?.record === record && record.grantedMs !== undefined;
  }

  release(record: LockRecord, by: LockRecord['by']): void {
    if (record.releasedMs !== undefined) return;
    record.releasedMs = this.time.nowMs;
    record.by = by;
    if (this.#lock?.record !== record) return;
    this.#lock = undefined;
    const heldBack = this.#heldBack;
    this.#heldBack = [];
    for (const go of heldBack) go();
  }

  blockers(): Writer[] {
    return [...this.writers.values()].filter(
      (writer) => !(this.detachedPasses && writer.prepared && writer.detached),
    );
  }

  #grant(): void {
    const lock = this.#lock;
    if (lock === undefined || lock.record.grantedMs !== undefined || this.blockers().length > 0) return;
    lock.record.grantedMs = this.time.nowMs;
    lock.granted();
  }
}

/** Chances of trouble inside the engine, per call. */
export interface EngineFaults {
  readonly cutFails: number;
  readonly lockThrows: number;
}

/** What one agent process does with its server in one barrier call. */
export class FakeSession
  implements Pick<BackupSession, 'inTheWay' | 'lock' | 'cut' | 'cutWithoutLocks' | 'unlock' | 'close'>
{
  readonly database: FakeDatabase;
  /** Which coordinator's: for the checks. */
  readonly life: number;
  closed = false;
  snapshot: SnapshotRecord | undefined;
  readonly #process: Process;
  readonly #holdLimitMs: number;
  readonly #faults: EngineFaults;
  #record: LockRecord | undefined;
  #busy = false;

  constructor(
    database: FakeDatabase,
    process: Process,
    options: { readonly life: number; readonly holdLimitMs: number; readonly faults: EngineFaults },
  ) {
    this.database = database;
    this.#process = process;
    this.life = options.life;
    this.#holdLimitMs = options.holdLimitMs;
    this.#faults = options.faults;
  }

  async inTheWay(olderThanMs: number): Promise<Blocker[]> {
    await this.#work(0.3, 2);
    return this.#named().filter((blocker) => blocker.kind === 'in-doubt' || blocker.ageMs > olderThanMs);
  }

  async lock(drainMs: number, signal: AbortSignal): Promise<LockOutcome> {
    this.#begin('lock');
    this.snapshot = undefined;
    const { database } = this;
    const { time, chance } = database;
    if (chance.happens(this.#faults.lockThrows)) {
      this.#busy = false;
      throw failure('freeze', database.shard, 'the server said no');
    }
    const record: LockRecord = {
      session: this,
      requestedMs: time.nowMs,
      grantedMs: undefined,
      releasedMs: undefined,
      by: undefined,
    };
    this.#record = record;
    database.locks.push(record);
    time.after(this.#holdLimitMs + watchdogMs, () => database.release(record, 'watchdog'));
    const granted = await this.#answered<boolean>((answer) => {
      signal.addEventListener('abort', () => answer(false));
      time.after(drainMs, () => answer(false));
      time.after(chance.between(0.1, 1.5), () => {
        database.requestLock(record, () => answer(true));
      });
    });
    const inDoubt = this.#named().filter((blocker) => blocker.kind === 'in-doubt');
    this.#busy = false;
    if (granted && inDoubt.length === 0)
      return { outcome: 'locked', lockMs: time.nowMs - record.requestedMs };
    const blockers = granted ? inDoubt : this.#named();
    database.release(record, 'drain');
    const holdMs = time.nowMs - record.requestedMs;
    return { outcome: 'blocked', reason: granted ? 'in doubt' : 'not drained in time', blockers, holdMs };
  }

  async cut(): Promise<Cut> {
    this.#begin('cut');
    const { database } = this;
    const record = this.#record;
    await this.#work(0.1, 2);
    const before = database.sequence;
    const atMs = database.time.nowMs;
    await this.#work(0.1, 1);
    this.#busy = false;
    const failing = database.chance.happens(this.#faults.cutFails);
    // The proof: a statement on the locking session, after the last snapshot. The positions around must agree.
    if (record === undefined || failing || !database.holds(record) || database.sequence !== before) {
      if (record !== undefined) database.release(record, 'connection');
      throw failure('take the cut', database.shard, 'the locks were lost or a commit passed by');
    }
    database.release(record, 'cut');
    this.snapshot = { sequence: before, atMs, lock: record };
    return { holdMs: database.time.nowMs - record.requestedMs, position: this.#position(before) };
  }

  async cutWithoutLocks(): Promise<Cut> {
    this.#begin('cut without locks');
    await this.#work(0.5, 5);
    this.#busy = false;
    const { sequence, time } = this.database;
    this.snapshot = { sequence, atMs: time.nowMs, lock: undefined };
    return { holdMs: 0, position: this.#position(sequence) };
  }

  async unlock(): Promise<void> {
    const record = this.#record;
    await this.#work(0.1, 2);
    if (record !== undefined) this.database.release(record, 'unlock');
  }

  async close(): Promise<void> {
    await this.#work(0.1, 1);
    this.disconnect();
  }

  /** The connections are gone: the server lets go of everything. */
  disconnect(): void {
    this.closed = true;
    this.snapshot = undefined;
    if (this.#record !== undefined) this.database.release(this.#record, 'connection');
  }

  #position(sequence: number): Cut['position'] {
    return { kind: 'wal', lsn: String(sequence), timeline: 1, systemIdentifier: this.database.shard };
  }

  #named(): Blocker[] {
    return [...this.database.writers.values()].map((writer) => ({
      kind: writer.prepared ? 'in-doubt' : 'writer',
      processId: writer.transaction,
      user: 'app',
      database: 'shop',
      application: 'transfers',
      client: '127.0.0.1',
      state: writer.prepared ? 'prepared' : 'idle in transaction',
      ageMs: this.database.time.nowMs - writer.sinceMs,
      statement: 'UPDATE accounts',
      transaction: writer.transaction,
    }));
  }

  #begin(what: string): void {
    if (this.#busy) throw new Error(`${what} while another call runs on ${this.database.shard}`);
    if (this.closed) throw new Error(`${what} on a closed session of ${this.database.shard}`);
    this.#busy = true;
  }

  #work(lowMs: number, highMs: number): Promise<void> {
    return this.#answered((answer) =>
      this.database.time.after(this.database.chance.between(lowMs, highMs), () => answer(undefined)),
    );
  }

  /** The server's answer reaches the process: late when it is stopped, never when it is dead. */
  #answered<Answer>(ask: (answer: (value: Answer) => void) => void): Promise<Answer> {
    return new Promise((resolve) => {
      ask((value) => this.#process.deliver(() => resolve(value)));
    });
  }
}

function failure(operation: string, subject: string, cause: string): TidemarkError {
  return new TidemarkError({ code: 'database-failed', operation, subject, cause });
}

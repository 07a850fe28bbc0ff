/**
 * One database's part in the barrier: a session that locks and one that exports a snapshot.
 *
 * Two sessions, because locks cannot be weakened: the locker's EXCLUSIVE locks end with the cut, while the exporter
 * holds ACCESS SHARE and the snapshot until the copy is done. The exporter's transaction may run only LOCK, SET and
 * SHOW before it exports: any other statement would freeze an early snapshot and lose committed rows.
 */
import { TidemarkError } from '../../../../proto/errors.ts';
import { fingerprintQuery, type Catalogue } from '../catalogue.ts';
import { tableLocked } from './altered-tables.ts';
import { allEnded } from '../connection/all-ended.ts';
import {
  databaseError,
  quoteTable,
  Session,
  sqlState,
  type PostgresConfig,
} from '../connection/connection.ts';
import { holdDeadlineMs, untilDeadline } from './hold-deadline.ts';
import { lockRefusal } from './lock-refusal.ts';
import { verifyUnderLocks, type HiddenRefusal, type Refusal } from './under-locks.ts';
import { inTheWayQuery, type WriterQueryOptions } from './writers.ts';

const releaseLimitMs = 300;
const rehearsalLimitMs = 1_000;

export class DatabaseBarrier {
  readonly database: string;
  readonly #config: PostgresConfig;
  readonly #copyLimitMs: number;
  readonly #locks: boolean;
  #locker: Session | undefined;
  #exporter: Session | undefined;
  #catalogue: Catalogue;
  #lockStatement = '';
  #shareStatement = '';
  /** Whether this user may set it: without that an autovacuum does not yield within an attempt. */
  #deadlockTimeoutSettable = true;
  /** The server's own, after which it looks for deadlocks, and cancels an autovacuum that a session waits for. */
  #deadlockTimeoutMs = 1_000;
  #superuser = false;
  /** Of the locker's transaction, from its beginning: then the server takes the locks back. */
  #deadlineMs = 0;
  snapshot: string | undefined;

  constructor(options: {
    config: PostgresConfig;
    catalogue: Catalogue;
    copyLimitMs: number;
    locks: boolean;
  }) {
    this.database = options.catalogue.database;
    this.#config = options.config;
    this.#copyLimitMs = options.copyLimitMs;
    this.#locks = options.locks;
    this.#catalogue = options.catalogue;
    this.catalogue = options.catalogue;
  }

  get catalogue(): Catalogue {
    return this.#catalogue;
  }

  /** Adopts a newly read catalogue: what will be locked, and what its fingerprint must be. */
  set catalogue(catalogue: Catalogue) {
    this.#catalogue = catalogue;
    const names = catalogue.tables.map((table) => `ONLY ${quoteTable(table.schema, table.name)}`);
    const lockable = this.#superuser ? [...names, 'pg_catalog.pg_largeobject'] : names;
    this.#lockStatement = lockable.length === 0 ? '' : `LOCK TABLE ${lockable.join(', ')} IN EXCLUSIVE MODE`;
    this.#shareStatement = names.length === 0 ? '' : `LOCK TABLE ${names.join(', ')} IN ACCESS SHARE MODE`;
  }

  get sessions(): Session[] {
    return [this.#locker, this.#exporter].filter((session) => session !== undefined);
  }

  /** Process ids of the two sessions. */
  get pids(): number[] {
    return this.sessions.map((session) => session.greetedPid);
  }

  /** False for a cut without locks. */
  get locks(): boolean {
    return this.#locks;
  }

  /** Whether an autovacuum that is to be cancelled will be, within an attempt. */
  get cancelsAutovacuum(): boolean {
    return this.#deadlockTimeoutSettable;
  }

  get exporter(): Session {
    if (this.#exporter === undefined) throw new Error('the exporter is not open');
    return this.#exporter;
  }

  /** Opens what is not open or was lost. Never inside an attempt. */
  async open(): Promise<void> {
    await allEnded([this.#openExporter(), this.#openLocker()]);
  }

  async #openExporter(): Promise<void> {
    if (this.#exporter?.alive === true) return;
    this.#exporter = await Session.open(this.#config, this.database, 'snapshot');
  }

  async #openLocker(): Promise<void> {
    if (!this.#locks || this.#locker?.alive === true) return;
    this.#locker = await Session.open(this.#config, this.database, 'barrier');
    const row = await this.#locker.row(
      `SELECT rolsuper, (SELECT setting FROM pg_catalog.pg_settings WHERE name = 'deadlock_timeout') AS deadlock
       FROM pg_catalog.pg_roles WHERE rolname = pg_catalog.current_user()`,
    );
    this.#deadlockTimeoutMs = Number(row['deadlock']);
    this.#superuser = row['rolsuper'] === 't';
    this.catalogue = this.#catalogue;
    this.#deadlockTimeoutSettable = await this.#locker
      .script(`SET deadlock_timeout = ${this.#deadlockTimeoutMs}`)
      .then(
        () => true,
        () => false,
      );
  }

  /**
   * Does what an attempt does, on both sessions, with locks that hold no writer: the caches are warm afterwards, and
   * the caller's clock tells what an attempt costs. The locks stay until `release`. Where a vacuum is at work the weakest is taken
   * instead, which is somewhat cheaper than the real one: to wait for an autovacuum would mean to have it cancelled. Throws
   * `table-locked` when somebody alters a table, `schema-changed` when one is gone since the catalogue was read.
   */
  async rehearse(): Promise<void> {
    this.#deadlineMs = 2 * rehearsalLimitMs;
    const limit = `SET LOCAL statement_timeout = ${rehearsalLimitMs}`;
    const lock = this.#lockStatement.replace(/IN EXCLUSIVE MODE$/, 'IN SHARE UPDATE EXCLUSIVE MODE NOWAIT');
    const onLocker = async (locker: Session): Promise<unknown> => {
      try {
        return await locker.script(`BEGIN; ${limit}; ${lock}`);
      } catch (error) {
        if (sqlState(error) !== '55P03') throw error; // lock_not_available
        return locker.script(`ROLLBACK; BEGIN; ${limit}; ${this.#shareStatement}`);
      }
    };
    const [locked, shared] = await Promise.allSettled([
      this.#locker === undefined ? undefined : onLocker(this.#locker),
      this.beginSnapshot(2 * rehearsalLimitMs),
    ]);
    for (const result of [locked, shared])
      if (result.status === 'rejected') throw await this.#rehearsalRefusal(result.reason);
  }

  /** The same words as later, in an attempt. */
  async #rehearsalRefusal(error: unknown): Promise<TidemarkError> {
    const operation = 'lock the tables for a trial';
    const state = sqlState(error);
    if (state === undefined) return databaseError(error, operation, `database ${this.database}`);
    const refusal = lockRefusal(error, this.database, rehearsalLimitMs);
    if (refusal.catalogueChanged)
      return new TidemarkError({
        code: 'schema-changed',
        operation,
        subject: `database ${this.database}`,
        cause: refusal.reason,
      });
    await this.exporter.script('ROLLBACK');
    return tableLocked(this.exporter, operation);
  }

  /**
   * Requests the locks on both sessions at once. After the grant the server takes them back when this process falls
   * silent. Resolves undefined when granted; after a refusal the caller releases.
   */
  async acquire(
    drainMs: number,
    holdLimitMs: number,
    began: number,
    cancelsAutovacuum: boolean,
  ): Promise<Refusal | undefined> {
    const drain = Math.max(1, Math.ceil(drainMs));
    const locker = this.#lockSession();
    // Whether this is the only database or the last of many to begin: the rest of the hold, no more.
    this.#deadlineMs = holdDeadlineMs(holdLimitMs, performance.now() - began);
    const settings = [
      `SET LOCAL statement_timeout = ${drain}`,
      ...(this.#deadlockTimeoutSettable
        ? [`SET LOCAL deadlock_timeout = ${this.#deadlockTimeout(drain, cancelsAutovacuum)}`]
        : []),
    ];
    const lock = this.#lockStatement === '' ? '' : `${this.#lockStatement}; `;
    const [locked, shared] = await Promise.allSettled([
      locker.script(
        `BEGIN ISOLATION LEVEL READ COMMITTED READ WRITE; ${settings.join('; ')}; ${lock}${untilDeadline(this.#deadlineMs)}`,
      ),
      this.beginSnapshot(drain),
    ]);
    for (const result of [locked, shared]) {
      if (result.status === 'rejected') return lockRefusal(result.reason, this.database, drain);
    }
    return undefined;
  }

  /** Whether an attempt of that length may end with an autovacuum cancelled by the server. */
  mayCancelWithin(drainMs: number, wanted: boolean): boolean {
    const drain = Math.max(1, Math.ceil(drainMs));
    const afterMs = this.#deadlockTimeoutSettable
      ? this.#deadlockTimeout(drain, wanted)
      : this.#deadlockTimeoutMs;
    return afterMs < drain;
  }

  /**
   * After so much of waiting the server cancels an autovacuum that is in the way, and in a deadlock ends our wait. An attempt that
   * is to cancel nothing ends before that; only a long one looks for deadlocks before the applications' sessions do, so that their
   * transactions are not the ones that the server ends.
   */
  #deadlockTimeout(drainMs: number, cancelsAutovacuum: boolean): number {
    if (cancelsAutovacuum) return Math.max(1, Math.floor(drainMs / 4));
    const soonerMs = Math.max(1, Math.floor(this.#deadlockTimeoutMs * 0.75));
    return drainMs > soonerMs ? soonerMs : this.#deadlockTimeoutMs + drainMs;
  }

  /** The exporter's transaction, with ACCESS SHARE on every table, bounded by `limitMs`. No snapshot yet. */
  async beginSnapshot(limitMs: number): Promise<void> {
    await this.exporter.script(
      `BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY; SET LOCAL statement_timeout = ${Math.max(1, Math.ceil(limitMs))};
       SET LOCAL idle_in_transaction_session_timeout = ${Math.min(2_147_483_647, Math.ceil(this.#copyLimitMs))};
       ${this.#shareStatement}`,
    );
  }

  /** Under the locks: undefined when the cut may be taken. */
  verify(): Promise<HiddenRefusal | undefined> {
    return verifyUnderLocks(this.#lockSession(), this.#catalogue, {
      deadlineMs: this.#deadlineMs,
      ...this.#writerOptions,
    });
  }

  /** Process ids of the sessions that keep this database's locks from being granted, or write where no lock reaches. Between attempts. */
  async inTheWay(): Promise<Set<string>> {
    const session = this.#locker ?? this.exporter;
    const rows = await session.rows(inTheWayQuery(this.#writerOptions));
    return new Set(rows.map((row) => row['pid'] ?? ''));
  }

  get #writerOptions(): WriterQueryOptions {
    return { locksLargeObjects: this.#superuser, readsFiles: this.#superuser };
  }

  /** The snapshot, and where the log stands. */
  async export(): Promise<{ lsn: string; timeline: number }> {
    const [, answer] = await this.exporter.script(
      `SET LOCAL statement_timeout = 0;
       SELECT pg_catalog.pg_export_snapshot() AS snapshot, lsn, pg_catalog.left(pg_catalog.pg_walfile_name(lsn), 8) AS timeline
       FROM pg_catalog.pg_current_wal_insert_lsn() lsn`,
    );
    const row = answer?.rows[0];
    if (row?.['snapshot'] == null) throw new Error('no snapshot was exported');
    this.snapshot = row['snapshot'];
    return { lsn: row['lsn'] ?? '', timeline: Number.parseInt(row['timeline'] ?? '', 16) };
  }

  /** The proof that the locks were held until now, and their end: a COMMIT that is no ROLLBACK. */
  async prove(): Promise<void> {
    const [answer] = await this.#lockSession().script('COMMIT');
    if (answer?.command !== 'COMMIT')
      throw new Error(`the lock session's COMMIT was answered with ${answer?.command}`);
  }

  /** Whether the snapshot holds the tables the plan knows. Once it is exported, at any time. */
  async snapshotFits(): Promise<boolean> {
    return (await this.exporter.row(fingerprintQuery))['fingerprint'] === this.#catalogue.fingerprint;
  }

  /** Gives back the locks, and the snapshot unless it is to be kept. Never throws. */
  async release(
    options: { keepSnapshot: boolean },
    terminate: (pid: number) => Promise<void>,
  ): Promise<void> {
    const ending: Promise<void>[] = [];
    if (this.#locker !== undefined) ending.push(rollback(this.#locker, terminate));
    if (!options.keepSnapshot && this.#exporter !== undefined) {
      this.snapshot = undefined;
      ending.push(rollback(this.#exporter, terminate));
    }
    await Promise.all(ending);
  }

  async close(): Promise<void> {
    await Promise.all(this.sessions.map((session) => session.close()));
  }

  #lockSession(): Session {
    if (this.#locker === undefined) throw new Error('prepared without locks');
    return this.#locker;
  }
}

/** Ends whatever transaction the session is in; a session that does not answer is ended on the server. */
async function rollback(session: Session, terminate: (pid: number) => Promise<void>): Promise<void> {
  if (!session.alive) return;
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<'late'>((resolve) => {
    timer = setTimeout(() => resolve('late'), releaseLimitMs);
  });
  const ended = session.script('ROLLBACK').then(
    () => 'ended' as const,
    () => 'failed' as const,
  );
  const outcome = await Promise.race([ended, late]);
  clearTimeout(timer);
  if (outcome === 'ended') return;
  await terminate(session.greetedPid);
  session.destroy();
}

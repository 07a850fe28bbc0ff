/** One session that locks some of the tables, and the watchdog that ends it. */
import { sendUntil } from '../../../repeated-order.ts';
import { openSession } from '../connection/connection.ts';
import type { Dialect } from '../dialect.ts';
import { isServerError } from '../connection/failure.ts';
import type { Endpoint } from '../connection/handshake.ts';
import { Watchdog } from './watchdog.ts';
import type { Wire } from '../connection/wire.ts';

/** Refusals that mean "not yet": the wait was ended, or was in a circle. */
const notYet: readonly number[] = [1205, 1213, 1317, 1969];

export type Locking =
  | { readonly kind: 'granted' }
  | { readonly kind: 'refused' }
  | { readonly kind: 'failed'; readonly error: unknown };

export class LockSession {
  readonly #endpoint: Endpoint;
  readonly #dialect: Dialect;
  readonly #tables: readonly string[];
  readonly #limitMs: number;
  #wire: Wire;
  #watchdog: Watchdog;
  /** True from the lock request until the server has confirmed that nothing is held or waited for. */
  #requested = false;
  /** The lock request, while it is not answered. */
  #pending: Promise<Locking> | undefined;

  /**
   * One for each list of quoted names. All lockers are connected before the first watchdog: MySQL divides its table cache by the
   * connections' numbers, and with every other number 25 of them would share half of it. Their tables would not stay open: 5,000
   * were not locked within 140 to 420 ms, in 40 attempts; so they are within 33 to 90, at the first or third.
   */
  static async openAll(
    endpoint: Endpoint,
    dialect: Dialect,
    shares: readonly (readonly string[])[],
    limitMs: number,
  ): Promise<LockSession[]> {
    const lockers = shares.map((tables) => ({ tables, locker: openLocker(endpoint, limitMs) }));
    const pairs = lockers.map((each) => ({ ...each, watchdog: Watchdog.open(endpoint, limitMs) }));
    const opened = await Promise.allSettled(pairs.flatMap(({ locker, watchdog }) => [locker, watchdog]));
    const failed = opened.find((result) => result.status === 'rejected');
    if (failed !== undefined) {
      const standing = opened.flatMap((result) => (result.status === 'fulfilled' ? [result.value] : []));
      await Promise.all(standing.map((session) => session.close()));
      throw failed.reason;
    }
    return Promise.all(
      pairs.map(
        async ({ tables, locker, watchdog }) =>
          new LockSession(endpoint, dialect, tables, limitMs, await locker, await watchdog),
      ),
    );
  }

  private constructor(
    endpoint: Endpoint,
    dialect: Dialect,
    tables: readonly string[],
    limitMs: number,
    wire: Wire,
    watchdog: Watchdog,
  ) {
    this.#endpoint = endpoint;
    this.#dialect = dialect;
    this.#tables = tables;
    this.#limitMs = limitMs;
    this.#wire = wire;
    this.#watchdog = watchdog;
  }

  get threadIds(): number[] {
    return [this.#wire.threadId, this.#watchdog.threadId];
  }

  /** Opens again what an earlier attempt or its watchdog has ended. */
  async revive(): Promise<void> {
    if (!this.#wire.alive) {
      this.#wire = await openLocker(this.#endpoint, this.#limitMs);
      await this.warm();
    }
    if (!this.#watchdog.alive) this.#watchdog = await Watchdog.open(this.#endpoint, this.#limitMs);
  }

  /**
   * Opens every table of this session once with a shared lock that no writer notices, so that LOCK TABLES finds them
   * in the table cache. Resolves with the time it took.
   */
  async warm(): Promise<number> {
    if (this.#tables.length === 0) return 0;
    const started = performance.now();
    await this.#wire.query(
      this.#tables.map((table) => `(SELECT 1 FROM ${table} LIMIT 0)`).join(' UNION ALL '),
    );
    return performance.now() - started;
  }

  async arm(afterMs: number): Promise<void> {
    await this.#watchdog.arm(this.#wire.threadId, afterMs);
  }

  async disarm(control: Wire): Promise<void> {
    await this.#watchdog.disarm(control);
  }

  /** Asks for the locks; the request has left this process when this returns. Never rejects. */
  lock(waitMs: number): Promise<Locking> {
    this.#requested = true;
    const sql = this.#tables.length === 0 ? 'UNLOCK TABLES' : this.#dialect.lockTables(this.#tables, waitMs);
    const pending = this.#wire
      .run(sql)
      .then(
        (): Locking => ({ kind: 'granted' }),
        (error: unknown): Locking =>
          isServerError(error, ...notYet) ? { kind: 'refused' } : { kind: 'failed', error },
      )
      .finally(() => {
        this.#pending = undefined;
      });
    this.#pending = pending;
    return pending;
  }

  /** Ends a lock request that still waits; resolves when it is answered. Never rejects. */
  async interrupt(control: Wire): Promise<void> {
    const pending = this.#pending;
    if (pending === undefined) return;
    // Again, should the first have come before the request was taken up.
    await sendUntil(pending, async () => {
      await control.run(`KILL QUERY ${this.#wire.threadId}`).catch((error: unknown) => {
        if (!isServerError(error)) this.#wire.destroy('the control session was lost');
      });
    });
  }

  /**
   * The unlock that proves: the answer comes from the session that took the locks, and a session cannot lose them
   * without losing its connection. Rejects when the connection, and with it the locks, was gone before.
   */
  async prove(): Promise<void> {
    await this.#wire.run('UNLOCK TABLES');
    this.#requested = false;
  }

  /** Gives back whatever is held or waited for; resolves when the server has confirmed it. Never rejects. */
  async release(control: Wire): Promise<void> {
    if (!this.#requested) return;
    await this.interrupt(control);
    for (let again = 0; again < 2; again += 1) {
      try {
        await this.prove();
        return;
      } catch (error) {
        // An interrupt that came too late for the lock request may have hit this statement.
        if (!isServerError(error, 1317)) break;
      }
    }
    this.#wire.destroy('the lock session was ended');
    await sessionGone(control, this.#wire.threadId);
    this.#requested = false;
  }

  async close(): Promise<void> {
    await Promise.all([this.#wire.close(), this.#watchdog.close()]);
  }
}

async function openLocker(endpoint: Endpoint, limitMs: number): Promise<Wire> {
  const options = { limitMs, extra: ['lock_wait_timeout = 60'] };
  return (await openSession(endpoint, { name: 'locks' }, options)).wire;
}

/** How long a session that was killed is waited for. After that only its watchdog on the server is left to end it. */
const sessionGoneLimitMs = 10_000;

/** Resolves when the server no longer has this session: its locks are gone. Never rejects, and does not wait for ever. */
async function sessionGone(control: Wire, threadId: number): Promise<void> {
  const { promise: over, resolve: end } = Promise.withResolvers<void>();
  const limit = setTimeout(end, sessionGoneLimitMs);
  await sendUntil(over, async () => {
    try {
      await control.run(`KILL CONNECTION ${threadId}`);
    } catch (error) {
      // No such thread: gone. A control session that is gone itself can confirm nothing; the watchdog still runs.
      if (isServerError(error, 1094) || !isServerError(error)) end();
    }
  });
  clearTimeout(limit);
}

/** The holder's side of a lease: renews the record, and finds out when the lease is no longer its own. */
import { TidemarkError } from '../proto/errors.ts';
import type { Clock } from './clock.ts';
import {
  describeHolder,
  type LeaseRecord,
  leaseNumbers,
  readLease,
  replaceLease,
  sameHolding,
} from './lease-record.ts';
import type { ObjectStore } from './object-store.ts';

export class Heartbeat {
  readonly #store: ObjectStore;
  readonly #clock: Clock;
  readonly #heartbeatMs: number;
  readonly #patienceMs: number;
  readonly #lost = new AbortController();
  readonly #stop = new AbortController();
  /** Fires when no renewal is under way and none will come. */
  readonly #idle = new AbortController();
  readonly #running: Promise<unknown>;
  #record: LeaseRecord;
  /** Monotonic time before the last renewal that came through: others can have seen no later change. */
  #renewedMs: number;
  #failure = 'no renewal came back';
  #release: Promise<void> | undefined;

  /** Starts to renew `record`, which must have been created just now. */
  constructor(
    store: ObjectStore,
    record: LeaseRecord,
    clock: Clock,
    heartbeatMs: number,
    patienceMs: number,
  ) {
    this.#store = store;
    this.#record = record;
    this.#clock = clock;
    this.#heartbeatMs = heartbeatMs;
    this.#patienceMs = patienceMs;
    this.#renewedMs = record.beatMonotonicMs;
    this.#running = this.#beat().finally(() => this.#idle.abort());
    void this.#guard();
  }

  get lost(): AbortSignal {
    return this.#lost.signal;
  }

  /** Throws `lease-lost` when the lease is another's, or was lost before; passes on the store's failures. */
  async confirm(): Promise<void> {
    this.#lost.signal.throwIfAborted();
    const { cluster, number } = this.#record;
    const highest = (await leaseNumbers(this.#store, cluster)).at(-1) ?? 0;
    if (highest > number) {
      const taker = await this.#read(highest);
      this.#lose(
        taker === undefined || taker === 'newer'
          ? `lease ${highest} was taken${taker === 'newer' ? ' by a newer Tidemark' : ''}`
          : `taken over by ${describeHolder(taker)}`,
      );
    } else {
      const found = await this.#read(number);
      if (found === 'newer') this.#lose('a newer Tidemark has written its record');
      else if (found === undefined) this.#lose(`the record of lease ${number} was removed`);
      else if (!sameHolding(found, this.#record)) this.#lose(`now held by ${describeHolder(found)}`);
    }
    this.#lost.signal.throwIfAborted();
  }

  /** Stops renewing and marks the record as released, unless the lease is lost. Idempotent. */
  release(): Promise<void> {
    this.#release ??= this.#releaseOnce();
    return this.#release;
  }

  /** What only a newer Tidemark can have written is not ours. */
  async #read(number: number): Promise<LeaseRecord | 'newer' | undefined> {
    try {
      return await readLease(this.#store, this.#record.cluster, number);
    } catch (error) {
      if (error instanceof TidemarkError && error.code === 'newer-format') return 'newer';
      throw error;
    }
  }

  async #releaseOnce(): Promise<void> {
    this.#stop.abort();
    // A renewal on its way must not overtake the release; one that hangs is waited for until the lease is lost.
    await Promise.race([this.#running, this.#whenLost()]);
    if (this.#lost.signal.aborted) return;
    await replaceLease(this.#store, { ...this.#next(), released: true });
  }

  async #beat(): Promise<void> {
    const wait = { signal: this.#stop.signal, background: true };
    for (;;) {
      await this.#clock.wait(this.#heartbeatMs, wait);
      if (this.#ended()) return;
      const beganMs = this.#clock.monotonicMs();
      try {
        await this.confirm();
        if (this.#ended()) return;
        const next = this.#next();
        await replaceLease(this.#store, next);
        this.#record = next;
        this.#renewedMs = beganMs;
      } catch (error) {
        // Kept for the message: only failing for too long loses the lease, and then `#guard` says so.
        this.#failure = error instanceof Error ? error.message : String(error);
      }
    }
  }

  /** Fires `lost` when renewing has failed, or hung, until shortly before others' patience can end. */
  async #guard(): Promise<void> {
    const limitMs = Math.max(this.#patienceMs - this.#heartbeatMs, this.#patienceMs / 2);
    while (!this.#lost.signal.aborted && !this.#idle.signal.aborted) {
      const remainingMs = this.#renewedMs + limitMs - this.#clock.monotonicMs();
      if (remainingMs <= 0)
        this.#lose(`it could not be renewed for ${Math.round(limitMs)} ms: ${this.#failure}`);
      else await this.#clock.wait(remainingMs, { signal: this.#idle.signal, background: true });
    }
  }

  #whenLost(): Promise<void> {
    if (this.#lost.signal.aborted) return Promise.resolve();
    return new Promise((resolve) => {
      this.#lost.signal.addEventListener('abort', () => resolve(), { once: true });
    });
  }

  #ended(): boolean {
    return this.#stop.signal.aborted || this.#lost.signal.aborted;
  }

  #next(): LeaseRecord {
    return {
      ...this.#record,
      beat: this.#record.beat + 1,
      beatAt: this.#clock.now().toISOString(),
      beatMonotonicMs: this.#clock.monotonicMs(),
    };
  }

  #lose(cause: string): void {
    if (this.#lost.signal.aborted) return;
    const { cluster, number, operation } = this.#record;
    this.#lost.abort(
      new TidemarkError({
        code: 'lease-lost',
        operation: `keep the lease for ${operation}`,
        subject: `${cluster}: lease ${number}`,
        cause,
      }),
    );
  }
}

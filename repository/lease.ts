/**
 * The lease: one operation at a time on a cluster.
 *
 * Whoever creates `lease/<n>.json` with the highest n holds it and renews it. Others watch the record by their own clock: one that has not
 * changed for the patience belongs to a dead holder, and the next number takes over, after the dead holder's set has been
 * abandoned. Clocks decide patience only; what a slow holder may still do is decided by the seal's key and by agents, who refuse a
 * lower number.
 */
import { asTidemarkError, TidemarkError } from '../proto/errors.ts';
import { type Clock, systemClock } from './clock.ts';
import { type Holder, lifeOf, thisHolder } from './holder.ts';
import { leaseKey } from './layout.ts';
import { Heartbeat } from './lease-heartbeat.ts';
import {
  createLease,
  describeHolder,
  type LeaseRecord,
  leaseNumbers,
  readLease,
  sameHolding,
} from './lease-record.ts';
import type { ObjectStore } from './object-store.ts';
import { abandonSet } from './seal.ts';

export interface Lease {
  /** Higher than every lease before; agents refuse lower ones. */
  readonly number: number;
  /**
   * Fires when a higher number appears, or when renewing has failed for so long that others may take over. Its reason
   * is the TidemarkError `lease-lost`.
   */
  readonly lost: AbortSignal;
  /** Looks into the repository whether the lease still stands. Throws `lease-lost`, or `repository-failed` when it cannot tell. */
  confirm(): Promise<void>;
  /**
   * Gives the lease back, so that the next need not wait. Idempotent. Throws `repository-failed` when the record could not be written; the
   * lease then runs out by itself.
   */
  release(): Promise<void>;
}

export interface LeaseOptions {
  /** Default 5 s. */
  readonly heartbeatMs?: number;
  /** How long a record must stay unchanged before its holder counts as dead. Default 30 s. */
  readonly patienceMs?: number;
  /** Ends the watch over another's lease early: throws its reason. */
  readonly signal?: AbortSignal;
  readonly clock?: Clock;
  readonly holder?: Holder;
  /** What can be said for certain of another holder. */
  readonly lifeOf?: (holder: Holder) => 'alive' | 'dead' | 'unknown';
}

interface Taking {
  readonly store: ObjectStore;
  readonly cluster: string;
  readonly operation: string;
  readonly set: string | undefined;
  readonly clock: Clock;
  readonly holder: Holder;
  readonly heartbeatMs: number;
  readonly patienceMs: number;
  readonly lifeOf: (holder: Holder) => 'alive' | 'dead' | 'unknown';
  readonly signal: AbortSignal | undefined;
}

/** How often a number may be taken by others between our look and our own attempt, and the pause, which grows each time. */
const creationAttempts = 20;
const creationPauseMs = 50;

/** Records kept: the newest, and the one before it for those who look back. */
const recordsKept = 2;

/**
 * Takes the lease of a cluster, and keeps it renewed until released. `set`: what it is for, so that a successor can abandon it.
 * Throws `lease-held` naming the holder as soon as the holder is seen to live; waits up to the patience for one that
 * shows no life. Throws `newer-format` when a newer Tidemark holds it or was the last to hold it: its rules are not known here, so it is
 * never taken over.
 */
export async function takeLease(
  store: ObjectStore,
  cluster: string,
  purpose: { operation: string; set?: string },
  options: LeaseOptions = {},
): Promise<Lease> {
  const taking: Taking = {
    store,
    cluster,
    operation: purpose.operation,
    set: purpose.set,
    clock: options.clock ?? systemClock,
    holder: options.holder ?? thisHolder(),
    heartbeatMs: options.heartbeatMs ?? 5000,
    patienceMs: options.patienceMs ?? 30_000,
    lifeOf: options.lifeOf ?? lifeOf,
    signal: options.signal,
  };
  for (let attempt = 1; ; attempt += 1) {
    taking.signal?.throwIfAborted();
    const highest = (await leaseNumbers(store, cluster)).at(-1) ?? 0;
    if (highest > 0) await succeed(taking, highest);
    taking.signal?.throwIfAborted();
    const record = firstRecord(taking, highest + 1);
    // Two may find the same dead holder: the one that creates the number has it, the other looks again.
    if (await createLease(store, record)) return hold(taking, record);
    if (attempt === creationAttempts) throw outrun(taking, record.number);
    await taking.clock.wait(creationPauseMs * attempt, taking.signal && { signal: taking.signal });
  }
}

/** Somebody else created every number that we tried, and none of them showed us who holds the lease. */
function outrun(taking: Taking, number: number): TidemarkError {
  return new TidemarkError({
    code: 'lease-held',
    operation: `take the lease for ${taking.operation}`,
    subject: taking.cluster,
    cause: `others took each of the last ${creationAttempts} numbers first, the last was ${number}`,
  });
}

/** Returns when the holder of `number` is gone for good and its set can no longer be sealed by it. */
async function succeed(taking: Taking, number: number): Promise<void> {
  const record = await watch(taking, number);
  if (record === undefined || record.released || record.set === null) return;
  if (record.set === taking.set) {
    // Abandoning it would seal off our own set; the next run takes a later id.
    throw held(taking, record, 'It has died with the same set; run the command again.');
  }
  const by = {
    leaseNumber: number + 1,
    operation: taking.operation,
    host: taking.holder.host,
    at: taking.clock.now().toISOString(),
  };
  try {
    await abandonSet(taking.store, taking.cluster, record.set, by);
  } catch (error) {
    // A seal that is damaged or of a newer format takes the key too: the holder can no longer seal, and `list` names it.
    const taken = ['bad-bytes', 'newer-format'];
    if (!(error instanceof TidemarkError) || !taken.includes(error.code)) throw error;
  }
}

/**
 * Watches a lease until it is certain that nobody holds it: released, its process dead, or unchanged for the
 * patience. Throws `lease-held` as soon as it shows life. Undefined when it was pruned meanwhile.
 */
async function watch(taking: Taking, number: number): Promise<LeaseRecord | undefined> {
  const { store, cluster, clock, patienceMs } = taking;
  const first = await readLease(store, cluster, number);
  const since = clock.monotonicMs();
  if (first === undefined || first.released) return first;
  const life = taking.lifeOf(first.holder);
  if (life === 'dead') return first;
  // The same boot of the same host: its clock is ours.
  if (life === 'alive' && clock.monotonicMs() - first.beatMonotonicMs < patienceMs) throw held(taking, first);
  for (;;) {
    const remainingMs = since + patienceMs - clock.monotonicMs();
    if (remainingMs <= 0) return first;
    const pauseMs = Math.min(remainingMs, 1000, patienceMs / 10);
    await clock.wait(pauseMs, taking.signal && { signal: taking.signal });
    taking.signal?.throwIfAborted();
    const now = await readLease(store, cluster, number);
    if (now === undefined || now.released) return now;
    if (!sameHolding(now, first) || now.beat !== first.beat) throw held(taking, now);
    if (taking.lifeOf(now.holder) === 'dead') return now;
  }
}

function held(taking: Taking, record: LeaseRecord, remedy?: string): TidemarkError {
  return new TidemarkError({
    code: 'lease-held',
    operation: `take the lease for ${taking.operation}`,
    subject: taking.cluster,
    cause: `it is held by ${describeHolder(record)}`,
    remedy,
  });
}

function firstRecord(taking: Taking, number: number): LeaseRecord {
  const now = taking.clock.now().toISOString();
  return {
    cluster: taking.cluster,
    number,
    operation: taking.operation,
    set: taking.set ?? null,
    holder: taking.holder,
    takenAt: now,
    beat: 0,
    beatAt: now,
    beatMonotonicMs: taking.clock.monotonicMs(),
    released: false,
  };
}

async function hold(taking: Taking, record: LeaseRecord): Promise<Lease> {
  const { store, cluster } = taking;
  const heartbeat = new Heartbeat(store, record, taking.clock, taking.heartbeatMs, taking.patienceMs);
  try {
    for (const old of (await leaseNumbers(store, cluster)).filter((n) => n <= record.number - recordsKept)) {
      await store.delete(leaseKey(cluster, old));
    }
  } catch (error) {
    await heartbeat.release();
    throw asTidemarkError(error, {
      code: 'repository-failed',
      operation: 'remove old leases',
      subject: cluster,
    });
  }
  return {
    number: record.number,
    lost: heartbeat.lost,
    confirm: () => heartbeat.confirm(),
    release: () => heartbeat.release(),
  };
}

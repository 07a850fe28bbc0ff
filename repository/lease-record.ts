/** The stored form of a lease: lease/<n>.json, created once by whoever takes it, then replaced by its holder only. */
import { z } from 'zod';
import { TidemarkError } from '../proto/errors.ts';
import { type Holder, holderShape } from './holder.ts';
import { leaseKey, leaseNumberOf, leasePrefix } from './layout.ts';
import type { ObjectStore } from './object-store.ts';
import { parseRecord, recordBytesLimit, spellRecord } from './record.ts';
import { count, instant, name, setId } from './stored-shapes.ts';

const leaseFormat = 'tidemark-lease-1';

const leaseShape = z.strictObject({
  format: z.literal(leaseFormat),
  cluster: name,
  number: count.min(1),
  operation: name,
  /** The set it works on; null for an operation without one. */
  set: setId.nullable(),
  holder: holderShape,
  takenAt: instant,
  /** How often it was renewed. A change of this is what others watch. */
  beat: count,
  beatAt: instant,
  /** The holder's monotonic clock at the beat; comparable within one boot of one host. */
  beatMonotonicMs: z.number(),
  released: z.boolean(),
});

export type LeaseRecord = Omit<z.infer<typeof leaseShape>, 'format'>;

/** The numbers of all lease records there are, ascending. */
export async function leaseNumbers(store: ObjectStore, cluster: string): Promise<number[]> {
  const names = await store.listNames(leasePrefix(cluster));
  return names
    .map(leaseNumberOf)
    .filter((number) => number !== undefined)
    .sort((a, b) => a - b);
}

/** Undefined when there is none. Throws `newer-format` when a newer Tidemark wrote it, `bad-bytes` for anything that no holder has written. */
export async function readLease(
  store: ObjectStore,
  cluster: string,
  number: number,
): Promise<LeaseRecord | undefined> {
  const key = leaseKey(cluster, number);
  const bytes = await store.readSmall(key, recordBytesLimit);
  if (bytes === undefined) return undefined;
  const subject = `${store.url}/${key}`;
  try {
    const { format: _, ...record } = parseRecord(leaseShape, bytes, subject);
    if (record.cluster === cluster && record.number === number) return record;
    throw badLease(subject, `it belongs to cluster ${record.cluster}, number ${record.number}`);
  } catch (error) {
    if (!(error instanceof TidemarkError) || error.code === 'newer-format') throw error;
    throw badLease(subject, error.reason);
  }
}

/** True when this record now stands under its number; false when another took the number first. */
export async function createLease(store: ObjectStore, record: LeaseRecord): Promise<boolean> {
  const key = leaseKey(record.cluster, record.number);
  try {
    // The holder's random id is in it: identical bytes can only be our own, stored by a try whose answer was lost.
    await store.create(key, spell(record));
    return true;
  } catch (error) {
    if (error instanceof TidemarkError && error.code === 'object-conflict') return false;
    throw error;
  }
}

/** Renews or releases; for the holder only. */
export function replaceLease(store: ObjectStore, record: LeaseRecord): Promise<void> {
  return store.replace(leaseKey(record.cluster, record.number), spell(record));
}

/** For messages: `backup of 20261120T083012Z-full on db00, process 4711`. */
export function describeHolder(record: LeaseRecord): string {
  const what = record.set === null ? record.operation : `${record.operation} of ${record.set}`;
  return `${what} on ${record.holder.host}, process ${record.holder.pid}, since ${record.takenAt}`;
}

/** Whether two records are of one and the same holding. */
export function sameHolding(a: { holder: Holder }, b: { holder: Holder }): boolean {
  return a.holder.id === b.holder.id;
}

function spell(record: LeaseRecord): Buffer {
  return spellRecord(leaseShape, { format: leaseFormat, ...record }, leaseKey(record.cluster, record.number));
}

function badLease(subject: string, cause: string): TidemarkError {
  return new TidemarkError({
    code: 'bad-bytes',
    operation: 'read a lease',
    subject,
    cause,
    remedy: 'See that no tidemark command runs on this cluster, then remove this one object.',
  });
}

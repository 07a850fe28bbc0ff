/** A backup set as a whole: how it began (intent), what the barrier gave (cut), and in which state it is. */
import { z } from 'zod';
import { TidemarkError } from '../proto/errors.ts';
import { cutKey, intentKey, isSetId, setPrefix, setsPrefix } from './layout.ts';
import { refuseNewerManifest } from './manifest.ts';
import type { ObjectStore } from './object-store.ts';
import { badRecord, createRecord, readRecord, type RecordDigest } from './record.ts';
import { type AbandonedBy, readSeal, type SealBody } from './seal.ts';
import {
  barrierEvidence,
  consistency,
  count,
  family,
  instant,
  name,
  position,
  setId,
} from './stored-shapes.ts';

const intentFormat = 'tidemark-intent-1';
const cutFormat = 'tidemark-cut-1';

const intentShape = z.strictObject({
  format: z.literal(intentFormat),
  cluster: name,
  set: setId,
  type: z.enum(['full', 'incr', 'diff']),
  tidemark: name,
  leaseNumber: count,
  startedAt: instant,
  startedBy: z.strictObject({ host: z.string(), user: z.string(), pid: count }),
  topologyFingerprint: name,
  /** The consistency asked for. */
  consistency,
  shards: z.array(name).min(1),
});

/** Who began a set, when, and under which lease. The first object of a set. */
export type Intent = Omit<z.infer<typeof intentShape>, 'format'>;

const cutShape = z.strictObject({
  format: z.literal(cutFormat),
  cluster: name,
  set: setId,
  leaseNumber: count,
  cutAt: instant,
  /** The consistency reached. */
  consistency,
  barrier: barrierEvidence,
  shards: z
    .array(z.strictObject({ name, family, version: z.string(), identity: z.string(), position }))
    .min(1),
});

/** The barrier's evidence, stored as soon as all shards have cut. */
export type CutRecord = Omit<z.infer<typeof cutShape>, 'format'>;

/** Begins a set. `object-conflict` when another has begun one under this id. The digest goes into the seal. */
export function writeIntent(store: ObjectStore, intent: Intent): Promise<RecordDigest> {
  const key = intentKey(intent.cluster, intent.set);
  return createRecord(store, key, intentShape, { format: intentFormat, ...intent });
}

/** `expected` comes from the seal. Throws `bad-bytes` when it differs, or names another cluster or set. */
export async function readIntent(
  store: ObjectStore,
  cluster: string,
  set: string,
  expected?: RecordDigest,
): Promise<Intent | undefined> {
  const key = intentKey(cluster, set);
  return ofSet(store, key, cluster, set, await readRecord(store, key, intentShape, expected));
}

/** Stores the barrier's evidence. The digest goes into the seal. */
export function writeCut(store: ObjectStore, cut: CutRecord): Promise<RecordDigest> {
  return createRecord(store, cutKey(cut.cluster, cut.set), cutShape, { format: cutFormat, ...cut });
}

/** `expected` comes from the seal. Throws `bad-bytes` when it differs, or names another cluster or set. */
export async function readCut(
  store: ObjectStore,
  cluster: string,
  set: string,
  expected?: RecordDigest,
): Promise<CutRecord | undefined> {
  const key = cutKey(cluster, set);
  return ofSet(store, key, cluster, set, await readRecord(store, key, cutShape, expected));
}

/**
 * The way in for everything that trusts a set: reads the seal, then compares intent and cut with it. Throws `set-unknown` when
 * there is nothing under this id, `not-sealed` when it has no seal or is abandoned, `newer-format` when a newer Tidemark wrote one of the
 * three, `bad-bytes` for any changed byte.
 */
export async function readSealedSet(store: ObjectStore, cluster: string, set: string): Promise<SealBody> {
  const subject = `${cluster}: ${set}`;
  const found = isSetId(set) ? await readSeal(store, cluster, set) : undefined;
  if (found?.state === 'sealed') {
    await readIntent(store, cluster, set, found.body.intent);
    await readCut(store, cluster, set, found.body.cut);
    return found.body;
  }
  if (found?.state === 'abandoned') {
    const { operation, host, at } = found.by;
    throw new TidemarkError({
      code: 'not-sealed',
      operation: 'open the set',
      subject,
      cause: `it was never finished and was abandoned by ${operation} on ${host} at ${at}`,
    });
  }
  const exists = isSetId(set) && (await store.listNames(setPrefix(cluster, set))).length > 0;
  throw new TidemarkError({
    code: exists ? 'not-sealed' : 'set-unknown',
    operation: 'open the set',
    subject,
    cause: exists ? 'it has no seal' : 'the repository holds no such set',
  });
}

/** One set of a cluster, as `list` shows it. */
export type StoredSet =
  | { readonly id: string; readonly state: 'sealed'; readonly seal: SealBody }
  | { readonly id: string; readonly state: 'abandoned'; readonly by: AbandonedBy }
  /** No seal: being taken, or left by an operation that died. */
  | { readonly id: string; readonly state: 'unsealed' }
  /** There is a seal, and it is not what was written. */
  | { readonly id: string; readonly state: 'damaged'; readonly error: TidemarkError }
  /** A newer Tidemark wrote it; whether it is sealed, only that one can say. */
  | { readonly id: string; readonly state: 'newer-format'; readonly error: TidemarkError };

/** The ids of all sets of a cluster, sealed or not, oldest first. */
export async function setIds(store: ObjectStore, cluster: string): Promise<string[]> {
  return (await store.listNames(setsPrefix(cluster))).filter(isSetId);
}

/** Every set of a cluster with its state, oldest first. Reads seals only. */
export async function* listSets(store: ObjectStore, cluster: string): AsyncGenerator<StoredSet> {
  for (const id of await setIds(store, cluster)) yield await stateOf(store, cluster, id);
}

/**
 * The newest sealed set that this version can read, or undefined when there is none. `onNewer` hears of every newer one that is passed over because
 * a newer Tidemark wrote it: the caller must tell. Throws `bad-bytes` when a newer one has a damaged seal: an older set must then be asked for
 * by name, not given out silently.
 */
export async function latestSealed(
  store: ObjectStore,
  cluster: string,
  onNewer: (id: string) => void = () => {},
): Promise<SealBody | undefined> {
  for (const id of (await setIds(store, cluster)).reverse()) {
    const set = await stateOf(store, cluster, id);
    if (set.state === 'newer-format') onNewer(id);
    if (set.state === 'sealed') {
      if (await isReadable(store, set.seal)) return set.seal;
      onNewer(id);
    }
    if (set.state === 'damaged') {
      throw new TidemarkError({
        ...set.error.toJSON(),
        remedy: 'Name an older set, and find out what changed the seal.',
      });
    }
  }
  return undefined;
}

async function stateOf(store: ObjectStore, cluster: string, id: string): Promise<StoredSet> {
  try {
    const found = await readSeal(store, cluster, id);
    if (found === undefined) return { id, state: 'unsealed' };
    if (found.state === 'abandoned') return { id, state: 'abandoned', by: found.by };
    return { id, state: 'sealed', seal: found.body };
  } catch (error) {
    if (error instanceof TidemarkError && error.code === 'bad-bytes') return { id, state: 'damaged', error };
    if (error instanceof TidemarkError && error.code === 'newer-format') {
      return { id, state: 'newer-format', error };
    }
    throw error;
  }
}

/** False when a record that the seal reaches is of a newer format. Damage is not looked for: who opens the set finds it. */
async function isReadable(store: ObjectStore, seal: SealBody): Promise<boolean> {
  const { cluster, set } = seal;
  const records = [
    () => readIntent(store, cluster, set, seal.intent),
    () => readCut(store, cluster, set, seal.cut),
    ...seal.shards.map(
      ({ manifest }) =>
        () =>
          refuseNewerManifest(store, manifest),
    ),
  ];
  for (const read of records) {
    try {
      await read();
    } catch (error) {
      if (!(error instanceof TidemarkError)) throw error;
      if (error.code === 'newer-format') return false;
      if (error.code !== 'bad-bytes') throw error;
    }
  }
  return true;
}

function ofSet<T extends { readonly format: string; readonly cluster: string; readonly set: string }>(
  store: ObjectStore,
  key: string,
  cluster: string,
  set: string,
  record: T | undefined,
): Omit<T, 'format'> | undefined {
  if (record === undefined) return undefined;
  if (record.cluster !== cluster || record.set !== set) {
    throw badRecord(`${store.url}/${key}`, `it belongs to cluster ${record.cluster}, set ${record.set}`);
  }
  const { format: _, ...rest } = record;
  return rest;
}

/**
 * A restore's first two records: what it set out to do, and the one that decides it. Before the decision everything is undone on
 * every shard; after `switch` everything is rolled forward, whoever dies. How it ends is in restore-ending.ts.
 */
import { z } from 'zod';
import { TidemarkError } from '../proto/errors.ts';
import { restoreKey } from './layout.ts';
import type { ObjectStore } from './object-store.ts';
import { badRecord, createRecord, readRecord, type RecordDigest } from './record.ts';
import { count, instant, name, setId } from './stored-shapes.ts';

const restoreIntentFormat = 'tidemark-restore-intent-1';
const decisionFormat = 'tidemark-restore-decision-1';

const restoreIntentShape = z.strictObject({
  format: z.literal(restoreIntentFormat),
  cluster: name,
  restore: name,
  tidemark: name,
  set: setId,
  /** The cluster the set was taken of. */
  sourceCluster: name,
  startedAt: instant,
  startedBy: z.strictObject({ host: z.string(), user: z.string(), pid: count }),
  shards: z.array(z.strictObject({ source: name, target: name, agent: name })).min(1),
});

/** What a restore set out to do. `cluster` is the target's: its folder holds the records. */
export type RestoreIntent = Omit<z.infer<typeof restoreIntentShape>, 'format'>;

export type Decision = 'switch' | 'undo';

const decisionShape = z.strictObject({
  format: z.literal(decisionFormat),
  cluster: name,
  restore: name,
  decision: z.enum(['switch', 'undo']),
});

/** Written before anything is staged. `object-conflict` when another restore has this id. */
export function writeRestoreIntent(store: ObjectStore, intent: RestoreIntent): Promise<RecordDigest> {
  const key = restoreKey(intent.cluster, intent.restore, 'intent');
  return createRecord(store, key, restoreIntentShape, { format: restoreIntentFormat, ...intent });
}

export async function readRestoreIntent(
  store: ObjectStore,
  cluster: string,
  restore: string,
): Promise<RestoreIntent | undefined> {
  const key = restoreKey(cluster, restore, 'intent');
  const found = await readRecord(store, key, restoreIntentShape);
  if (found === undefined) return undefined;
  const { format: _, ...intent } = found;
  return ofRestore(store, key, cluster, restore, intent);
}

/**
 * Decides a restore, unless it is decided already: whoever creates the key decides, for everybody and for ever. Returns what stands
 * there, durable. May be called by anyone, any number of times.
 */
export function decide(
  store: ObjectStore,
  cluster: string,
  restore: string,
  decision: Decision,
): Promise<Decision> {
  const key = restoreKey(cluster, restore, 'decision');
  // No time and no name in it: two that decide alike must write the same bytes.
  const record = { format: decisionFormat, cluster, restore, decision } as const;
  return claimRecord(
    () => createRecord(store, key, decisionShape, record).then(() => decision),
    () => readDecision(store, cluster, restore),
  );
}

/** The first to create a record decides: `create`'s answer, or `read`'s when another record was there first. */
export async function claimRecord<Answer>(
  create: () => Promise<Answer>,
  read: () => Promise<Answer | undefined>,
): Promise<Answer> {
  try {
    return await create();
  } catch (error) {
    if (!(error instanceof TidemarkError) || error.code !== 'object-conflict') throw error;
    const found = await read();
    if (found === undefined) throw error;
    return found;
  }
}

/** The decision, or undefined as long as there is none: then `undo` may be decided. */
export async function readDecision(
  store: ObjectStore,
  cluster: string,
  restore: string,
): Promise<Decision | undefined> {
  const key = restoreKey(cluster, restore, 'decision');
  const found = await readRecord(store, key, decisionShape);
  return found === undefined ? undefined : ofRestore(store, key, cluster, restore, found).decision;
}

/** Throws `bad-bytes` when a record under a restore's key names another restore. */
export function ofRestore<T extends { readonly cluster: string; readonly restore: string }>(
  store: ObjectStore,
  key: string,
  cluster: string,
  restore: string,
  record: T,
): T {
  if (record.cluster === cluster && record.restore === restore) return record;
  throw badRecord(
    `${store.url}/${key}`,
    `it belongs to cluster ${record.cluster}, restore ${record.restore}`,
  );
}

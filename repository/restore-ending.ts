/**
 * How a decided restore ends. Each agent records that its shard has switched and is still closed. When all shards of the intent
 * have, anyone may record `open`, and only then does any shard let applications in. As long as nobody has, an operator may
 * record `undo` instead. Then every shard is undone, switched or not. The first to create the record decides.
 */
import { z } from 'zod';
import { TidemarkError } from '../proto/errors.ts';
import { restoreKey, restoreShardKey } from './layout.ts';
import type { ObjectStore } from './object-store.ts';
import { badRecord, createRecord, readRecord } from './record.ts';
import { claimRecord, ofRestore, readRestoreIntent } from './restore-decision.ts';
import { name } from './stored-shapes.ts';

const endingFormat = 'tidemark-restore-ending-1';
const shardFormat = 'tidemark-restore-shard-1';

export type Ending = 'open' | 'undo';
export type ShardStep = 'switched' | 'opened';

const endingShape = z.strictObject({
  format: z.literal(endingFormat),
  cluster: name,
  restore: name,
  ending: z.enum(['open', 'undo']),
});

const shardShape = z.strictObject({
  format: z.literal(shardFormat),
  cluster: name,
  restore: name,
  shard: name,
  step: z.enum(['switched', 'opened']),
});

/** Durable when it resolves. `shard` is the target's name. Repeatable. */
export async function recordShardStep(
  store: ObjectStore,
  cluster: string,
  restore: string,
  shard: string,
  step: ShardStep,
): Promise<void> {
  const key = restoreShardKey(cluster, restore, shard, step);
  await createRecord(store, key, shardShape, { format: shardFormat, cluster, restore, shard, step });
}

export async function hasShardStep(
  store: ObjectStore,
  cluster: string,
  restore: string,
  shard: string,
  step: ShardStep,
): Promise<boolean> {
  const key = restoreShardKey(cluster, restore, shard, step);
  const found = await readRecord(store, key, shardShape);
  if (found === undefined) return false;
  ofRestore(store, key, cluster, restore, found);
  if (found.shard === shard && found.step === step) return true;
  throw badRecord(`${store.url}/${key}`, `it says that shard ${found.shard} has ${found.step}`);
}

/** The ending, or undefined as long as there is none. */
export async function readEnding(
  store: ObjectStore,
  cluster: string,
  restore: string,
): Promise<Ending | undefined> {
  const key = restoreKey(cluster, restore, 'ending');
  const found = await readRecord(store, key, endingShape);
  return found === undefined ? undefined : ofRestore(store, key, cluster, restore, found).ending;
}

/** Either the ending, or the target shards that have not switched yet. */
export type Progress =
  | { readonly ending: Ending; readonly waitingFor: readonly [] }
  | { readonly ending: undefined; readonly waitingFor: readonly string[] };

/**
 * Records `open` if every shard of the intent has switched. Resolves with the ending that stands, durable, or with the shards
 * that are waited for. May be called by anyone, any number of times. `bad-bytes` when the intent is missing.
 */
export async function openWhenSwitched(
  store: ObjectStore,
  cluster: string,
  restore: string,
): Promise<Progress> {
  const ending = await readEnding(store, cluster, restore);
  if (ending !== undefined) return { ending, waitingFor: [] };
  const intent = await readRestoreIntent(store, cluster, restore);
  if (intent === undefined) {
    throw new TidemarkError({
      code: 'bad-bytes',
      operation: 'see which shards belong to a restore',
      subject: `${store.url}/${restoreKey(cluster, restore, 'intent')}`,
      cause: 'it is missing',
      remedy: 'Bring the record back, or give the restore up with `tidemark restore --abandon`.',
    });
  }
  const waitingFor: string[] = [];
  for (const { target } of intent.shards)
    if (!(await hasShardStep(store, cluster, restore, target, 'switched'))) waitingFor.push(target);
  if (waitingFor.length > 0) return { ending: undefined, waitingFor };
  return { ending: await recordEnding(store, cluster, restore, 'open'), waitingFor: [] };
}

/** Gives a decided restore up, unless it has been opened: then `open` is returned, and nothing can be undone any more. */
export function abandonRestore(store: ObjectStore, cluster: string, restore: string): Promise<Ending> {
  return recordEnding(store, cluster, restore, 'undo');
}

function recordEnding(store: ObjectStore, cluster: string, restore: string, ending: Ending): Promise<Ending> {
  const key = restoreKey(cluster, restore, 'ending');
  // No time and no name in it: two that record the same must write the same bytes.
  const record = { format: endingFormat, cluster, restore, ending } as const;
  return claimRecord(
    () => createRecord(store, key, endingShape, record).then(() => ending),
    () => readEnding(store, cluster, restore),
  );
}

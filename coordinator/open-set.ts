/** From what a person names (`latest`, an id) to a set, and to its seal. */
import { TidemarkError } from '../proto/errors.ts';
import { latestSealed } from '../repository/backup-set.ts';
import { isSetId, setPrefix } from '../repository/layout.ts';
import type { ObjectStore } from '../repository/object-store.ts';
import { readSeal } from '../repository/seal.ts';
import type { SealBody } from '../repository/seal.ts';

/**
 * The id a reference means: `latest` is the newest sealed set. Throws `set-unknown`, and `bad-bytes` for `latest`
 * when the newest seal is damaged.
 */
export async function resolveSet(store: ObjectStore, cluster: string, reference: string): Promise<string> {
  if (reference === 'latest') {
    const newest = await latestSealed(store, cluster);
    if (newest !== undefined) return newest.set;
    throw unknown(cluster, reference, 'the cluster has no sealed set yet', 'Run `tidemark backup` first.');
  }
  if (!isSetId(reference))
    throw unknown(cluster, reference, 'this is no id of a set, such as 20261120T083012Z-full');
  const found = await store.listNames(setPrefix(cluster, reference));
  if (found.length > 0) return reference;
  throw unknown(cluster, reference, `there is no such set in ${store.url}`);
}

/**
 * The seal of a set, and only the seal: intent and cut are left to the caller, who wants to report on them. Throws
 * `not-sealed` when there is none or the set was abandoned, `bad-bytes` when any byte of it changed.
 */
export async function openSeal(store: ObjectStore, cluster: string, set: string): Promise<SealBody> {
  const seal = await readSeal(store, cluster, set);
  if (seal?.state === 'sealed') return seal.body;
  throw new TidemarkError({
    code: 'not-sealed',
    operation: 'open the set',
    subject: `${cluster}: ${set}`,
    cause:
      seal === undefined
        ? 'it has no seal: its backup did not end, or is still running'
        : `it was never finished and was abandoned by ${seal.by.operation} on ${seal.by.host} at ${seal.by.at}`,
  });
}

function unknown(cluster: string, reference: string, cause: string, remedy?: string): TidemarkError {
  return new TidemarkError({
    code: 'set-unknown',
    operation: 'find the set',
    subject: `${cluster}: ${reference}`,
    cause,
    remedy,
  });
}

/** From what a person names (`latest`, an id) to a set, and to its seal. */
import { TidemarkError } from '../proto/errors.ts';
import { latestSealed } from '../repository/backup-set.ts';
import { isSetId, setPrefix } from '../repository/layout.ts';
import type { ObjectStore } from '../repository/object-store.ts';
import { readSeal } from '../repository/seal.ts';
import type { SealBody } from '../repository/seal.ts';
import { warn } from './output.ts';
import type { Outcome, Run } from './run.ts';

export interface ChosenSet {
  readonly set: string;
  /** Newer sets that `latest` has passed over because a newer Tidemark wrote them, newest first. */
  readonly newerSets: readonly string[];
}

/**
 * The set a reference means: `latest` is the newest sealed set that this version can read. That newer ones were passed over is told as a note
 * at once, and must be told in the outcome (`tellNewer`). Throws `set-unknown`; for `latest` `bad-bytes` when the newest seal is damaged, and
 * `newer-format` when this version can read none.
 */
export async function chooseSet(
  { store, topology: { cluster }, progress }: Pick<Run, 'store' | 'topology' | 'progress'>,
  reference: string,
): Promise<ChosenSet> {
  const newerSets: string[] = [];
  const set = await resolve(store, cluster, reference, newerSets);
  if (newerSets.length > 0) progress.note(`warning: ${newerText(set, newerSets)}`);
  return { set, newerSets };
}

/** The same outcome, which also says which sets `latest` has passed over. */
export function tellNewer(outcome: Outcome, { set, newerSets }: ChosenSet): Outcome {
  if (newerSets.length === 0) return outcome;
  return {
    ...outcome,
    document: { ...outcome.document, newerSets },
    text: `${warn('warning')}  ${newerText(set, newerSets)}\n${outcome.text}`,
  };
}

function newerText(set: string, newerSets: readonly string[]): string {
  const [first] = newerSets;
  const which =
    newerSets.length === 1 ? `${first} is newer and was` : `${newerSets.join(', ')} are newer and were`;
  return `latest is ${set} for this version of Tidemark. ${which} written by a newer Tidemark, which can read them all.`;
}

async function resolve(
  store: ObjectStore,
  cluster: string,
  reference: string,
  newerSets: string[],
): Promise<string> {
  if (reference === 'latest') {
    const newest = await latestSealed(store, cluster, (id) => newerSets.push(id));
    if (newest !== undefined) return newest.set;
    if (newerSets.length > 0) throw allNewer(cluster, reference, newerSets);
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
 * `not-sealed` when there is none or the set was abandoned, `newer-format` when a newer Tidemark wrote it, `bad-bytes` when any byte of it
 * changed.
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

function allNewer(cluster: string, reference: string, newerSets: readonly string[]): TidemarkError {
  return new TidemarkError({
    code: 'newer-format',
    operation: 'find the set',
    subject: `${cluster}: ${reference}`,
    cause: `no set can be read by this version: ${newerSets.join(', ')} were written by a newer Tidemark`,
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

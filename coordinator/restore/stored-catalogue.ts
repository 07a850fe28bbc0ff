/** What a set holds, read from its manifests before anything is restored: bounded by the catalogue, not by chunks. */
import { TidemarkError } from '../../proto/errors.ts';
import type { ManifestLine } from '../../repository/manifest-entries.ts';
import type { ObjectStore } from '../../repository/object-store.ts';
import type { SealBody } from '../../repository/seal.ts';
import { sumsDifference } from '../../repository/sums.ts';
import type { ShardAnswer } from '../invariants.ts';
import { compareFolder } from '../verify/shard-folder.ts';

export interface StoredCatalogue {
  /** Names of databases by shard. */
  readonly databases: ReadonlyMap<string, readonly string[]>;
  /** The answers from inside the cut. */
  readonly answers: readonly ShardAnswer[];
}

/**
 * Checks every manifest against the seal, and that every object is there with its size; the bytes of the data are
 * checked by the agents as they load them. Throws `bad-bytes` naming the first object that is not what it should be.
 */
export async function readCatalogue(store: ObjectStore, seal: SealBody): Promise<StoredCatalogue> {
  const databases = new Map<string, string[]>();
  const answers: ShardAnswer[] = [];
  for (const shard of seal.shards) {
    const { key } = shard.manifest;
    const names: string[] = [];
    databases.set(shard.name, names);
    const prefix = key.slice(0, key.lastIndexOf('/') + 1);
    const onLine = (line: ManifestLine): void => {
      if (
        line.kind === 'shard' &&
        (line.cluster !== seal.cluster || line.set !== seal.set || line.shard !== shard.name)
      ) {
        throw badBytes(key, `it is the manifest of ${line.cluster}: ${line.set}: ${line.shard}`);
      }
      if (line.kind === 'database') names.push(line.name);
      if (line.kind === 'invariant')
        answers.push({ shard: shard.name, name: line.name, answer: line.answer });
      if (line.kind !== 'end') return;
      const difference = sumsDifference(line.sums, shard.sums);
      if (difference !== '') throw badBytes(key, `its sums are not those in the seal: ${difference}`);
    };
    for await (const finding of compareFolder(store, prefix, shard.manifest, undefined, onLine)) {
      if (finding.kind === 'missing') throw badBytes(finding.object, 'it is missing');
      if (finding.kind === 'size')
        throw badBytes(finding.object, `it has ${finding.size} bytes instead of ${finding.expected}`);
    }
  }
  return { databases, answers };
}

function badBytes(subject: string, cause: string): TidemarkError {
  return new TidemarkError({ code: 'bad-bytes', operation: 'read the set', subject, cause });
}

/** The plan of a restore: which stored shard goes to which target. Pure; the targets' own words come from Fit. */
import type { ShardAddress, Topology } from '../../topology/topology.ts';
import type { Sums } from '../../repository/manifest-entries.ts';
import { TidemarkError } from '../../proto/errors.ts';

/** Where a restore goes, and whether with the roles or users of the set. */
export interface RestoreTarget {
  readonly target: Topology;
  readonly globals: boolean;
}

/** One stored shard and the target it is to be restored to. */
export interface ShardPair {
  /** Name in the set. */
  readonly source: string;
  /** Name and address in the target topology. */
  readonly target: ShardAddress;
}

/** What an agent has to say against (or, as a warning, about) its part of the plan. */
export interface PlanFinding {
  readonly target: string;
  readonly code: string;
  readonly subject: string;
  readonly cause: string;
  readonly remedy: string;
  readonly warning: boolean;
}

export interface PlannedShard {
  readonly source: string;
  readonly target: string;
  readonly agent: string;
  /** Of the stored shard, then of the target server. */
  readonly from: string;
  readonly to: string;
  readonly databases: readonly string[];
  readonly sums: Sums;
  /** Invariants that the set recorded and the target agent's file does not ask. */
  readonly notAsked: readonly { readonly name: string; readonly reason: string }[];
  readonly findings: readonly PlanFinding[];
}

export interface RestorePlan {
  readonly set: string;
  readonly shards: readonly PlannedShard[];
  /** Shards of the target topology that get nothing. */
  readonly untouched: readonly string[];
  /** The schema was made on every target, and dropped again. */
  readonly rehearsed: boolean;
}

/** `old=new`, as `--map` has it. Throws `usage`. */
export function parseMapping(text: string): [string, string] {
  const [source, target, ...more] = text.split('=');
  if (source === undefined || source === '' || target === undefined || target === '' || more.length > 0) {
    throw new TidemarkError({
      code: 'usage',
      operation: 'read --map',
      subject: text,
      cause: 'it must be old=new: a shard of the set, and the shard of the topology that takes its place',
    });
  }
  return [source, target];
}

/**
 * Finds a target for every stored shard: by `--map`, else by name. Every target takes one shard at most; targets
 * left over are not touched. Throws `topology-changed` naming every mistake at once.
 */
export function mapShards(
  stored: readonly string[],
  targets: readonly ShardAddress[],
  mappings: readonly (readonly [string, string])[],
): ShardPair[] {
  const mistakes: string[] = [];
  const mapped = new Map<string, string>();
  for (const [source, target] of mappings) {
    if (mapped.has(source)) mistakes.push(`--map names ${source} twice`);
    if (!stored.includes(source)) mistakes.push(`--map names ${source}, and the set has no such shard`);
    mapped.set(source, target);
  }
  const pairs: ShardPair[] = [];
  const takenBy = new Map<string, string>();
  for (const source of stored) {
    const name = mapped.get(source) ?? source;
    const target = targets.find((candidate) => candidate.name === name);
    if (target === undefined) {
      mistakes.push(
        mapped.has(source)
          ? `--map sends ${source} to ${name}, and the topology has no such shard`
          : `the topology has no shard ${source} to restore ${source} to`,
      );
      continue;
    }
    const other = takenBy.get(name);
    if (other !== undefined) mistakes.push(`both ${other} and ${source} would be restored to ${name}`);
    takenBy.set(name, source);
    pairs.push({ source, target });
  }
  if (mistakes.length > 0) {
    throw new TidemarkError({
      code: 'topology-changed',
      operation: 'map the shards of the set to targets',
      subject: `shards ${stored.join(', ')}`,
      cause: mistakes.join('; '),
    });
  }
  return pairs;
}

/** Targets that no stored shard is restored to, in the order of their topology. */
export function untouchedShards(targets: readonly ShardAddress[], pairs: readonly ShardPair[]): string[] {
  return targets.map(({ name }) => name).filter((name) => !pairs.some(({ target }) => target.name === name));
}

/** Target agents read from their own repository, so it must be the one that holds the set. */
export function sameRepository(own: Topology, target: Topology): void {
  if (own.repository.url === target.repository.url) return;
  throw new TidemarkError({
    code: 'repository-mismatch',
    operation: 'restore',
    subject: target.path,
    cause: `its repository is ${target.repository.url}, and the set lies in ${own.repository.url}`,
  });
}

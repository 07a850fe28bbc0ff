/** Step 6 of a backup: is all that the seal will say of the set true? Nothing is sealed before this has passed. */
import { isDeepStrictEqual } from 'node:util';
import { TidemarkError } from '../../proto/errors.ts';
import { manifestKey } from '../../repository/layout.ts';
import type { ShardLine } from '../../repository/manifest-entries.ts';
import { readManifest } from '../../repository/manifest.ts';
import type { ObjectStore } from '../../repository/object-store.ts';
import { sumsDifference } from '../../repository/sums.ts';
import { topologyFingerprint } from '../../topology/fingerprint.ts';
import type { Topology } from '../../topology/topology.ts';
import type { Backup } from './backup-run.ts';
import type { CopiedShard } from './copy-shards.ts';
import type { BarrierEvidence } from '../barrier.ts';
import { checkInvariantsAtCut } from '../invariants.ts';
import type { ClusterAnswer, ShardAnswer } from '../invariants.ts';
import type { PreparedShard } from './prepare-shards.ts';
import { compareFolder } from '../verify/shard-folder.ts';

/** What the seal says of the set beyond what the agents answered. */
export interface CheckedSet {
  readonly topologyFingerprint: string;
  readonly shards: readonly CheckedShard[];
  readonly invariants: readonly ClusterAnswer[];
}

export interface CheckedShard extends CopiedShard {
  /** The first line of its manifest. */
  readonly line: ShardLine;
}

/**
 * Every shard answered; cluster, shard names, engine families and servers are those that were prepared; every manifest is of
 * the cut that the barrier reached, by its log position, and holds the globals that were ordered; every object of every manifest is present with its size; what the
 * agents summed up is what the manifests say; the invariants agree. Throws `set-incomplete`, `shard-refused` or `topology-changed`, `invariant-differs`.
 */
export async function checkSet(
  { store, topology, set, globals }: Pick<Backup, 'store' | 'topology' | 'set' | 'globals'>,
  prepared: readonly PreparedShard[],
  evidence: Pick<BarrierEvidence, 'shards'>,
  copied: readonly CopiedShard[],
): Promise<CheckedSet> {
  const fingerprint = sameTopology(topology, set, prepared, copied);
  const answers: ShardAnswer[] = [];
  const shards: CheckedShard[] = [];
  for (const shard of copied) {
    const line = await checkManifest(store, topology.cluster, set, shard, answers);
    sameCut(topology.cluster, set, line, evidence);
    sameGlobals(topology.cluster, set, line, globals);
    await checkObjects(store, topology.cluster, set, shard);
    shards.push({ ...shard, line });
  }
  const invariants = checkInvariantsAtCut(topology.invariants, answers);
  return { topologyFingerprint: fingerprint, shards, invariants };
}

function sameTopology(
  topology: Topology,
  set: string,
  prepared: readonly PreparedShard[],
  copied: readonly CopiedShard[],
): string {
  for (const { name } of topology.shards) {
    const before = prepared.find((shard) => shard.shard === name);
    const after = copied.find((shard) => shard.shard === name);
    if (before === undefined || after === undefined)
      throw incomplete(topology.cluster, set, `shard ${name} did not answer`);
    if (before.server.identity === after.server.identity && before.server.family === after.server.family)
      continue;
    throw new TidemarkError({
      code: 'shard-refused',
      operation: 'check the servers once more',
      subject: name,
      cause: `another server answers than before: ${after.server.identity} instead of ${before.server.identity}`,
    });
  }
  const families = (servers: readonly PreparedShard[]) =>
    servers.map(({ shard, server }) => ({ name: shard, family: server.family }));
  const before = topologyFingerprint(topology.cluster, families(prepared));
  const after = topologyFingerprint(topology.cluster, families(copied));
  if (before === after) return after;
  throw new TidemarkError({
    code: 'topology-changed',
    operation: 'check the topology once more',
    subject: `${topology.cluster}: ${set}`,
    cause: 'its shards are not those that were prepared',
    remedy: 'Run the backup again.',
  });
}

/** The manifest is whole, is this shard's of this set, and says what the agent said. Collects invariant answers. */
async function checkManifest(
  store: ObjectStore,
  cluster: string,
  set: string,
  shard: CopiedShard,
  answers: ShardAnswer[],
): Promise<ShardLine> {
  const key = manifestKey(cluster, set, shard.shard);
  if (shard.manifest.key !== key)
    throw incomplete(cluster, set, `${shard.shard} stored its manifest at ${shard.manifest.key}`);
  let first: ShardLine | undefined;
  for await (const line of readManifest(store, shard.manifest)) {
    if (line.kind === 'shard') first = line;
    if (line.kind === 'invariant') answers.push({ shard: shard.shard, name: line.name, answer: line.answer });
    if (line.kind !== 'end') continue;
    const difference = sumsDifference(shard.sums, line.sums);
    if (difference !== '')
      throw incomplete(cluster, set, `${shard.shard} sums up other than its manifest: ${difference}`);
  }
  const own = first?.cluster === cluster && first.set === set && first.shard === shard.shard;
  if (first !== undefined && own && first.identity === shard.server.identity) return first;
  throw incomplete(cluster, set, `${shard.shard} stored the manifest of another shard, set or server`);
}

/** A copy of another cut than the one that all shards took together would be torn. */
function sameCut(
  cluster: string,
  set: string,
  line: ShardLine,
  evidence: Pick<BarrierEvidence, 'shards'>,
): void {
  const cut = evidence.shards.find(({ name }) => name === line.shard);
  if (isDeepStrictEqual(cut?.position, line.position)) return;
  const [was, is] = [cut?.position, line.position].map((position) => JSON.stringify(position));
  throw incomplete(cluster, set, `${line.shard} copied the cut at ${is}, the barrier reached ${was}`);
}

/** An agent that does not know the order would store none, and say nothing. */
function sameGlobals(cluster: string, set: string, line: ShardLine, ordered: Backup['globals']): void {
  if (line.globals === ordered) return;
  const [stored, wanted] = [line.globals, ordered].map((globals) => globals ?? 'none');
  throw incomplete(cluster, set, `${line.shard} stored as globals: ${stored}, ordered was: ${wanted}`);
}

async function checkObjects(
  store: ObjectStore,
  cluster: string,
  set: string,
  shard: CopiedShard,
): Promise<void> {
  const prefix = shard.manifest.key.slice(0, shard.manifest.key.lastIndexOf('/') + 1);
  for await (const finding of compareFolder(store, prefix, shard.manifest)) {
    switch (finding.kind) {
      case 'missing':
        throw incomplete(cluster, set, `${finding.object} is missing`);
      case 'size':
        throw incomplete(
          cluster,
          set,
          `${finding.object} has ${finding.size} bytes instead of ${finding.expected}`,
        );
      case 'unnamed':
        // A chunk that was begun again under another name. `verify` mentions it; it takes nothing from the set.
        break;
    }
  }
}

function incomplete(cluster: string, set: string, cause: string): TidemarkError {
  return new TidemarkError({
    code: 'set-incomplete',
    operation: 'check the set before its seal',
    subject: `${cluster}: ${set}`,
    cause,
  });
}

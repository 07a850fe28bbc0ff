/** What a backup says of itself: the intent first, the cut as soon as there is one, the seal at the end. */
import { cutKey } from '../../repository/layout.ts';
import { writeCut, writeIntent } from '../../repository/backup-set.ts';
import type { RecordDigest } from '../../repository/record.ts';
import type { SealBody } from '../../repository/seal.ts';
import { topologyFingerprint } from '../../topology/fingerprint.ts';
import type { Agent } from '../agents.ts';
import type { Backup } from './backup-run.ts';
import type { BarrierEvidence } from '../barrier/report.ts';
import type { LongestHold } from '../barrier/states.ts';
import type { CheckedSet } from './check-set.ts';
import type { PreparedShard } from './prepare-shards.ts';
import { totalSums } from '../sums.ts';
import { startedBy } from '../this-process.ts';
import { tidemarkVersion } from '../../proto/version.ts';

/** Stores who began this set. Throws `object-conflict` when another has begun one under the same id. */
export function storeIntent(backup: Backup, agents: readonly Agent[]): Promise<RecordDigest> {
  const { topology, store, set, startedAt, lease } = backup;
  const { cluster } = topology;
  return writeIntent(store, {
    cluster,
    set,
    type: 'full',
    tidemark: tidemarkVersion,
    leaseNumber: lease.number,
    startedAt: startedAt.toISOString(),
    startedBy: startedBy(),
    topologyFingerprint: topologyFingerprint(
      cluster,
      agents.map(({ shard, server }) => ({ name: shard, family: server.family })),
    ),
    consistency: topology.barrier.consistency,
    shards: topology.shards.map(({ name }) => name),
  });
}

/** Stores the barrier's evidence. */
export function storeCut(
  backup: Backup,
  prepared: readonly PreparedShard[],
  evidence: BarrierEvidence,
): Promise<RecordDigest> {
  const { topology, store, set, lease } = backup;
  return writeCut(store, {
    cluster: topology.cluster,
    set,
    leaseNumber: lease.number,
    cutAt: backup.now().toISOString(),
    consistency: evidence.consistency,
    barrier: recorded(evidence),
    shards: evidence.shards.map(({ name, position }) => {
      const server = prepared.find(({ shard }) => shard === name)?.server;
      if (server === undefined)
        throw new Error(`${name} has cut and was not prepared: ${cutKey(topology.cluster, set)}`);
      return { name, family: server.family, version: server.version, identity: server.identity, position };
    }),
  });
}

export interface SealParts {
  readonly intent: RecordDigest;
  readonly cut: RecordDigest;
  readonly evidence: BarrierEvidence;
  readonly checked: CheckedSet;
}

/** What the seal will say. Pure but for the time of day. */
export function sealBodyOf(backup: Backup, { intent, cut, evidence, checked }: SealParts): SealBody {
  return {
    cluster: backup.topology.cluster,
    set: backup.set,
    type: 'full',
    tidemark: tidemarkVersion,
    topologyFingerprint: checked.topologyFingerprint,
    leaseNumber: backup.lease.number,
    startedAt: backup.startedAt.toISOString(),
    sealedAt: backup.now().toISOString(),
    consistency: evidence.consistency,
    barrier: recorded(evidence),
    intent,
    cut,
    shards: checked.shards.map(({ line, manifest, sums }) => ({
      name: line.shard,
      family: line.family,
      version: line.version,
      identity: line.identity,
      manifest,
      sums,
      position: line.position,
    })),
    sums: totalSums(checked.shards.map(({ sums }) => sums)),
    ...(backup.globals === undefined ? {} : { globals: backup.globals }),
  };
}

function recorded(evidence: BarrierEvidence): SealBody['barrier'] {
  const { attempts, holdLimitMs, longestHoldMs, longest, windowMs, shards } = evidence;
  return {
    attempts,
    holdLimitMs,
    longestHoldMs,
    ...(longest === undefined ? {} : { longestHold: recordedHold(longest) }),
    windowMs,
    shards: shards.map(({ name, holdMs, cancelledAutovacuums }) => ({
      name,
      holdMs,
      ...(cancelledAutovacuums.length === 0 ? {} : { cancelledAutovacuums: [...cancelledAutovacuums] }),
    })),
  };
}

function recordedHold({ shard, attempt, end, releaseMs }: LongestHold): SealBody['barrier']['longestHold'] {
  // Two clocks' readings of one moment may differ by less than nothing.
  return { shard, attempt, end, ...(releaseMs === undefined ? {} : { releaseMs: Math.max(0, releaseMs) }) };
}

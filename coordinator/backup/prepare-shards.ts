/** Step 2 of a backup: every agent plans its part, opens and warms what it needs, and proves that it sees our repository. */
import { asTidemarkError } from '../../proto/errors.ts';
import { formatBytes } from '../../topology/units.ts';
import { serverFromWire } from '../agents.ts';
import type { Agent, Server } from '../agents.ts';
import type { OpenBarrier } from '../barrier.ts';
import { openBarrier } from '../barrier.ts';
import { contextOf } from './backup-run.ts';
import type { Backup } from './backup-run.ts';
import { beginRepositoryProof } from './nonce.ts';

/** A shard that is ready for the barrier. */
export interface PreparedShard {
  readonly shard: string;
  readonly server: Server;
}

export interface PreparedBackup {
  readonly barrier: OpenBarrier;
  /** In the order of the topology. */
  readonly shards: readonly PreparedShard[];
  /** How long an agent goes on without us after the cut. */
  readonly graceMs: number;
}

/** Long enough for a network to come back, short enough that a dead coordinator does not hold back vacuum and purge. */
const graceMs = 30_000;

/**
 * Holds no writer up. Throws one error that names every shard that cannot take part, and `repository-mismatch` for one
 * that writes elsewhere. The nonces are gone when it settles.
 */
export async function prepareShards(backup: Backup, agents: readonly Agent[]): Promise<PreparedBackup> {
  const { topology, store, signal } = backup;
  backup.progress.step(`preparing ${agents.length} shards`);
  const grace = graceOf(backup, agents.length);
  const proof = await beginRepositoryProof(store, topology.cluster);
  try {
    const members = agents.map((agent) => ({
      shard: agent.shard,
      stream: agent.client.barrier(),
      prepare: {
        context: contextOf(backup, agent.shard),
        lanes: topology.copy.lanes,
        chunkBytes: topology.copy.chunkBytes,
        compressionLevel: topology.copy.compressionLevel,
        holdLimitMs: topology.barrier.holdLimitMs,
        copyLimitMs: topology.copy.limitMs,
        graceMs: grace,
        locks: topology.barrier.consistency === 'atomic',
        nonce: proof.nonceFor(agent.shard),
      },
    }));
    const barrier = await openBarrier(members, signal);
    try {
      const shards: PreparedShard[] = [];
      for (const { shard, prepared } of barrier.shards) {
        await proof.confirm(shard);
        for (const { subject, cause, remedy } of prepared.warnings) {
          backup.progress.note(`warning: ${shard}: ${subject}: ${cause}. ${remedy}`);
        }
        backup.progress.note(
          `${shard}: ${prepared.tables} tables, about ${formatBytes(Number(prepared.estimatedBytes))}`,
        );
        shards.push({ shard, server: serverFromWire(shard, prepared.server) });
      }
      return { barrier, shards, graceMs: grace };
    } catch (error) {
      barrier.cancel();
      throw asTidemarkError(error, {
        code: 'internal',
        operation: 'prepare the backup',
        subject: topology.cluster,
      });
    }
  } finally {
    await proof.clear();
  }
}

/**
 * A shard that waits for its turn to copy has no call open, and must not give up before its turn comes: where not all
 * copy at once, the grace period is the copy's own limit.
 */
function graceOf({ topology }: Backup, shards: number): number {
  return shards <= topology.copy.shards ? graceMs : topology.copy.limitMs;
}

/** Step 2 of a backup: every agent plans its part, opens and warms what it needs, and proves that it sees our repository. */
import { asTidemarkError, TidemarkError } from '../../proto/errors.ts';
import type { BarrierReply__Output as BarrierReply } from '../../proto/gen/tidemark/v1/BarrierReply.ts';
import type { InvariantRule } from '../../topology/topology.ts';
import { formatBytes, formatDuration } from '../../topology/units.ts';
import { serverFromWire } from '../agents.ts';
import type { Agent, Server } from '../agents.ts';
import type { BarrierStream, OpenBarrier } from '../barrier.ts';
import { openBarrier } from '../barrier.ts';
import { contextOf } from './backup-run.ts';
import type { Backup } from './backup-run.ts';
import { answersFromWire, invariantsAmiss } from '../invariants.ts';
import type { ShardAnswer } from '../invariants.ts';
import { beginRepositoryProof } from '../nonce.ts';
import { warn } from '../warnings.ts';

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
/** Longer than any catalogue takes to read; meanwhile shards that are prepared hold back DDL. */
const prepareLimitMs = 600_000;

/**
 * Holds no writer up. Throws one error that names every shard that cannot take part, or is not prepared within the limit (ten
 * minutes), `repository-mismatch` for one that writes elsewhere, and `shard-refused` for one whose server is not the one that was asked. The nonces are gone when it settles.
 */
export async function prepareShards(
  backup: Backup,
  agents: readonly Agent[],
  limitMs = prepareLimitMs,
): Promise<PreparedBackup> {
  const { topology, store, signal } = backup;
  backup.progress.step(`preparing ${agents.length} shards`);
  const limit = new AbortController();
  const unanswered = new Set(agents.map(({ shard }) => shard));
  const proof = await beginRepositoryProof(store, topology.cluster);
  // Set when there is nothing left that could throw before the `try`: a timer nobody clears keeps the process alive.
  const timer = setTimeout(() => limit.abort(tooSlow([...unanswered], limitMs)), limitMs);
  try {
    const members = agents.map((agent) => ({
      shard: agent.shard,
      stream: heard(agent.client.barrier(), () => unanswered.delete(agent.shard)),
      prepare: {
        context: contextOf(backup, agent.shard),
        lanes: topology.copy.lanes,
        chunkBytes: topology.copy.chunkBytes,
        compressionLevel: topology.copy.compressionLevel,
        holdLimitMs: topology.barrier.holdLimitMs,
        ...(topology.barrier.cancelAutovacuumMs === undefined
          ? {}
          : { cancelAutovacuumMs: topology.barrier.cancelAutovacuumMs }),
        copyLimitMs: topology.copy.limitMs,
        graceMs,
        locks: topology.barrier.consistency === 'atomic',
        nonce: proof.nonceFor(agent.shard),
        globals: backup.globals ?? 'none',
      },
    }));
    const barrier = await openBarrier(members, AbortSignal.any([signal, limit.signal]));
    try {
      const shards: PreparedShard[] = [];
      for (const { shard, prepared } of barrier.shards) {
        await proof.confirm(shard);
        for (const { code, subject, cause, remedy } of prepared.warnings) {
          warn(backup, { shard, code, subject, cause, remedy });
        }
        backup.progress.note(
          `${shard}: ${prepared.tables} tables, about ${formatBytes(Number(prepared.estimatedBytes))}`,
        );
        const server = serverFromWire(shard, prepared.server);
        sameServer(shard, agents.find((agent) => agent.shard === shard)?.server, server);
        shards.push({ shard, server });
      }
      const declared = barrier.shards.flatMap(({ shard, prepared }) =>
        answersFromWire(shard, prepared.invariants),
      );
      requireInvariants(topology.invariants, declared);
      return { barrier, shards, graceMs };
    } catch (error) {
      barrier.cancel();
      throw asTidemarkError(error, {
        code: 'internal',
        operation: 'prepare the backup',
        subject: topology.cluster,
      });
    }
  } finally {
    clearTimeout(timer);
    await proof.clear();
  }
}

/** The shards were told apart by the servers that answered first: an address that has moved since may lead two to one. */
function sameServer(shard: string, asked: Server | undefined, prepared: Server): void {
  if (asked?.identity === prepared.identity) return;
  throw new TidemarkError({
    code: 'shard-refused',
    operation: 'prepare the backup',
    subject: shard,
    cause: `another server answers than a moment ago: ${prepared.identity} instead of ${asked?.identity}`,
    remedy: 'Let the address in the agent file lead to one server alone, then run the backup again.',
  });
}

/** Before any writer is held, and before anything is copied for nothing. */
function requireInvariants(rules: readonly InvariantRule[], declared: readonly ShardAnswer[]): void {
  const amiss = invariantsAmiss(rules, declared);
  const [first] = amiss;
  if (first === undefined) return;
  throw new TidemarkError({
    code: first.code,
    operation: 'prepare the backup',
    subject: amiss.map(({ subject }) => subject).join(', '),
    cause: [...new Set(amiss.map(({ reason }) => reason))].join('; '),
    remedy: amiss.map(({ remedy }) => remedy).join(' '),
  });
}

/** The same call; tells of its first reply. */
function heard(stream: BarrierStream, onReply: () => void): BarrierStream {
  async function* replies(): AsyncGenerator<BarrierReply> {
    for await (const reply of stream) {
      onReply();
      yield reply;
    }
  }
  return { ...stream, [Symbol.asyncIterator]: replies };
}

function tooSlow(shards: readonly string[], limitMs: number): TidemarkError {
  return new TidemarkError({
    code: 'agent-unreachable',
    operation: 'prepare the backup',
    subject: `shards ${shards.join(', ')}`,
    cause: `not prepared within ${formatDuration(limitMs)}`,
    remedy: "See in the agent's log and on the database server what it waits for, then run the backup again.",
  });
}

/** One backup under way: what every step of it is given, and under which name it speaks to the agents. */
import type { OperationContext__Output as OperationContext } from '../../proto/gen/tidemark/v1/OperationContext.ts';
import type { StoredGlobals } from '../../repository/manifest-entries.ts';
import type { Lease } from '../../repository/lease.ts';
import { contextFor } from '../agents.ts';
import type { Run } from '../run.ts';

/** What `backup` was asked for. */
export interface BackupOptions {
  /** What to store of each server's roles or users; undefined: nothing. */
  readonly globals: StoredGlobals | undefined;
}

export const withoutGlobals: BackupOptions = { globals: undefined };

/** What every step of one backup is given. */
export interface Backup extends Run, BackupOptions {
  readonly set: string;
  readonly startedAt: Date;
  /** The same moment by the clock that measures durations: nobody sets that one. */
  readonly startedMs: number;
  readonly lease: Lease;
  /** Aborted when the run is interrupted or the lease is lost. */
  readonly signal: AbortSignal;
}

/** What every request of this backup to an agent carries. */
export function contextOf({ topology, set, lease }: Backup, shard: string): OperationContext {
  return contextFor(topology.cluster, topology.repository.url, shard, set, lease.number);
}

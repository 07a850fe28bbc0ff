/** The operators' file: the cluster, its shards and their agents, the repository. Holds no database credentials. */

import type { TransportConfig, RepositoryConfig } from './connection.ts';

export type Consistency = 'atomic' | 'simultaneous';

export interface BarrierConfig {
  readonly consistency: Consistency;
  /** The longest a shard's writers may be held by one attempt. Default 100. */
  readonly holdLimitMs: number;
  /** How long the barrier may try in total before it gives up. Default 30,000. */
  readonly deadlineMs: number;
  /** The sum of all holds within any minute. Default 6,000 (10 %). */
  readonly maxHoldPerMinuteMs: number;
  readonly onDeadline: 'fail' | 'simultaneous';
  /**
   * PostgreSQL: how long the barrier waits for a running autovacuum before it lets the server cancel it. Absent: it never does.
   * Default 10,000, and no more than a third of the deadline.
   */
  readonly cancelAutovacuumMs?: number;
}

export interface CopyConfig {
  /** Lanes on each shard. Default 4. */
  readonly lanes: number;
  /** Shards that copy at once. Default 8. */
  readonly shards: number;
  /** Raw bytes a chunk aims at. Default 32 MiB. */
  readonly chunkBytes: number;
  /** zstd level, 1 to 19. Default 1. */
  readonly compressionLevel: number;
  /** The greatest age of a snapshot: a copy that takes longer fails. Default 24 h. */
  readonly limitMs: number;
}

/** How the answers of one invariant add up over the shards. */
export interface InvariantRule {
  readonly name: string;
  /** sum: their sum must stay the same; equal: all shards must answer the same; each: every shard's own must come back. */
  readonly across: 'sum' | 'equal' | 'each';
}

export interface ShardAddress {
  readonly name: string;
  /** host:port of the shard's agent. */
  readonly agent: string;
}

export interface Topology {
  /** The file it was read from, for messages. */
  readonly path: string;
  readonly cluster: string;
  readonly repository: RepositoryConfig;
  readonly transport: TransportConfig;
  readonly barrier: BarrierConfig;
  readonly copy: CopyConfig;
  readonly invariants: readonly InvariantRule[];
  readonly shards: readonly ShardAddress[];
}

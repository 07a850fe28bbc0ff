/** An agent's progress message as the progress display takes it. */
import type { Progress__Output as WireProgress } from '../proto/gen/tidemark/v1/Progress.ts';
import type { ShardProgress } from './progress.ts';

export function shardProgress(wire: WireProgress): ShardProgress {
  return {
    phase: wire.phase,
    bytes: Number(wire.bytes),
    rows: Number(wire.rows),
    totalBytes: Number(wire.totalBytes),
  };
}

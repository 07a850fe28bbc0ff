// Original file: proto/shard_agent.proto

import type { Progress as _tidemark_v1_Progress, Progress__Output as _tidemark_v1_Progress__Output } from '../../tidemark/v1/Progress.ts';
import type { Finding as _tidemark_v1_Finding, Finding__Output as _tidemark_v1_Finding__Output } from '../../tidemark/v1/Finding.ts';
import type { RehearseDone as _tidemark_v1_RehearseDone, RehearseDone__Output as _tidemark_v1_RehearseDone__Output } from '../../tidemark/v1/RehearseDone.ts';

export interface RehearseReply {
  'progress'?: (_tidemark_v1_Progress | null);
  'finding'?: (_tidemark_v1_Finding | null);
  'done'?: (_tidemark_v1_RehearseDone | null);
  'reply'?: "progress"|"finding"|"done";
}

export interface RehearseReply__Output {
  'progress'?: (_tidemark_v1_Progress__Output | null);
  'finding'?: (_tidemark_v1_Finding__Output | null);
  'done'?: (_tidemark_v1_RehearseDone__Output | null);
  'reply'?: "progress"|"finding"|"done";
}

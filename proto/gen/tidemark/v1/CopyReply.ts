// Original file: proto/shard_agent.proto

import type { Progress as _tidemark_v1_Progress, Progress__Output as _tidemark_v1_Progress__Output } from '../../tidemark/v1/Progress.ts';
import type { CopyDone as _tidemark_v1_CopyDone, CopyDone__Output as _tidemark_v1_CopyDone__Output } from '../../tidemark/v1/CopyDone.ts';

export interface CopyReply {
  'progress'?: (_tidemark_v1_Progress | null);
  'done'?: (_tidemark_v1_CopyDone | null);
  'reply'?: "progress"|"done";
}

export interface CopyReply__Output {
  'progress'?: (_tidemark_v1_Progress__Output | null);
  'done'?: (_tidemark_v1_CopyDone__Output | null);
  'reply'?: "progress"|"done";
}

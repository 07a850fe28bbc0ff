// Original file: proto/shard_agent.proto

import type { Progress as _tidemark_v1_Progress, Progress__Output as _tidemark_v1_Progress__Output } from '../../tidemark/v1/Progress.ts';
import type { Loaded as _tidemark_v1_Loaded, Loaded__Output as _tidemark_v1_Loaded__Output } from '../../tidemark/v1/Loaded.ts';
import type { Switched as _tidemark_v1_Switched, Switched__Output as _tidemark_v1_Switched__Output } from '../../tidemark/v1/Switched.ts';
import type { Discarded as _tidemark_v1_Discarded, Discarded__Output as _tidemark_v1_Discarded__Output } from '../../tidemark/v1/Discarded.ts';

export interface RestoreReply {
  'progress'?: (_tidemark_v1_Progress | null);
  'loaded'?: (_tidemark_v1_Loaded | null);
  'switched'?: (_tidemark_v1_Switched | null);
  'discarded'?: (_tidemark_v1_Discarded | null);
  'reply'?: "progress"|"loaded"|"switched"|"discarded";
}

export interface RestoreReply__Output {
  'progress'?: (_tidemark_v1_Progress__Output | null);
  'loaded'?: (_tidemark_v1_Loaded__Output | null);
  'switched'?: (_tidemark_v1_Switched__Output | null);
  'discarded'?: (_tidemark_v1_Discarded__Output | null);
  'reply'?: "progress"|"loaded"|"switched"|"discarded";
}

// Original file: proto/shard_agent.proto

import type { Progress as _tidemark_v1_Progress, Progress__Output as _tidemark_v1_Progress__Output } from '../../tidemark/v1/Progress.ts';
import type { Loaded as _tidemark_v1_Loaded, Loaded__Output as _tidemark_v1_Loaded__Output } from '../../tidemark/v1/Loaded.ts';
import type { Switched as _tidemark_v1_Switched, Switched__Output as _tidemark_v1_Switched__Output } from '../../tidemark/v1/Switched.ts';
import type { Discarded as _tidemark_v1_Discarded, Discarded__Output as _tidemark_v1_Discarded__Output } from '../../tidemark/v1/Discarded.ts';
import type { TargetClosed as _tidemark_v1_TargetClosed, TargetClosed__Output as _tidemark_v1_TargetClosed__Output } from '../../tidemark/v1/TargetClosed.ts';
import type { Opened as _tidemark_v1_Opened, Opened__Output as _tidemark_v1_Opened__Output } from '../../tidemark/v1/Opened.ts';
import type { Finished as _tidemark_v1_Finished, Finished__Output as _tidemark_v1_Finished__Output } from '../../tidemark/v1/Finished.ts';

export interface RestoreReply {
  'progress'?: (_tidemark_v1_Progress | null);
  'loaded'?: (_tidemark_v1_Loaded | null);
  'switched'?: (_tidemark_v1_Switched | null);
  'discarded'?: (_tidemark_v1_Discarded | null);
  'targetClosed'?: (_tidemark_v1_TargetClosed | null);
  'opened'?: (_tidemark_v1_Opened | null);
  'finished'?: (_tidemark_v1_Finished | null);
  'reply'?: "progress"|"loaded"|"switched"|"discarded"|"targetClosed"|"opened"|"finished";
}

export interface RestoreReply__Output {
  'progress'?: (_tidemark_v1_Progress__Output | null);
  'loaded'?: (_tidemark_v1_Loaded__Output | null);
  'switched'?: (_tidemark_v1_Switched__Output | null);
  'discarded'?: (_tidemark_v1_Discarded__Output | null);
  'targetClosed'?: (_tidemark_v1_TargetClosed__Output | null);
  'opened'?: (_tidemark_v1_Opened__Output | null);
  'finished'?: (_tidemark_v1_Finished__Output | null);
  'reply'?: "progress"|"loaded"|"switched"|"discarded"|"targetClosed"|"opened"|"finished";
}

// Original file: proto/shard_agent.proto

import type { MarkHeld as _tidemark_v1_MarkHeld, MarkHeld__Output as _tidemark_v1_MarkHeld__Output } from '../../tidemark/v1/MarkHeld.ts';
import type { MarkReleased as _tidemark_v1_MarkReleased, MarkReleased__Output as _tidemark_v1_MarkReleased__Output } from '../../tidemark/v1/MarkReleased.ts';

export interface MarkReply {
  'held'?: (_tidemark_v1_MarkHeld | null);
  'released'?: (_tidemark_v1_MarkReleased | null);
  'reply'?: "held"|"released";
}

export interface MarkReply__Output {
  'held'?: (_tidemark_v1_MarkHeld__Output | null);
  'released'?: (_tidemark_v1_MarkReleased__Output | null);
  'reply'?: "held"|"released";
}

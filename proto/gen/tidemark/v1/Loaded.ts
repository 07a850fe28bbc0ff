// Original file: proto/shard_agent.proto

import type { Sums as _tidemark_v1_Sums, Sums__Output as _tidemark_v1_Sums__Output } from '../../tidemark/v1/Sums.ts';
import type { InvariantAnswer as _tidemark_v1_InvariantAnswer, InvariantAnswer__Output as _tidemark_v1_InvariantAnswer__Output } from '../../tidemark/v1/InvariantAnswer.ts';

export interface Loaded {
  'sums'?: (_tidemark_v1_Sums | null);
  'invariants'?: (_tidemark_v1_InvariantAnswer)[];
}

export interface Loaded__Output {
  'sums': (_tidemark_v1_Sums__Output | null);
  'invariants': (_tidemark_v1_InvariantAnswer__Output)[];
}

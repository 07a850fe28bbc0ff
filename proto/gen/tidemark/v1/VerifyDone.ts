// Original file: proto/shard_agent.proto

import type { Sums as _tidemark_v1_Sums, Sums__Output as _tidemark_v1_Sums__Output } from '../../tidemark/v1/Sums.ts';

export interface VerifyDone {
  'sums'?: (_tidemark_v1_Sums | null);
}

export interface VerifyDone__Output {
  'sums': (_tidemark_v1_Sums__Output | null);
}

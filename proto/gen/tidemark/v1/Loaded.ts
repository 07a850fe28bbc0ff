// Original file: proto/shard_agent.proto

import type { Sums as _tidemark_v1_Sums, Sums__Output as _tidemark_v1_Sums__Output } from '../../tidemark/v1/Sums.ts';
import type { InvariantAnswer as _tidemark_v1_InvariantAnswer, InvariantAnswer__Output as _tidemark_v1_InvariantAnswer__Output } from '../../tidemark/v1/InvariantAnswer.ts';
import type { NotAsked as _tidemark_v1_NotAsked, NotAsked__Output as _tidemark_v1_NotAsked__Output } from '../../tidemark/v1/NotAsked.ts';
import type { Finding as _tidemark_v1_Finding, Finding__Output as _tidemark_v1_Finding__Output } from '../../tidemark/v1/Finding.ts';

export interface Loaded {
  'sums'?: (_tidemark_v1_Sums | null);
  'invariants'?: (_tidemark_v1_InvariantAnswer)[];
  'notAsked'?: (_tidemark_v1_NotAsked)[];
  'warnings'?: (_tidemark_v1_Finding)[];
}

export interface Loaded__Output {
  'sums': (_tidemark_v1_Sums__Output | null);
  'invariants': (_tidemark_v1_InvariantAnswer__Output)[];
  'notAsked': (_tidemark_v1_NotAsked__Output)[];
  'warnings': (_tidemark_v1_Finding__Output)[];
}

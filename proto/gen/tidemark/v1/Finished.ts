// Original file: proto/shard_agent.proto

import type { Finding as _tidemark_v1_Finding, Finding__Output as _tidemark_v1_Finding__Output } from '../../tidemark/v1/Finding.ts';

export interface Finished {
  'warnings'?: (_tidemark_v1_Finding)[];
}

export interface Finished__Output {
  'warnings': (_tidemark_v1_Finding__Output)[];
}

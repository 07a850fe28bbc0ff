// Original file: proto/shard_agent.proto

import type { Blocker as _tidemark_v1_Blocker, Blocker__Output as _tidemark_v1_Blocker__Output } from '../../tidemark/v1/Blocker.ts';

export interface Probed {
  'blockers'?: (_tidemark_v1_Blocker)[];
  'more'?: (number);
}

export interface Probed__Output {
  'blockers': (_tidemark_v1_Blocker__Output)[];
  'more': (number);
}

// Original file: proto/shard_agent.proto

import type { Blocker as _tidemark_v1_Blocker, Blocker__Output as _tidemark_v1_Blocker__Output } from '../../tidemark/v1/Blocker.ts';

export interface Blocked {
  'attempt'?: (number);
  'reason'?: (string);
  'blockers'?: (_tidemark_v1_Blocker)[];
  'holdMs'?: (number | string);
  'more'?: (number);
}

export interface Blocked__Output {
  'attempt': (number);
  'reason': (string);
  'blockers': (_tidemark_v1_Blocker__Output)[];
  'holdMs': (number);
  'more': (number);
}

// Original file: proto/shard_agent.proto

import type { Server as _tidemark_v1_Server, Server__Output as _tidemark_v1_Server__Output } from '../../tidemark/v1/Server.ts';
import type { Finding as _tidemark_v1_Finding, Finding__Output as _tidemark_v1_Finding__Output } from '../../tidemark/v1/Finding.ts';
import type { InvariantAnswer as _tidemark_v1_InvariantAnswer, InvariantAnswer__Output as _tidemark_v1_InvariantAnswer__Output } from '../../tidemark/v1/InvariantAnswer.ts';

export interface CheckReply {
  'server'?: (_tidemark_v1_Server | null);
  'findings'?: (_tidemark_v1_Finding)[];
  'invariants'?: (_tidemark_v1_InvariantAnswer)[];
  'nonceAnswered'?: (boolean);
}

export interface CheckReply__Output {
  'server': (_tidemark_v1_Server__Output | null);
  'findings': (_tidemark_v1_Finding__Output)[];
  'invariants': (_tidemark_v1_InvariantAnswer__Output)[];
  'nonceAnswered': (boolean);
}

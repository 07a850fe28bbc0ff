// Original file: proto/shard_agent.proto

import type { Server as _tidemark_v1_Server, Server__Output as _tidemark_v1_Server__Output } from '../../tidemark/v1/Server.ts';
import type { Finding as _tidemark_v1_Finding, Finding__Output as _tidemark_v1_Finding__Output } from '../../tidemark/v1/Finding.ts';
import type { NotAsked as _tidemark_v1_NotAsked, NotAsked__Output as _tidemark_v1_NotAsked__Output } from '../../tidemark/v1/NotAsked.ts';

export interface FitReply {
  'server'?: (_tidemark_v1_Server | null);
  'findings'?: (_tidemark_v1_Finding)[];
  'databases'?: (string)[];
  'notAsked'?: (_tidemark_v1_NotAsked)[];
  'nonceAnswered'?: (boolean);
}

export interface FitReply__Output {
  'server': (_tidemark_v1_Server__Output | null);
  'findings': (_tidemark_v1_Finding__Output)[];
  'databases': (string)[];
  'notAsked': (_tidemark_v1_NotAsked__Output)[];
  'nonceAnswered': (boolean);
}

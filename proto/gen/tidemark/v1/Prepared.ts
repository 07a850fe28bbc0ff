// Original file: proto/shard_agent.proto

import type { Server as _tidemark_v1_Server, Server__Output as _tidemark_v1_Server__Output } from '../../tidemark/v1/Server.ts';
import type { Finding as _tidemark_v1_Finding, Finding__Output as _tidemark_v1_Finding__Output } from '../../tidemark/v1/Finding.ts';
import type { InvariantAnswer as _tidemark_v1_InvariantAnswer, InvariantAnswer__Output as _tidemark_v1_InvariantAnswer__Output } from '../../tidemark/v1/InvariantAnswer.ts';
import type { Long } from '@grpc/proto-loader';

export interface Prepared {
  'server'?: (_tidemark_v1_Server | null);
  'tables'?: (number);
  'estimatedBytes'?: (number | string | Long);
  'uncontendedLockMs'?: (number | string);
  'warnings'?: (_tidemark_v1_Finding)[];
  'invariants'?: (_tidemark_v1_InvariantAnswer)[];
}

export interface Prepared__Output {
  'server': (_tidemark_v1_Server__Output | null);
  'tables': (number);
  'estimatedBytes': (string);
  'uncontendedLockMs': (number);
  'warnings': (_tidemark_v1_Finding__Output)[];
  'invariants': (_tidemark_v1_InvariantAnswer__Output)[];
}

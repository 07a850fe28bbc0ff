// Original file: proto/shard_agent.proto

import type { Server as _tidemark_v1_Server, Server__Output as _tidemark_v1_Server__Output } from '../../tidemark/v1/Server.ts';
import type { Sums as _tidemark_v1_Sums, Sums__Output as _tidemark_v1_Sums__Output } from '../../tidemark/v1/Sums.ts';
import type { ManifestRef as _tidemark_v1_ManifestRef, ManifestRef__Output as _tidemark_v1_ManifestRef__Output } from '../../tidemark/v1/ManifestRef.ts';

export interface RehearseDone {
  'server'?: (_tidemark_v1_Server | null);
  'sums'?: (_tidemark_v1_Sums | null);
  'manifest'?: (_tidemark_v1_ManifestRef | null);
  'set'?: (string);
}

export interface RehearseDone__Output {
  'server': (_tidemark_v1_Server__Output | null);
  'sums': (_tidemark_v1_Sums__Output | null);
  'manifest': (_tidemark_v1_ManifestRef__Output | null);
  'set': (string);
}

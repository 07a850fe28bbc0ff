// Original file: proto/shard_agent.proto

import type { OperationContext as _tidemark_v1_OperationContext, OperationContext__Output as _tidemark_v1_OperationContext__Output } from '../../tidemark/v1/OperationContext.ts';
import type { ManifestRef as _tidemark_v1_ManifestRef, ManifestRef__Output as _tidemark_v1_ManifestRef__Output } from '../../tidemark/v1/ManifestRef.ts';

export interface RehearseRequest {
  'context'?: (_tidemark_v1_OperationContext | null);
  'lanes'?: (number);
  'rows'?: (number);
  'store'?: (boolean);
  'manifest'?: (_tidemark_v1_ManifestRef | null);
  'sourceShard'?: (string);
  'restore'?: (string);
  'globals'?: (boolean);
}

export interface RehearseRequest__Output {
  'context': (_tidemark_v1_OperationContext__Output | null);
  'lanes': (number);
  'rows': (number);
  'store': (boolean);
  'manifest': (_tidemark_v1_ManifestRef__Output | null);
  'sourceShard': (string);
  'restore': (string);
  'globals': (boolean);
}

// Original file: proto/shard_agent.proto

import type { OperationContext as _tidemark_v1_OperationContext, OperationContext__Output as _tidemark_v1_OperationContext__Output } from '../../tidemark/v1/OperationContext.ts';
import type { ManifestRef as _tidemark_v1_ManifestRef, ManifestRef__Output as _tidemark_v1_ManifestRef__Output } from '../../tidemark/v1/ManifestRef.ts';
import type { Nonce as _tidemark_v1_Nonce, Nonce__Output as _tidemark_v1_Nonce__Output } from '../../tidemark/v1/Nonce.ts';

export interface FitRequest {
  'context'?: (_tidemark_v1_OperationContext | null);
  'manifest'?: (_tidemark_v1_ManifestRef | null);
  'sourceShard'?: (string);
  'globals'?: (boolean);
  'lanes'?: (number);
  'nonce'?: (_tidemark_v1_Nonce | null);
}

export interface FitRequest__Output {
  'context': (_tidemark_v1_OperationContext__Output | null);
  'manifest': (_tidemark_v1_ManifestRef__Output | null);
  'sourceShard': (string);
  'globals': (boolean);
  'lanes': (number);
  'nonce': (_tidemark_v1_Nonce__Output | null);
}

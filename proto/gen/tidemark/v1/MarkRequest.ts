// Original file: proto/shard_agent.proto

import type { OperationContext as _tidemark_v1_OperationContext, OperationContext__Output as _tidemark_v1_OperationContext__Output } from '../../tidemark/v1/OperationContext.ts';

export interface MarkRequest {
  'context'?: (_tidemark_v1_OperationContext | null);
  'mark'?: (string);
}

export interface MarkRequest__Output {
  'context': (_tidemark_v1_OperationContext__Output | null);
  'mark': (string);
}

// Original file: proto/shard_agent.proto

import type { OperationContext as _tidemark_v1_OperationContext, OperationContext__Output as _tidemark_v1_OperationContext__Output } from '../../tidemark/v1/OperationContext.ts';
import type { Nonce as _tidemark_v1_Nonce, Nonce__Output as _tidemark_v1_Nonce__Output } from '../../tidemark/v1/Nonce.ts';

export interface CheckRequest {
  'context'?: (_tidemark_v1_OperationContext | null);
  'nonce'?: (_tidemark_v1_Nonce | null);
  'globals'?: (string);
  'lanes'?: (number);
  'withoutLocks'?: (boolean);
  'holdLimitMs'?: (number | string);
}

export interface CheckRequest__Output {
  'context': (_tidemark_v1_OperationContext__Output | null);
  'nonce': (_tidemark_v1_Nonce__Output | null);
  'globals': (string);
  'lanes': (number);
  'withoutLocks': (boolean);
  'holdLimitMs': (number);
}

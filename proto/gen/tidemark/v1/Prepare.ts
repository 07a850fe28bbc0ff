// Original file: proto/shard_agent.proto

import type { OperationContext as _tidemark_v1_OperationContext, OperationContext__Output as _tidemark_v1_OperationContext__Output } from '../../tidemark/v1/OperationContext.ts';
import type { Nonce as _tidemark_v1_Nonce, Nonce__Output as _tidemark_v1_Nonce__Output } from '../../tidemark/v1/Nonce.ts';
import type { Long } from '@grpc/proto-loader';

export interface Prepare {
  'context'?: (_tidemark_v1_OperationContext | null);
  'lanes'?: (number);
  'chunkBytes'?: (number | string | Long);
  'compressionLevel'?: (number);
  'holdLimitMs'?: (number | string);
  'copyLimitMs'?: (number | string);
  'graceMs'?: (number | string);
  'locks'?: (boolean);
  'nonce'?: (_tidemark_v1_Nonce | null);
  'globals'?: (string);
  'cancelAutovacuumMs'?: (number | string);
  '_cancelAutovacuumMs'?: "cancelAutovacuumMs";
}

export interface Prepare__Output {
  'context': (_tidemark_v1_OperationContext__Output | null);
  'lanes': (number);
  'chunkBytes': (string);
  'compressionLevel': (number);
  'holdLimitMs': (number);
  'copyLimitMs': (number);
  'graceMs': (number);
  'locks': (boolean);
  'nonce': (_tidemark_v1_Nonce__Output | null);
  'globals': (string);
  'cancelAutovacuumMs'?: (number);
  '_cancelAutovacuumMs'?: "cancelAutovacuumMs";
}

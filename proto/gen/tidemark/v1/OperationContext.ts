// Original file: proto/shard_agent.proto

import type { Long } from '@grpc/proto-loader';

export interface OperationContext {
  'protocolVersion'?: (number);
  'cluster'?: (string);
  'shard'?: (string);
  'set'?: (string);
  'leaseNumber'?: (number | string | Long);
  'repositoryUrl'?: (string);
}

export interface OperationContext__Output {
  'protocolVersion': (number);
  'cluster': (string);
  'shard': (string);
  'set': (string);
  'leaseNumber': (string);
  'repositoryUrl': (string);
}

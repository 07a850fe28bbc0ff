// Original file: proto/shard_agent.proto

import type { Long } from '@grpc/proto-loader';

export interface ManifestRef {
  'key'?: (string);
  'size'?: (number | string | Long);
  'sha256'?: (string);
}

export interface ManifestRef__Output {
  'key': (string);
  'size': (string);
  'sha256': (string);
}

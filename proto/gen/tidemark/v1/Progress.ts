// Original file: proto/shard_agent.proto

import type { Long } from '@grpc/proto-loader';

export interface Progress {
  'phase'?: (string);
  'bytes'?: (number | string | Long);
  'rows'?: (number | string | Long);
  'storedBytes'?: (number | string | Long);
  'totalBytes'?: (number | string | Long);
  'chunks'?: (number);
  'totalChunks'?: (number);
  'snapshotAgeMs'?: (number | string);
}

export interface Progress__Output {
  'phase': (string);
  'bytes': (string);
  'rows': (string);
  'storedBytes': (string);
  'totalBytes': (string);
  'chunks': (number);
  'totalChunks': (number);
  'snapshotAgeMs': (number);
}

// Original file: proto/shard_agent.proto

import type { Long } from '@grpc/proto-loader';

export interface Sums {
  'tables'?: (number | string | Long);
  'rows'?: (number | string | Long);
  'chunks'?: (number | string | Long);
  'rawBytes'?: (number | string | Long);
  'storedBytes'?: (number | string | Long);
  'objects'?: (number | string | Long);
}

export interface Sums__Output {
  'tables': (string);
  'rows': (string);
  'chunks': (string);
  'rawBytes': (string);
  'storedBytes': (string);
  'objects': (string);
}

// Original file: proto/shard_agent.proto

import type { Long } from '@grpc/proto-loader';

export interface BinlogPosition {
  'file'?: (string);
  'offset'?: (number | string | Long);
  'gtidSet'?: (string);
  'serverUuid'?: (string);
}

export interface BinlogPosition__Output {
  'file': (string);
  'offset': (string);
  'gtidSet': (string);
  'serverUuid': (string);
}

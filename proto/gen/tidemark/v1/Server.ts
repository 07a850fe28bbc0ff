// Original file: proto/shard_agent.proto

import type { Long } from '@grpc/proto-loader';

export interface Server {
  'family'?: (string);
  'version'?: (string);
  'identity'?: (string);
  'databases'?: (string)[];
  'bytes'?: (number | string | Long);
}

export interface Server__Output {
  'family': (string);
  'version': (string);
  'identity': (string);
  'databases': (string)[];
  'bytes': (string);
}

// Original file: proto/shard_agent.proto

import type { Server as _tidemark_v1_Server, Server__Output as _tidemark_v1_Server__Output } from '../../tidemark/v1/Server.ts';
import type { Long } from '@grpc/proto-loader';

export interface DescribeReply {
  'protocolVersion'?: (number);
  'tidemarkVersion'?: (string);
  'shard'?: (string);
  'repositoryUrl'?: (string);
  'server'?: (_tidemark_v1_Server | null);
  'activity'?: (string);
  'activitySet'?: (string);
  'activityRestore'?: (string);
  'wallClockMs'?: (number | string | Long);
}

export interface DescribeReply__Output {
  'protocolVersion': (number);
  'tidemarkVersion': (string);
  'shard': (string);
  'repositoryUrl': (string);
  'server': (_tidemark_v1_Server__Output | null);
  'activity': (string);
  'activitySet': (string);
  'activityRestore': (string);
  'wallClockMs': (string);
}

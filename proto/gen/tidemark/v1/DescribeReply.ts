// Original file: proto/shard_agent.proto

import type { Server as _tidemark_v1_Server, Server__Output as _tidemark_v1_Server__Output } from '../../tidemark/v1/Server.ts';

export interface DescribeReply {
  'protocolVersion'?: (number);
  'tidemarkVersion'?: (string);
  'shard'?: (string);
  'repositoryUrl'?: (string);
  'server'?: (_tidemark_v1_Server | null);
  'activity'?: (string);
  'activitySet'?: (string);
  'activityRestore'?: (string);
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
}

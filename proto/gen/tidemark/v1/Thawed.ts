// Original file: proto/shard_agent.proto


export interface Thawed {
  'attempt'?: (number);
  'holdMs'?: (number | string);
  'releaseMs'?: (number | string);
}

export interface Thawed__Output {
  'attempt': (number);
  'holdMs': (number);
  'releaseMs': (number);
}

// Original file: proto/shard_agent.proto


export interface Freeze {
  'attempt'?: (number);
  'holdMs'?: (number | string);
}

export interface Freeze__Output {
  'attempt': (number);
  'holdMs': (number);
}

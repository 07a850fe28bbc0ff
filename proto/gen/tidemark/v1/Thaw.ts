// Original file: proto/shard_agent.proto


export interface Thaw {
  'attempt'?: (number);
}

export interface Thaw__Output {
  'attempt': (number);
}

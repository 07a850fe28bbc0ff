// Original file: proto/shard_agent.proto


export interface Cut {
  'attempt'?: (number);
}

export interface Cut__Output {
  'attempt': (number);
}

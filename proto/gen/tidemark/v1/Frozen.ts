// Original file: proto/shard_agent.proto


export interface Frozen {
  'attempt'?: (number);
  'lockMs'?: (number | string);
}

export interface Frozen__Output {
  'attempt': (number);
  'lockMs': (number);
}

// Original file: proto/shard_agent.proto


export interface Freeze {
  'attempt'?: (number);
  'drainMs'?: (number | string);
}

export interface Freeze__Output {
  'attempt': (number);
  'drainMs': (number);
}

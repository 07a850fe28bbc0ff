// Original file: proto/shard_agent.proto


export interface Cut {
  'attempt'?: (number);
  'withoutLocks'?: (boolean);
}

export interface Cut__Output {
  'attempt': (number);
  'withoutLocks': (boolean);
}

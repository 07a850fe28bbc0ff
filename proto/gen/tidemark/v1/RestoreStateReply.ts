// Original file: proto/shard_agent.proto


export interface RestoreStateReply {
  'state'?: (string);
  'trouble'?: (string);
}

export interface RestoreStateReply__Output {
  'state': (string);
  'trouble': (string);
}

// Original file: proto/shard_agent.proto


export interface AbortReply {
  'aborted'?: (string);
}

export interface AbortReply__Output {
  'aborted': (string);
}

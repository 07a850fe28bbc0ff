// Original file: proto/shard_agent.proto


export interface SeeMarksReply {
  'seen'?: (string)[];
}

export interface SeeMarksReply__Output {
  'seen': (string)[];
}

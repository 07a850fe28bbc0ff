// Original file: proto/shard_agent.proto


export interface Nonce {
  'key'?: (string);
  'value'?: (string);
  'replyKey'?: (string);
}

export interface Nonce__Output {
  'key': (string);
  'value': (string);
  'replyKey': (string);
}

// Original file: proto/shard_agent.proto


export interface Finding {
  'code'?: (string);
  'subject'?: (string);
  'cause'?: (string);
  'remedy'?: (string);
  'warning'?: (boolean);
}

export interface Finding__Output {
  'code': (string);
  'subject': (string);
  'cause': (string);
  'remedy': (string);
  'warning': (boolean);
}

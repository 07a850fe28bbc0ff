// Original file: proto/shard_agent.proto


export interface Blocker {
  'kind'?: (string);
  'processId'?: (string);
  'user'?: (string);
  'database'?: (string);
  'application'?: (string);
  'client'?: (string);
  'state'?: (string);
  'ageMs'?: (number | string);
  'statement'?: (string);
  'transaction'?: (string);
}

export interface Blocker__Output {
  'kind': (string);
  'processId': (string);
  'user': (string);
  'database': (string);
  'application': (string);
  'client': (string);
  'state': (string);
  'ageMs': (number);
  'statement': (string);
  'transaction': (string);
}

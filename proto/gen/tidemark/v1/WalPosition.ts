// Original file: proto/shard_agent.proto


export interface WalPosition {
  'lsn'?: (string);
  'timeline'?: (number);
  'systemIdentifier'?: (string);
}

export interface WalPosition__Output {
  'lsn': (string);
  'timeline': (number);
  'systemIdentifier': (string);
}

// Original file: proto/shard_agent.proto


export interface NotAsked {
  'name'?: (string);
  'reason'?: (string);
}

export interface NotAsked__Output {
  'name': (string);
  'reason': (string);
}

// Original file: proto/shard_agent.proto


export interface InvariantAnswer {
  'name'?: (string);
  'answer'?: (string);
}

export interface InvariantAnswer__Output {
  'name': (string);
  'answer': (string);
}

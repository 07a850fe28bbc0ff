// Original file: proto/shard_agent.proto


export interface InvariantAnswer {
  'name'?: (string);
  'answer'?: (string);
  '_answer'?: "answer";
}

export interface InvariantAnswer__Output {
  'name': (string);
  'answer'?: (string);
  '_answer'?: "answer";
}

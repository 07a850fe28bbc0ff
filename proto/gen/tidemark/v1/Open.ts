// Original file: proto/shard_agent.proto


export interface Open {
}

export interface Open__Output {
}

// Original file: proto/shard_agent.proto


export interface Switch {
}

export interface Switch__Output {
}

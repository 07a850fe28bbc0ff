// Original file: proto/shard_agent.proto


export interface Discard {
}

export interface Discard__Output {
}

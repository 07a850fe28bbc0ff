// Original file: proto/shard_agent.proto


export interface Discarded {
}

export interface Discarded__Output {
}

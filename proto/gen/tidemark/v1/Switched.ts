// Original file: proto/shard_agent.proto


export interface Switched {
}

export interface Switched__Output {
}

// Original file: proto/shard_agent.proto


export interface Finished {
}

export interface Finished__Output {
}

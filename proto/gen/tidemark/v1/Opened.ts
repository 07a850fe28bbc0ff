// Original file: proto/shard_agent.proto


export interface Opened {
}

export interface Opened__Output {
}

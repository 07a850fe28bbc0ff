// Original file: proto/shard_agent.proto


export interface CloseTarget {
}

export interface CloseTarget__Output {
}

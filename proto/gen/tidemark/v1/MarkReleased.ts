// Original file: proto/shard_agent.proto


export interface MarkReleased {
}

export interface MarkReleased__Output {
}

// Original file: proto/shard_agent.proto


export interface MarkHeld {
}

export interface MarkHeld__Output {
}

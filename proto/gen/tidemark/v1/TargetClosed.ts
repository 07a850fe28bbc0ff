// Original file: proto/shard_agent.proto


export interface TargetClosed {
}

export interface TargetClosed__Output {
}

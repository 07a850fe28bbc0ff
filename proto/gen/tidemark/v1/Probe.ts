// Original file: proto/shard_agent.proto


export interface Probe {
}

export interface Probe__Output {
}

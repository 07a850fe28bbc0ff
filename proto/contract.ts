/** The loaded contract, and what both sides of every channel agree on: version, size limits, keepalive. */
import { fileURLToPath } from 'node:url';
import { loadPackageDefinition } from '@grpc/grpc-js';
import { loadSync } from '@grpc/proto-loader';
import type { ProtoGrpcType } from './gen/shard_agent.ts';
import type { ProtoGrpcType as HealthGrpcType } from './gen/health.ts';

/** What this build speaks. Raised when an older peer would misunderstand a message. */
export const protocolVersion = 3;

/** No message is larger: the longest are findings and blockers, bounded by their senders. */
const messageBytes = 4 * 1024 * 1024;

/**
 * Both sides ping a silent peer each second and give it three seconds to answer: a host that is frozen or cut off
 * keeps its connection open, and only an unanswered ping tells. grpc-js servers set no lower bound on a client's pings.
 */
export const channelOptions = {
  'grpc.keepalive_time_ms': 1000,
  'grpc.keepalive_timeout_ms': 3000,
  'grpc.keepalive_permit_without_calls': 1,
  'grpc.max_receive_message_length': messageBytes,
  'grpc.max_send_message_length': messageBytes,
  'grpc.enable_retries': 0,
  // An agent is reached as its address says: a proxy for web pages, or a record in the DNS, is not meant for it.
  'grpc.enable_http_proxy': 0,
  'grpc.service_config_disable_resolution': 1,
  'grpc.initial_reconnect_backoff_ms': 200,
  'grpc.max_reconnect_backoff_ms': 5000,
} as const;

// The same options as proto/generate.ts, or the generated types would describe other values than arrive.
const definition = loadSync(
  ['./shard_agent.proto', './health.proto'].map((file) => fileURLToPath(new URL(file, import.meta.url))),
  { longs: String, enums: String, defaults: true, oneofs: true },
);
const loaded = loadPackageDefinition(definition) as unknown as ProtoGrpcType & HealthGrpcType;

/** The services as grpc-js knows them. */
export const services = {
  agent: loaded.tidemark.v1.ShardAgent,
  health: loaded.grpc.health.v1.Health,
} as const;

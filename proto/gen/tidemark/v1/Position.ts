// Original file: proto/shard_agent.proto

import type { WalPosition as _tidemark_v1_WalPosition, WalPosition__Output as _tidemark_v1_WalPosition__Output } from '../../tidemark/v1/WalPosition.ts';
import type { BinlogPosition as _tidemark_v1_BinlogPosition, BinlogPosition__Output as _tidemark_v1_BinlogPosition__Output } from '../../tidemark/v1/BinlogPosition.ts';

export interface Position {
  'wal'?: (_tidemark_v1_WalPosition | null);
  'binlog'?: (_tidemark_v1_BinlogPosition | null);
  'position'?: "wal"|"binlog";
}

export interface Position__Output {
  'wal'?: (_tidemark_v1_WalPosition__Output | null);
  'binlog'?: (_tidemark_v1_BinlogPosition__Output | null);
  'position'?: "wal"|"binlog";
}

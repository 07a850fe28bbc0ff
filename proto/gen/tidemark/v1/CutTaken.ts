// Original file: proto/shard_agent.proto

import type { Position as _tidemark_v1_Position, Position__Output as _tidemark_v1_Position__Output } from '../../tidemark/v1/Position.ts';

export interface CutTaken {
  'attempt'?: (number);
  'holdMs'?: (number | string);
  'snapshotMs'?: (number | string);
  'position'?: (_tidemark_v1_Position | null);
  'cancelledAutovacuums'?: (string)[];
}

export interface CutTaken__Output {
  'attempt': (number);
  'holdMs': (number);
  'snapshotMs': (number);
  'position': (_tidemark_v1_Position__Output | null);
  'cancelledAutovacuums': (string)[];
}

// Original file: proto/shard_agent.proto

import type { Prepared as _tidemark_v1_Prepared, Prepared__Output as _tidemark_v1_Prepared__Output } from '../../tidemark/v1/Prepared.ts';
import type { Probed as _tidemark_v1_Probed, Probed__Output as _tidemark_v1_Probed__Output } from '../../tidemark/v1/Probed.ts';
import type { Frozen as _tidemark_v1_Frozen, Frozen__Output as _tidemark_v1_Frozen__Output } from '../../tidemark/v1/Frozen.ts';
import type { Blocked as _tidemark_v1_Blocked, Blocked__Output as _tidemark_v1_Blocked__Output } from '../../tidemark/v1/Blocked.ts';
import type { Thawed as _tidemark_v1_Thawed, Thawed__Output as _tidemark_v1_Thawed__Output } from '../../tidemark/v1/Thawed.ts';
import type { CutTaken as _tidemark_v1_CutTaken, CutTaken__Output as _tidemark_v1_CutTaken__Output } from '../../tidemark/v1/CutTaken.ts';

export interface BarrierReply {
  'prepared'?: (_tidemark_v1_Prepared | null);
  'probed'?: (_tidemark_v1_Probed | null);
  'frozen'?: (_tidemark_v1_Frozen | null);
  'blocked'?: (_tidemark_v1_Blocked | null);
  'thawed'?: (_tidemark_v1_Thawed | null);
  'cutTaken'?: (_tidemark_v1_CutTaken | null);
  'reply'?: "prepared"|"probed"|"frozen"|"blocked"|"thawed"|"cutTaken";
}

export interface BarrierReply__Output {
  'prepared'?: (_tidemark_v1_Prepared__Output | null);
  'probed'?: (_tidemark_v1_Probed__Output | null);
  'frozen'?: (_tidemark_v1_Frozen__Output | null);
  'blocked'?: (_tidemark_v1_Blocked__Output | null);
  'thawed'?: (_tidemark_v1_Thawed__Output | null);
  'cutTaken'?: (_tidemark_v1_CutTaken__Output | null);
  'reply'?: "prepared"|"probed"|"frozen"|"blocked"|"thawed"|"cutTaken";
}

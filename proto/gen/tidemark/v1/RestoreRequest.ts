// Original file: proto/shard_agent.proto

import type { Load as _tidemark_v1_Load, Load__Output as _tidemark_v1_Load__Output } from '../../tidemark/v1/Load.ts';
import type { Switch as _tidemark_v1_Switch, Switch__Output as _tidemark_v1_Switch__Output } from '../../tidemark/v1/Switch.ts';
import type { Discard as _tidemark_v1_Discard, Discard__Output as _tidemark_v1_Discard__Output } from '../../tidemark/v1/Discard.ts';
import type { CloseTarget as _tidemark_v1_CloseTarget, CloseTarget__Output as _tidemark_v1_CloseTarget__Output } from '../../tidemark/v1/CloseTarget.ts';
import type { Open as _tidemark_v1_Open, Open__Output as _tidemark_v1_Open__Output } from '../../tidemark/v1/Open.ts';

export interface RestoreRequest {
  'load'?: (_tidemark_v1_Load | null);
  'switch'?: (_tidemark_v1_Switch | null);
  'discard'?: (_tidemark_v1_Discard | null);
  'closeTarget'?: (_tidemark_v1_CloseTarget | null);
  'open'?: (_tidemark_v1_Open | null);
  'request'?: "load"|"switch"|"discard"|"closeTarget"|"open";
}

export interface RestoreRequest__Output {
  'load'?: (_tidemark_v1_Load__Output | null);
  'switch'?: (_tidemark_v1_Switch__Output | null);
  'discard'?: (_tidemark_v1_Discard__Output | null);
  'closeTarget'?: (_tidemark_v1_CloseTarget__Output | null);
  'open'?: (_tidemark_v1_Open__Output | null);
  'request'?: "load"|"switch"|"discard"|"closeTarget"|"open";
}

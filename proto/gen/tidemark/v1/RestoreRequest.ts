// Original file: proto/shard_agent.proto

import type { Load as _tidemark_v1_Load, Load__Output as _tidemark_v1_Load__Output } from '../../tidemark/v1/Load.ts';
import type { Switch as _tidemark_v1_Switch, Switch__Output as _tidemark_v1_Switch__Output } from '../../tidemark/v1/Switch.ts';
import type { Discard as _tidemark_v1_Discard, Discard__Output as _tidemark_v1_Discard__Output } from '../../tidemark/v1/Discard.ts';

export interface RestoreRequest {
  'load'?: (_tidemark_v1_Load | null);
  'switch'?: (_tidemark_v1_Switch | null);
  'discard'?: (_tidemark_v1_Discard | null);
  'request'?: "load"|"switch"|"discard";
}

export interface RestoreRequest__Output {
  'load'?: (_tidemark_v1_Load__Output | null);
  'switch'?: (_tidemark_v1_Switch__Output | null);
  'discard'?: (_tidemark_v1_Discard__Output | null);
  'request'?: "load"|"switch"|"discard";
}

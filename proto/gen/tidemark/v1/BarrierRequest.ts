// Original file: proto/shard_agent.proto

import type { Prepare as _tidemark_v1_Prepare, Prepare__Output as _tidemark_v1_Prepare__Output } from '../../tidemark/v1/Prepare.ts';
import type { Probe as _tidemark_v1_Probe, Probe__Output as _tidemark_v1_Probe__Output } from '../../tidemark/v1/Probe.ts';
import type { Freeze as _tidemark_v1_Freeze, Freeze__Output as _tidemark_v1_Freeze__Output } from '../../tidemark/v1/Freeze.ts';
import type { Thaw as _tidemark_v1_Thaw, Thaw__Output as _tidemark_v1_Thaw__Output } from '../../tidemark/v1/Thaw.ts';
import type { Cut as _tidemark_v1_Cut, Cut__Output as _tidemark_v1_Cut__Output } from '../../tidemark/v1/Cut.ts';

export interface BarrierRequest {
  'prepare'?: (_tidemark_v1_Prepare | null);
  'probe'?: (_tidemark_v1_Probe | null);
  'freeze'?: (_tidemark_v1_Freeze | null);
  'thaw'?: (_tidemark_v1_Thaw | null);
  'cut'?: (_tidemark_v1_Cut | null);
  'request'?: "prepare"|"probe"|"freeze"|"thaw"|"cut";
}

export interface BarrierRequest__Output {
  'prepare'?: (_tidemark_v1_Prepare__Output | null);
  'probe'?: (_tidemark_v1_Probe__Output | null);
  'freeze'?: (_tidemark_v1_Freeze__Output | null);
  'thaw'?: (_tidemark_v1_Thaw__Output | null);
  'cut'?: (_tidemark_v1_Cut__Output | null);
  'request'?: "prepare"|"probe"|"freeze"|"thaw"|"cut";
}

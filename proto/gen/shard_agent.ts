import type * as grpc from '@grpc/grpc-js';
import type { MessageTypeDefinition } from '@grpc/proto-loader';

import type { AbortReply as _tidemark_v1_AbortReply, AbortReply__Output as _tidemark_v1_AbortReply__Output } from './tidemark/v1/AbortReply.ts';
import type { AbortRequest as _tidemark_v1_AbortRequest, AbortRequest__Output as _tidemark_v1_AbortRequest__Output } from './tidemark/v1/AbortRequest.ts';
import type { BarrierReply as _tidemark_v1_BarrierReply, BarrierReply__Output as _tidemark_v1_BarrierReply__Output } from './tidemark/v1/BarrierReply.ts';
import type { BarrierRequest as _tidemark_v1_BarrierRequest, BarrierRequest__Output as _tidemark_v1_BarrierRequest__Output } from './tidemark/v1/BarrierRequest.ts';
import type { BinlogPosition as _tidemark_v1_BinlogPosition, BinlogPosition__Output as _tidemark_v1_BinlogPosition__Output } from './tidemark/v1/BinlogPosition.ts';
import type { Blocked as _tidemark_v1_Blocked, Blocked__Output as _tidemark_v1_Blocked__Output } from './tidemark/v1/Blocked.ts';
import type { Blocker as _tidemark_v1_Blocker, Blocker__Output as _tidemark_v1_Blocker__Output } from './tidemark/v1/Blocker.ts';
import type { CheckReply as _tidemark_v1_CheckReply, CheckReply__Output as _tidemark_v1_CheckReply__Output } from './tidemark/v1/CheckReply.ts';
import type { CheckRequest as _tidemark_v1_CheckRequest, CheckRequest__Output as _tidemark_v1_CheckRequest__Output } from './tidemark/v1/CheckRequest.ts';
import type { CloseTarget as _tidemark_v1_CloseTarget, CloseTarget__Output as _tidemark_v1_CloseTarget__Output } from './tidemark/v1/CloseTarget.ts';
import type { CopyDone as _tidemark_v1_CopyDone, CopyDone__Output as _tidemark_v1_CopyDone__Output } from './tidemark/v1/CopyDone.ts';
import type { CopyReply as _tidemark_v1_CopyReply, CopyReply__Output as _tidemark_v1_CopyReply__Output } from './tidemark/v1/CopyReply.ts';
import type { CopyRequest as _tidemark_v1_CopyRequest, CopyRequest__Output as _tidemark_v1_CopyRequest__Output } from './tidemark/v1/CopyRequest.ts';
import type { Cut as _tidemark_v1_Cut, Cut__Output as _tidemark_v1_Cut__Output } from './tidemark/v1/Cut.ts';
import type { CutTaken as _tidemark_v1_CutTaken, CutTaken__Output as _tidemark_v1_CutTaken__Output } from './tidemark/v1/CutTaken.ts';
import type { DescribeReply as _tidemark_v1_DescribeReply, DescribeReply__Output as _tidemark_v1_DescribeReply__Output } from './tidemark/v1/DescribeReply.ts';
import type { DescribeRequest as _tidemark_v1_DescribeRequest, DescribeRequest__Output as _tidemark_v1_DescribeRequest__Output } from './tidemark/v1/DescribeRequest.ts';
import type { Discard as _tidemark_v1_Discard, Discard__Output as _tidemark_v1_Discard__Output } from './tidemark/v1/Discard.ts';
import type { Discarded as _tidemark_v1_Discarded, Discarded__Output as _tidemark_v1_Discarded__Output } from './tidemark/v1/Discarded.ts';
import type { Finding as _tidemark_v1_Finding, Finding__Output as _tidemark_v1_Finding__Output } from './tidemark/v1/Finding.ts';
import type { Finished as _tidemark_v1_Finished, Finished__Output as _tidemark_v1_Finished__Output } from './tidemark/v1/Finished.ts';
import type { FitReply as _tidemark_v1_FitReply, FitReply__Output as _tidemark_v1_FitReply__Output } from './tidemark/v1/FitReply.ts';
import type { FitRequest as _tidemark_v1_FitRequest, FitRequest__Output as _tidemark_v1_FitRequest__Output } from './tidemark/v1/FitRequest.ts';
import type { Freeze as _tidemark_v1_Freeze, Freeze__Output as _tidemark_v1_Freeze__Output } from './tidemark/v1/Freeze.ts';
import type { Frozen as _tidemark_v1_Frozen, Frozen__Output as _tidemark_v1_Frozen__Output } from './tidemark/v1/Frozen.ts';
import type { InvariantAnswer as _tidemark_v1_InvariantAnswer, InvariantAnswer__Output as _tidemark_v1_InvariantAnswer__Output } from './tidemark/v1/InvariantAnswer.ts';
import type { Load as _tidemark_v1_Load, Load__Output as _tidemark_v1_Load__Output } from './tidemark/v1/Load.ts';
import type { Loaded as _tidemark_v1_Loaded, Loaded__Output as _tidemark_v1_Loaded__Output } from './tidemark/v1/Loaded.ts';
import type { ManifestRef as _tidemark_v1_ManifestRef, ManifestRef__Output as _tidemark_v1_ManifestRef__Output } from './tidemark/v1/ManifestRef.ts';
import type { MarkHeld as _tidemark_v1_MarkHeld, MarkHeld__Output as _tidemark_v1_MarkHeld__Output } from './tidemark/v1/MarkHeld.ts';
import type { MarkReleased as _tidemark_v1_MarkReleased, MarkReleased__Output as _tidemark_v1_MarkReleased__Output } from './tidemark/v1/MarkReleased.ts';
import type { MarkReply as _tidemark_v1_MarkReply, MarkReply__Output as _tidemark_v1_MarkReply__Output } from './tidemark/v1/MarkReply.ts';
import type { MarkRequest as _tidemark_v1_MarkRequest, MarkRequest__Output as _tidemark_v1_MarkRequest__Output } from './tidemark/v1/MarkRequest.ts';
import type { Nonce as _tidemark_v1_Nonce, Nonce__Output as _tidemark_v1_Nonce__Output } from './tidemark/v1/Nonce.ts';
import type { NotAsked as _tidemark_v1_NotAsked, NotAsked__Output as _tidemark_v1_NotAsked__Output } from './tidemark/v1/NotAsked.ts';
import type { Open as _tidemark_v1_Open, Open__Output as _tidemark_v1_Open__Output } from './tidemark/v1/Open.ts';
import type { Opened as _tidemark_v1_Opened, Opened__Output as _tidemark_v1_Opened__Output } from './tidemark/v1/Opened.ts';
import type { OperationContext as _tidemark_v1_OperationContext, OperationContext__Output as _tidemark_v1_OperationContext__Output } from './tidemark/v1/OperationContext.ts';
import type { Position as _tidemark_v1_Position, Position__Output as _tidemark_v1_Position__Output } from './tidemark/v1/Position.ts';
import type { Prepare as _tidemark_v1_Prepare, Prepare__Output as _tidemark_v1_Prepare__Output } from './tidemark/v1/Prepare.ts';
import type { Prepared as _tidemark_v1_Prepared, Prepared__Output as _tidemark_v1_Prepared__Output } from './tidemark/v1/Prepared.ts';
import type { Probe as _tidemark_v1_Probe, Probe__Output as _tidemark_v1_Probe__Output } from './tidemark/v1/Probe.ts';
import type { Probed as _tidemark_v1_Probed, Probed__Output as _tidemark_v1_Probed__Output } from './tidemark/v1/Probed.ts';
import type { Progress as _tidemark_v1_Progress, Progress__Output as _tidemark_v1_Progress__Output } from './tidemark/v1/Progress.ts';
import type { RehearseDone as _tidemark_v1_RehearseDone, RehearseDone__Output as _tidemark_v1_RehearseDone__Output } from './tidemark/v1/RehearseDone.ts';
import type { RehearseReply as _tidemark_v1_RehearseReply, RehearseReply__Output as _tidemark_v1_RehearseReply__Output } from './tidemark/v1/RehearseReply.ts';
import type { RehearseRequest as _tidemark_v1_RehearseRequest, RehearseRequest__Output as _tidemark_v1_RehearseRequest__Output } from './tidemark/v1/RehearseRequest.ts';
import type { RestoreReply as _tidemark_v1_RestoreReply, RestoreReply__Output as _tidemark_v1_RestoreReply__Output } from './tidemark/v1/RestoreReply.ts';
import type { RestoreRequest as _tidemark_v1_RestoreRequest, RestoreRequest__Output as _tidemark_v1_RestoreRequest__Output } from './tidemark/v1/RestoreRequest.ts';
import type { RestoreStateReply as _tidemark_v1_RestoreStateReply, RestoreStateReply__Output as _tidemark_v1_RestoreStateReply__Output } from './tidemark/v1/RestoreStateReply.ts';
import type { RestoreStateRequest as _tidemark_v1_RestoreStateRequest, RestoreStateRequest__Output as _tidemark_v1_RestoreStateRequest__Output } from './tidemark/v1/RestoreStateRequest.ts';
import type { SeeMarksReply as _tidemark_v1_SeeMarksReply, SeeMarksReply__Output as _tidemark_v1_SeeMarksReply__Output } from './tidemark/v1/SeeMarksReply.ts';
import type { SeeMarksRequest as _tidemark_v1_SeeMarksRequest, SeeMarksRequest__Output as _tidemark_v1_SeeMarksRequest__Output } from './tidemark/v1/SeeMarksRequest.ts';
import type { Server as _tidemark_v1_Server, Server__Output as _tidemark_v1_Server__Output } from './tidemark/v1/Server.ts';
import type { ShardAgentClient as _tidemark_v1_ShardAgentClient, ShardAgentDefinition as _tidemark_v1_ShardAgentDefinition } from './tidemark/v1/ShardAgent.ts';
import type { Sums as _tidemark_v1_Sums, Sums__Output as _tidemark_v1_Sums__Output } from './tidemark/v1/Sums.ts';
import type { Switch as _tidemark_v1_Switch, Switch__Output as _tidemark_v1_Switch__Output } from './tidemark/v1/Switch.ts';
import type { Switched as _tidemark_v1_Switched, Switched__Output as _tidemark_v1_Switched__Output } from './tidemark/v1/Switched.ts';
import type { TargetClosed as _tidemark_v1_TargetClosed, TargetClosed__Output as _tidemark_v1_TargetClosed__Output } from './tidemark/v1/TargetClosed.ts';
import type { Thaw as _tidemark_v1_Thaw, Thaw__Output as _tidemark_v1_Thaw__Output } from './tidemark/v1/Thaw.ts';
import type { Thawed as _tidemark_v1_Thawed, Thawed__Output as _tidemark_v1_Thawed__Output } from './tidemark/v1/Thawed.ts';
import type { VerifyDone as _tidemark_v1_VerifyDone, VerifyDone__Output as _tidemark_v1_VerifyDone__Output } from './tidemark/v1/VerifyDone.ts';
import type { VerifyReply as _tidemark_v1_VerifyReply, VerifyReply__Output as _tidemark_v1_VerifyReply__Output } from './tidemark/v1/VerifyReply.ts';
import type { VerifyRequest as _tidemark_v1_VerifyRequest, VerifyRequest__Output as _tidemark_v1_VerifyRequest__Output } from './tidemark/v1/VerifyRequest.ts';
import type { WalPosition as _tidemark_v1_WalPosition, WalPosition__Output as _tidemark_v1_WalPosition__Output } from './tidemark/v1/WalPosition.ts';

type SubtypeConstructor<Constructor extends new (...args: any) => any, Subtype> = {
  new(...args: ConstructorParameters<Constructor>): Subtype;
};

export interface ProtoGrpcType {
  tidemark: {
    v1: {
      AbortReply: MessageTypeDefinition<_tidemark_v1_AbortReply, _tidemark_v1_AbortReply__Output>
      AbortRequest: MessageTypeDefinition<_tidemark_v1_AbortRequest, _tidemark_v1_AbortRequest__Output>
      BarrierReply: MessageTypeDefinition<_tidemark_v1_BarrierReply, _tidemark_v1_BarrierReply__Output>
      BarrierRequest: MessageTypeDefinition<_tidemark_v1_BarrierRequest, _tidemark_v1_BarrierRequest__Output>
      BinlogPosition: MessageTypeDefinition<_tidemark_v1_BinlogPosition, _tidemark_v1_BinlogPosition__Output>
      Blocked: MessageTypeDefinition<_tidemark_v1_Blocked, _tidemark_v1_Blocked__Output>
      Blocker: MessageTypeDefinition<_tidemark_v1_Blocker, _tidemark_v1_Blocker__Output>
      CheckReply: MessageTypeDefinition<_tidemark_v1_CheckReply, _tidemark_v1_CheckReply__Output>
      CheckRequest: MessageTypeDefinition<_tidemark_v1_CheckRequest, _tidemark_v1_CheckRequest__Output>
      CloseTarget: MessageTypeDefinition<_tidemark_v1_CloseTarget, _tidemark_v1_CloseTarget__Output>
      CopyDone: MessageTypeDefinition<_tidemark_v1_CopyDone, _tidemark_v1_CopyDone__Output>
      CopyReply: MessageTypeDefinition<_tidemark_v1_CopyReply, _tidemark_v1_CopyReply__Output>
      CopyRequest: MessageTypeDefinition<_tidemark_v1_CopyRequest, _tidemark_v1_CopyRequest__Output>
      Cut: MessageTypeDefinition<_tidemark_v1_Cut, _tidemark_v1_Cut__Output>
      CutTaken: MessageTypeDefinition<_tidemark_v1_CutTaken, _tidemark_v1_CutTaken__Output>
      DescribeReply: MessageTypeDefinition<_tidemark_v1_DescribeReply, _tidemark_v1_DescribeReply__Output>
      DescribeRequest: MessageTypeDefinition<_tidemark_v1_DescribeRequest, _tidemark_v1_DescribeRequest__Output>
      Discard: MessageTypeDefinition<_tidemark_v1_Discard, _tidemark_v1_Discard__Output>
      Discarded: MessageTypeDefinition<_tidemark_v1_Discarded, _tidemark_v1_Discarded__Output>
      Finding: MessageTypeDefinition<_tidemark_v1_Finding, _tidemark_v1_Finding__Output>
      Finished: MessageTypeDefinition<_tidemark_v1_Finished, _tidemark_v1_Finished__Output>
      FitReply: MessageTypeDefinition<_tidemark_v1_FitReply, _tidemark_v1_FitReply__Output>
      FitRequest: MessageTypeDefinition<_tidemark_v1_FitRequest, _tidemark_v1_FitRequest__Output>
      Freeze: MessageTypeDefinition<_tidemark_v1_Freeze, _tidemark_v1_Freeze__Output>
      Frozen: MessageTypeDefinition<_tidemark_v1_Frozen, _tidemark_v1_Frozen__Output>
      InvariantAnswer: MessageTypeDefinition<_tidemark_v1_InvariantAnswer, _tidemark_v1_InvariantAnswer__Output>
      Load: MessageTypeDefinition<_tidemark_v1_Load, _tidemark_v1_Load__Output>
      Loaded: MessageTypeDefinition<_tidemark_v1_Loaded, _tidemark_v1_Loaded__Output>
      ManifestRef: MessageTypeDefinition<_tidemark_v1_ManifestRef, _tidemark_v1_ManifestRef__Output>
      MarkHeld: MessageTypeDefinition<_tidemark_v1_MarkHeld, _tidemark_v1_MarkHeld__Output>
      MarkReleased: MessageTypeDefinition<_tidemark_v1_MarkReleased, _tidemark_v1_MarkReleased__Output>
      MarkReply: MessageTypeDefinition<_tidemark_v1_MarkReply, _tidemark_v1_MarkReply__Output>
      MarkRequest: MessageTypeDefinition<_tidemark_v1_MarkRequest, _tidemark_v1_MarkRequest__Output>
      Nonce: MessageTypeDefinition<_tidemark_v1_Nonce, _tidemark_v1_Nonce__Output>
      NotAsked: MessageTypeDefinition<_tidemark_v1_NotAsked, _tidemark_v1_NotAsked__Output>
      Open: MessageTypeDefinition<_tidemark_v1_Open, _tidemark_v1_Open__Output>
      Opened: MessageTypeDefinition<_tidemark_v1_Opened, _tidemark_v1_Opened__Output>
      OperationContext: MessageTypeDefinition<_tidemark_v1_OperationContext, _tidemark_v1_OperationContext__Output>
      Position: MessageTypeDefinition<_tidemark_v1_Position, _tidemark_v1_Position__Output>
      Prepare: MessageTypeDefinition<_tidemark_v1_Prepare, _tidemark_v1_Prepare__Output>
      Prepared: MessageTypeDefinition<_tidemark_v1_Prepared, _tidemark_v1_Prepared__Output>
      Probe: MessageTypeDefinition<_tidemark_v1_Probe, _tidemark_v1_Probe__Output>
      Probed: MessageTypeDefinition<_tidemark_v1_Probed, _tidemark_v1_Probed__Output>
      Progress: MessageTypeDefinition<_tidemark_v1_Progress, _tidemark_v1_Progress__Output>
      RehearseDone: MessageTypeDefinition<_tidemark_v1_RehearseDone, _tidemark_v1_RehearseDone__Output>
      RehearseReply: MessageTypeDefinition<_tidemark_v1_RehearseReply, _tidemark_v1_RehearseReply__Output>
      RehearseRequest: MessageTypeDefinition<_tidemark_v1_RehearseRequest, _tidemark_v1_RehearseRequest__Output>
      RestoreReply: MessageTypeDefinition<_tidemark_v1_RestoreReply, _tidemark_v1_RestoreReply__Output>
      RestoreRequest: MessageTypeDefinition<_tidemark_v1_RestoreRequest, _tidemark_v1_RestoreRequest__Output>
      RestoreStateReply: MessageTypeDefinition<_tidemark_v1_RestoreStateReply, _tidemark_v1_RestoreStateReply__Output>
      RestoreStateRequest: MessageTypeDefinition<_tidemark_v1_RestoreStateRequest, _tidemark_v1_RestoreStateRequest__Output>
      SeeMarksReply: MessageTypeDefinition<_tidemark_v1_SeeMarksReply, _tidemark_v1_SeeMarksReply__Output>
      SeeMarksRequest: MessageTypeDefinition<_tidemark_v1_SeeMarksRequest, _tidemark_v1_SeeMarksRequest__Output>
      Server: MessageTypeDefinition<_tidemark_v1_Server, _tidemark_v1_Server__Output>
      ShardAgent: SubtypeConstructor<typeof grpc.Client, _tidemark_v1_ShardAgentClient> & { service: _tidemark_v1_ShardAgentDefinition }
      Sums: MessageTypeDefinition<_tidemark_v1_Sums, _tidemark_v1_Sums__Output>
      Switch: MessageTypeDefinition<_tidemark_v1_Switch, _tidemark_v1_Switch__Output>
      Switched: MessageTypeDefinition<_tidemark_v1_Switched, _tidemark_v1_Switched__Output>
      TargetClosed: MessageTypeDefinition<_tidemark_v1_TargetClosed, _tidemark_v1_TargetClosed__Output>
      Thaw: MessageTypeDefinition<_tidemark_v1_Thaw, _tidemark_v1_Thaw__Output>
      Thawed: MessageTypeDefinition<_tidemark_v1_Thawed, _tidemark_v1_Thawed__Output>
      VerifyDone: MessageTypeDefinition<_tidemark_v1_VerifyDone, _tidemark_v1_VerifyDone__Output>
      VerifyReply: MessageTypeDefinition<_tidemark_v1_VerifyReply, _tidemark_v1_VerifyReply__Output>
      VerifyRequest: MessageTypeDefinition<_tidemark_v1_VerifyRequest, _tidemark_v1_VerifyRequest__Output>
      WalPosition: MessageTypeDefinition<_tidemark_v1_WalPosition, _tidemark_v1_WalPosition__Output>
    }
  }
}


// Original file: proto/shard_agent.proto

import type * as grpc from '@grpc/grpc-js'
import type { MethodDefinition } from '@grpc/proto-loader'
import type { AbortReply as _tidemark_v1_AbortReply, AbortReply__Output as _tidemark_v1_AbortReply__Output } from '../../tidemark/v1/AbortReply.ts';
import type { AbortRequest as _tidemark_v1_AbortRequest, AbortRequest__Output as _tidemark_v1_AbortRequest__Output } from '../../tidemark/v1/AbortRequest.ts';
import type { BarrierReply as _tidemark_v1_BarrierReply, BarrierReply__Output as _tidemark_v1_BarrierReply__Output } from '../../tidemark/v1/BarrierReply.ts';
import type { BarrierRequest as _tidemark_v1_BarrierRequest, BarrierRequest__Output as _tidemark_v1_BarrierRequest__Output } from '../../tidemark/v1/BarrierRequest.ts';
import type { CheckReply as _tidemark_v1_CheckReply, CheckReply__Output as _tidemark_v1_CheckReply__Output } from '../../tidemark/v1/CheckReply.ts';
import type { CheckRequest as _tidemark_v1_CheckRequest, CheckRequest__Output as _tidemark_v1_CheckRequest__Output } from '../../tidemark/v1/CheckRequest.ts';
import type { CopyReply as _tidemark_v1_CopyReply, CopyReply__Output as _tidemark_v1_CopyReply__Output } from '../../tidemark/v1/CopyReply.ts';
import type { CopyRequest as _tidemark_v1_CopyRequest, CopyRequest__Output as _tidemark_v1_CopyRequest__Output } from '../../tidemark/v1/CopyRequest.ts';
import type { DescribeReply as _tidemark_v1_DescribeReply, DescribeReply__Output as _tidemark_v1_DescribeReply__Output } from '../../tidemark/v1/DescribeReply.ts';
import type { DescribeRequest as _tidemark_v1_DescribeRequest, DescribeRequest__Output as _tidemark_v1_DescribeRequest__Output } from '../../tidemark/v1/DescribeRequest.ts';
import type { FitReply as _tidemark_v1_FitReply, FitReply__Output as _tidemark_v1_FitReply__Output } from '../../tidemark/v1/FitReply.ts';
import type { FitRequest as _tidemark_v1_FitRequest, FitRequest__Output as _tidemark_v1_FitRequest__Output } from '../../tidemark/v1/FitRequest.ts';
import type { MarkReply as _tidemark_v1_MarkReply, MarkReply__Output as _tidemark_v1_MarkReply__Output } from '../../tidemark/v1/MarkReply.ts';
import type { MarkRequest as _tidemark_v1_MarkRequest, MarkRequest__Output as _tidemark_v1_MarkRequest__Output } from '../../tidemark/v1/MarkRequest.ts';
import type { RehearseReply as _tidemark_v1_RehearseReply, RehearseReply__Output as _tidemark_v1_RehearseReply__Output } from '../../tidemark/v1/RehearseReply.ts';
import type { RehearseRequest as _tidemark_v1_RehearseRequest, RehearseRequest__Output as _tidemark_v1_RehearseRequest__Output } from '../../tidemark/v1/RehearseRequest.ts';
import type { RestoreReply as _tidemark_v1_RestoreReply, RestoreReply__Output as _tidemark_v1_RestoreReply__Output } from '../../tidemark/v1/RestoreReply.ts';
import type { RestoreRequest as _tidemark_v1_RestoreRequest, RestoreRequest__Output as _tidemark_v1_RestoreRequest__Output } from '../../tidemark/v1/RestoreRequest.ts';
import type { RestoreStateReply as _tidemark_v1_RestoreStateReply, RestoreStateReply__Output as _tidemark_v1_RestoreStateReply__Output } from '../../tidemark/v1/RestoreStateReply.ts';
import type { RestoreStateRequest as _tidemark_v1_RestoreStateRequest, RestoreStateRequest__Output as _tidemark_v1_RestoreStateRequest__Output } from '../../tidemark/v1/RestoreStateRequest.ts';
import type { SeeMarksReply as _tidemark_v1_SeeMarksReply, SeeMarksReply__Output as _tidemark_v1_SeeMarksReply__Output } from '../../tidemark/v1/SeeMarksReply.ts';
import type { SeeMarksRequest as _tidemark_v1_SeeMarksRequest, SeeMarksRequest__Output as _tidemark_v1_SeeMarksRequest__Output } from '../../tidemark/v1/SeeMarksRequest.ts';
import type { VerifyReply as _tidemark_v1_VerifyReply, VerifyReply__Output as _tidemark_v1_VerifyReply__Output } from '../../tidemark/v1/VerifyReply.ts';
import type { VerifyRequest as _tidemark_v1_VerifyRequest, VerifyRequest__Output as _tidemark_v1_VerifyRequest__Output } from '../../tidemark/v1/VerifyRequest.ts';

export interface ShardAgentClient extends grpc.Client {
  Abort(argument: _tidemark_v1_AbortRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_tidemark_v1_AbortReply__Output>): grpc.ClientUnaryCall;
  Abort(argument: _tidemark_v1_AbortRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_tidemark_v1_AbortReply__Output>): grpc.ClientUnaryCall;
  Abort(argument: _tidemark_v1_AbortRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_tidemark_v1_AbortReply__Output>): grpc.ClientUnaryCall;
  Abort(argument: _tidemark_v1_AbortRequest, callback: grpc.requestCallback<_tidemark_v1_AbortReply__Output>): grpc.ClientUnaryCall;
  abort(argument: _tidemark_v1_AbortRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_tidemark_v1_AbortReply__Output>): grpc.ClientUnaryCall;
  abort(argument: _tidemark_v1_AbortRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_tidemark_v1_AbortReply__Output>): grpc.ClientUnaryCall;
  abort(argument: _tidemark_v1_AbortRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_tidemark_v1_AbortReply__Output>): grpc.ClientUnaryCall;
  abort(argument: _tidemark_v1_AbortRequest, callback: grpc.requestCallback<_tidemark_v1_AbortReply__Output>): grpc.ClientUnaryCall;
  
  Barrier(metadata: grpc.Metadata, options?: grpc.CallOptions): grpc.ClientDuplexStream<_tidemark_v1_BarrierRequest, _tidemark_v1_BarrierReply__Output>;
  Barrier(options?: grpc.CallOptions): grpc.ClientDuplexStream<_tidemark_v1_BarrierRequest, _tidemark_v1_BarrierReply__Output>;
  barrier(metadata: grpc.Metadata, options?: grpc.CallOptions): grpc.ClientDuplexStream<_tidemark_v1_BarrierRequest, _tidemark_v1_BarrierReply__Output>;
  barrier(options?: grpc.CallOptions): grpc.ClientDuplexStream<_tidemark_v1_BarrierRequest, _tidemark_v1_BarrierReply__Output>;
  
  Check(argument: _tidemark_v1_CheckRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_tidemark_v1_CheckReply__Output>): grpc.ClientUnaryCall;
  Check(argument: _tidemark_v1_CheckRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_tidemark_v1_CheckReply__Output>): grpc.ClientUnaryCall;
  Check(argument: _tidemark_v1_CheckRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_tidemark_v1_CheckReply__Output>): grpc.ClientUnaryCall;
  Check(argument: _tidemark_v1_CheckRequest, callback: grpc.requestCallback<_tidemark_v1_CheckReply__Output>): grpc.ClientUnaryCall;
  check(argument: _tidemark_v1_CheckRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_tidemark_v1_CheckReply__Output>): grpc.ClientUnaryCall;
  check(argument: _tidemark_v1_CheckRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_tidemark_v1_CheckReply__Output>): grpc.ClientUnaryCall;
  check(argument: _tidemark_v1_CheckRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_tidemark_v1_CheckReply__Output>): grpc.ClientUnaryCall;
  check(argument: _tidemark_v1_CheckRequest, callback: grpc.requestCallback<_tidemark_v1_CheckReply__Output>): grpc.ClientUnaryCall;
  
  Copy(argument: _tidemark_v1_CopyRequest, metadata: grpc.Metadata, options?: grpc.CallOptions): grpc.ClientReadableStream<_tidemark_v1_CopyReply__Output>;
  Copy(argument: _tidemark_v1_CopyRequest, options?: grpc.CallOptions): grpc.ClientReadableStream<_tidemark_v1_CopyReply__Output>;
  copy(argument: _tidemark_v1_CopyRequest, metadata: grpc.Metadata, options?: grpc.CallOptions): grpc.ClientReadableStream<_tidemark_v1_CopyReply__Output>;
  copy(argument: _tidemark_v1_CopyRequest, options?: grpc.CallOptions): grpc.ClientReadableStream<_tidemark_v1_CopyReply__Output>;
  
  Describe(argument: _tidemark_v1_DescribeRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_tidemark_v1_DescribeReply__Output>): grpc.ClientUnaryCall;
  Describe(argument: _tidemark_v1_DescribeRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_tidemark_v1_DescribeReply__Output>): grpc.ClientUnaryCall;
  Describe(argument: _tidemark_v1_DescribeRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_tidemark_v1_DescribeReply__Output>): grpc.ClientUnaryCall;
  Describe(argument: _tidemark_v1_DescribeRequest, callback: grpc.requestCallback<_tidemark_v1_DescribeReply__Output>): grpc.ClientUnaryCall;
  describe(argument: _tidemark_v1_DescribeRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_tidemark_v1_DescribeReply__Output>): grpc.ClientUnaryCall;
  describe(argument: _tidemark_v1_DescribeRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_tidemark_v1_DescribeReply__Output>): grpc.ClientUnaryCall;
  describe(argument: _tidemark_v1_DescribeRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_tidemark_v1_DescribeReply__Output>): grpc.ClientUnaryCall;
  describe(argument: _tidemark_v1_DescribeRequest, callback: grpc.requestCallback<_tidemark_v1_DescribeReply__Output>): grpc.ClientUnaryCall;
  
  Fit(argument: _tidemark_v1_FitRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_tidemark_v1_FitReply__Output>): grpc.ClientUnaryCall;
  Fit(argument: _tidemark_v1_FitRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_tidemark_v1_FitReply__Output>): grpc.ClientUnaryCall;
  Fit(argument: _tidemark_v1_FitRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_tidemark_v1_FitReply__Output>): grpc.ClientUnaryCall;
  Fit(argument: _tidemark_v1_FitRequest, callback: grpc.requestCallback<_tidemark_v1_FitReply__Output>): grpc.ClientUnaryCall;
  fit(argument: _tidemark_v1_FitRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_tidemark_v1_FitReply__Output>): grpc.ClientUnaryCall;
  fit(argument: _tidemark_v1_FitRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_tidemark_v1_FitReply__Output>): grpc.ClientUnaryCall;
  fit(argument: _tidemark_v1_FitRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_tidemark_v1_FitReply__Output>): grpc.ClientUnaryCall;
  fit(argument: _tidemark_v1_FitRequest, callback: grpc.requestCallback<_tidemark_v1_FitReply__Output>): grpc.ClientUnaryCall;
  
  Mark(metadata: grpc.Metadata, options?: grpc.CallOptions): grpc.ClientDuplexStream<_tidemark_v1_MarkRequest, _tidemark_v1_MarkReply__Output>;
  Mark(options?: grpc.CallOptions): grpc.ClientDuplexStream<_tidemark_v1_MarkRequest, _tidemark_v1_MarkReply__Output>;
  mark(metadata: grpc.Metadata, options?: grpc.CallOptions): grpc.ClientDuplexStream<_tidemark_v1_MarkRequest, _tidemark_v1_MarkReply__Output>;
  mark(options?: grpc.CallOptions): grpc.ClientDuplexStream<_tidemark_v1_MarkRequest, _tidemark_v1_MarkReply__Output>;
  
  Rehearse(argument: _tidemark_v1_RehearseRequest, metadata: grpc.Metadata, options?: grpc.CallOptions): grpc.ClientReadableStream<_tidemark_v1_RehearseReply__Output>;
  Rehearse(argument: _tidemark_v1_RehearseRequest, options?: grpc.CallOptions): grpc.ClientReadableStream<_tidemark_v1_RehearseReply__Output>;
  rehearse(argument: _tidemark_v1_RehearseRequest, metadata: grpc.Metadata, options?: grpc.CallOptions): grpc.ClientReadableStream<_tidemark_v1_RehearseReply__Output>;
  rehearse(argument: _tidemark_v1_RehearseRequest, options?: grpc.CallOptions): grpc.ClientReadableStream<_tidemark_v1_RehearseReply__Output>;
  
  Restore(metadata: grpc.Metadata, options?: grpc.CallOptions): grpc.ClientDuplexStream<_tidemark_v1_RestoreRequest, _tidemark_v1_RestoreReply__Output>;
  Restore(options?: grpc.CallOptions): grpc.ClientDuplexStream<_tidemark_v1_RestoreRequest, _tidemark_v1_RestoreReply__Output>;
  restore(metadata: grpc.Metadata, options?: grpc.CallOptions): grpc.ClientDuplexStream<_tidemark_v1_RestoreRequest, _tidemark_v1_RestoreReply__Output>;
  restore(options?: grpc.CallOptions): grpc.ClientDuplexStream<_tidemark_v1_RestoreRequest, _tidemark_v1_RestoreReply__Output>;
  
  RestoreState(argument: _tidemark_v1_RestoreStateRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_tidemark_v1_RestoreStateReply__Output>): grpc.ClientUnaryCall;
  RestoreState(argument: _tidemark_v1_RestoreStateRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_tidemark_v1_RestoreStateReply__Output>): grpc.ClientUnaryCall;
  RestoreState(argument: _tidemark_v1_RestoreStateRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_tidemark_v1_RestoreStateReply__Output>): grpc.ClientUnaryCall;
  RestoreState(argument: _tidemark_v1_RestoreStateRequest, callback: grpc.requestCallback<_tidemark_v1_RestoreStateReply__Output>): grpc.ClientUnaryCall;
  restoreState(argument: _tidemark_v1_RestoreStateRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_tidemark_v1_RestoreStateReply__Output>): grpc.ClientUnaryCall;
  restoreState(argument: _tidemark_v1_RestoreStateRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_tidemark_v1_RestoreStateReply__Output>): grpc.ClientUnaryCall;
  restoreState(argument: _tidemark_v1_RestoreStateRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_tidemark_v1_RestoreStateReply__Output>): grpc.ClientUnaryCall;
  restoreState(argument: _tidemark_v1_RestoreStateRequest, callback: grpc.requestCallback<_tidemark_v1_RestoreStateReply__Output>): grpc.ClientUnaryCall;
  
  SeeMarks(argument: _tidemark_v1_SeeMarksRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_tidemark_v1_SeeMarksReply__Output>): grpc.ClientUnaryCall;
  SeeMarks(argument: _tidemark_v1_SeeMarksRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_tidemark_v1_SeeMarksReply__Output>): grpc.ClientUnaryCall;
  SeeMarks(argument: _tidemark_v1_SeeMarksRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_tidemark_v1_SeeMarksReply__Output>): grpc.ClientUnaryCall;
  SeeMarks(argument: _tidemark_v1_SeeMarksRequest, callback: grpc.requestCallback<_tidemark_v1_SeeMarksReply__Output>): grpc.ClientUnaryCall;
  seeMarks(argument: _tidemark_v1_SeeMarksRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_tidemark_v1_SeeMarksReply__Output>): grpc.ClientUnaryCall;
  seeMarks(argument: _tidemark_v1_SeeMarksRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_tidemark_v1_SeeMarksReply__Output>): grpc.ClientUnaryCall;
  seeMarks(argument: _tidemark_v1_SeeMarksRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_tidemark_v1_SeeMarksReply__Output>): grpc.ClientUnaryCall;
  seeMarks(argument: _tidemark_v1_SeeMarksRequest, callback: grpc.requestCallback<_tidemark_v1_SeeMarksReply__Output>): grpc.ClientUnaryCall;
  
  Verify(argument: _tidemark_v1_VerifyRequest, metadata: grpc.Metadata, options?: grpc.CallOptions): grpc.ClientReadableStream<_tidemark_v1_VerifyReply__Output>;
  Verify(argument: _tidemark_v1_VerifyRequest, options?: grpc.CallOptions): grpc.ClientReadableStream<_tidemark_v1_VerifyReply__Output>;
  verify(argument: _tidemark_v1_VerifyRequest, metadata: grpc.Metadata, options?: grpc.CallOptions): grpc.ClientReadableStream<_tidemark_v1_VerifyReply__Output>;
  verify(argument: _tidemark_v1_VerifyRequest, options?: grpc.CallOptions): grpc.ClientReadableStream<_tidemark_v1_VerifyReply__Output>;
  
}

export interface ShardAgentHandlers extends grpc.UntypedServiceImplementation {
  Abort: grpc.handleUnaryCall<_tidemark_v1_AbortRequest__Output, _tidemark_v1_AbortReply>;
  
  Barrier: grpc.handleBidiStreamingCall<_tidemark_v1_BarrierRequest__Output, _tidemark_v1_BarrierReply>;
  
  Check: grpc.handleUnaryCall<_tidemark_v1_CheckRequest__Output, _tidemark_v1_CheckReply>;
  
  Copy: grpc.handleServerStreamingCall<_tidemark_v1_CopyRequest__Output, _tidemark_v1_CopyReply>;
  
  Describe: grpc.handleUnaryCall<_tidemark_v1_DescribeRequest__Output, _tidemark_v1_DescribeReply>;
  
  Fit: grpc.handleUnaryCall<_tidemark_v1_FitRequest__Output, _tidemark_v1_FitReply>;
  
  Mark: grpc.handleBidiStreamingCall<_tidemark_v1_MarkRequest__Output, _tidemark_v1_MarkReply>;
  
  Rehearse: grpc.handleServerStreamingCall<_tidemark_v1_RehearseRequest__Output, _tidemark_v1_RehearseReply>;
  
  Restore: grpc.handleBidiStreamingCall<_tidemark_v1_RestoreRequest__Output, _tidemark_v1_RestoreReply>;
  
  RestoreState: grpc.handleUnaryCall<_tidemark_v1_RestoreStateRequest__Output, _tidemark_v1_RestoreStateReply>;
  
  SeeMarks: grpc.handleUnaryCall<_tidemark_v1_SeeMarksRequest__Output, _tidemark_v1_SeeMarksReply>;
  
  Verify: grpc.handleServerStreamingCall<_tidemark_v1_VerifyRequest__Output, _tidemark_v1_VerifyReply>;
  
}

export interface ShardAgentDefinition extends grpc.ServiceDefinition {
  Abort: MethodDefinition<_tidemark_v1_AbortRequest, _tidemark_v1_AbortReply, _tidemark_v1_AbortRequest__Output, _tidemark_v1_AbortReply__Output>
  Barrier: MethodDefinition<_tidemark_v1_BarrierRequest, _tidemark_v1_BarrierReply, _tidemark_v1_BarrierRequest__Output, _tidemark_v1_BarrierReply__Output>
  Check: MethodDefinition<_tidemark_v1_CheckRequest, _tidemark_v1_CheckReply, _tidemark_v1_CheckRequest__Output, _tidemark_v1_CheckReply__Output>
  Copy: MethodDefinition<_tidemark_v1_CopyRequest, _tidemark_v1_CopyReply, _tidemark_v1_CopyRequest__Output, _tidemark_v1_CopyReply__Output>
  Describe: MethodDefinition<_tidemark_v1_DescribeRequest, _tidemark_v1_DescribeReply, _tidemark_v1_DescribeRequest__Output, _tidemark_v1_DescribeReply__Output>
  Fit: MethodDefinition<_tidemark_v1_FitRequest, _tidemark_v1_FitReply, _tidemark_v1_FitRequest__Output, _tidemark_v1_FitReply__Output>
  Mark: MethodDefinition<_tidemark_v1_MarkRequest, _tidemark_v1_MarkReply, _tidemark_v1_MarkRequest__Output, _tidemark_v1_MarkReply__Output>
  Rehearse: MethodDefinition<_tidemark_v1_RehearseRequest, _tidemark_v1_RehearseReply, _tidemark_v1_RehearseRequest__Output, _tidemark_v1_RehearseReply__Output>
  Restore: MethodDefinition<_tidemark_v1_RestoreRequest, _tidemark_v1_RestoreReply, _tidemark_v1_RestoreRequest__Output, _tidemark_v1_RestoreReply__Output>
  RestoreState: MethodDefinition<_tidemark_v1_RestoreStateRequest, _tidemark_v1_RestoreStateReply, _tidemark_v1_RestoreStateRequest__Output, _tidemark_v1_RestoreStateReply__Output>
  SeeMarks: MethodDefinition<_tidemark_v1_SeeMarksRequest, _tidemark_v1_SeeMarksReply, _tidemark_v1_SeeMarksRequest__Output, _tidemark_v1_SeeMarksReply__Output>
  Verify: MethodDefinition<_tidemark_v1_VerifyRequest, _tidemark_v1_VerifyReply, _tidemark_v1_VerifyRequest__Output, _tidemark_v1_VerifyReply__Output>
}

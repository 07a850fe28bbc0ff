/** The coordinator's side of the channel: a client with a deadline on every question. The agent's side is in serve.ts. */
import type {
  CallOptions,
  ClientDuplexStream,
  ClientReadableStream,
  requestCallback,
  ServiceError,
  StatusObject,
} from '@grpc/grpc-js';
import { WatchedCredentials } from './connections.ts';
import { channelOptions, services } from './contract.ts';
import { diagnose } from './channel-diagnosis.ts';
import type { TidemarkError } from './errors.ts';
import { fromServiceError, neverConnected } from './wire-error.ts';
import { MessageQueue } from './message-queue.ts';
import type { TlsFiles } from './tls-files.ts';
import { clientSecurity, type Transport } from './transport.ts';
import type { AbortReply__Output as AbortReply } from './gen/tidemark/v1/AbortReply.ts';
import type { AbortRequest } from './gen/tidemark/v1/AbortRequest.ts';
import type { BarrierReply__Output as BarrierReply } from './gen/tidemark/v1/BarrierReply.ts';
import type { BarrierRequest } from './gen/tidemark/v1/BarrierRequest.ts';
import type { CheckReply__Output as CheckReply } from './gen/tidemark/v1/CheckReply.ts';
import type { CheckRequest } from './gen/tidemark/v1/CheckRequest.ts';
import type { CopyReply__Output as CopyReply } from './gen/tidemark/v1/CopyReply.ts';
import type { CopyRequest } from './gen/tidemark/v1/CopyRequest.ts';
import type { DescribeReply__Output as DescribeReply } from './gen/tidemark/v1/DescribeReply.ts';
import type { DescribeRequest } from './gen/tidemark/v1/DescribeRequest.ts';
import type { FitReply__Output as FitReply } from './gen/tidemark/v1/FitReply.ts';
import type { FitRequest } from './gen/tidemark/v1/FitRequest.ts';
import type { MarkReply__Output as MarkReply } from './gen/tidemark/v1/MarkReply.ts';
import type { MarkRequest } from './gen/tidemark/v1/MarkRequest.ts';
import type { RehearseReply__Output as RehearseReply } from './gen/tidemark/v1/RehearseReply.ts';
import type { RehearseRequest } from './gen/tidemark/v1/RehearseRequest.ts';
import type { RestoreReply__Output as RestoreReply } from './gen/tidemark/v1/RestoreReply.ts';
import type { RestoreRequest } from './gen/tidemark/v1/RestoreRequest.ts';
import type { RestoreStateReply__Output as RestoreStateReply } from './gen/tidemark/v1/RestoreStateReply.ts';
import type { RestoreStateRequest } from './gen/tidemark/v1/RestoreStateRequest.ts';
import type { SeeMarksReply__Output as SeeMarksReply } from './gen/tidemark/v1/SeeMarksReply.ts';
import type { SeeMarksRequest } from './gen/tidemark/v1/SeeMarksRequest.ts';
import type { VerifyReply__Output as VerifyReply } from './gen/tidemark/v1/VerifyReply.ts';
import type { VerifyRequest } from './gen/tidemark/v1/VerifyRequest.ts';

export { protocolVersion } from './contract.ts';
export type { Transport } from './transport.ts';
export {
  serveAgent,
  type AgentImplementation,
  type AgentServer,
  type ReplyStream,
  type ServerCall,
} from './serve.ts';

/** How long a single question may take, in ms. `check` and `fit` ask the database a great deal. */
const deadlinesMs = {
  describe: 15_000,
  check: 120_000,
  abort: 60_000,
  fit: 120_000,
  restoreState: 15_000,
  seeMarks: 15_000,
} as const;

/** Overrides the method's own deadline, and ends the call early. */
export interface QuestionOptions {
  readonly deadlineMs?: number;
  readonly signal?: AbortSignal;
}

/** Replies of a call, in order. Iterating throws the agent's own error, or `agent-unreachable` when the call broke. */
export interface AgentReplies<Reply> extends AsyncIterable<Reply> {
  /** Ends the call from here; the reader gets `interrupted`. Idempotent. */
  cancel(): void;
}

/** A two-way call. */
export interface AgentCall<Request, Reply> extends AgentReplies<Reply> {
  /** Never throws: a broken call shows on the replies. */
  send(request: Request): void;
  /** Says that no more requests will come. Idempotent. */
  finish(): void;
}

/** One agent. Questions may run concurrently. All failures are TidemarkErrors. */
export interface AgentClient {
  readonly address: string;
  describe(request: DescribeRequest, options?: QuestionOptions): Promise<DescribeReply>;
  check(request: CheckRequest, options?: QuestionOptions): Promise<CheckReply>;
  abort(request: AbortRequest, options?: QuestionOptions): Promise<AbortReply>;
  fit(request: FitRequest, options?: QuestionOptions): Promise<FitReply>;
  barrier(): AgentCall<BarrierRequest, BarrierReply>;
  copy(request: CopyRequest): AgentReplies<CopyReply>;
  restore(): AgentCall<RestoreRequest, RestoreReply>;
  restoreState(request: RestoreStateRequest, options?: QuestionOptions): Promise<RestoreStateReply>;
  verify(request: VerifyRequest): AgentReplies<VerifyReply>;
  rehearse(request: RehearseRequest): AgentReplies<RehearseReply>;
  mark(): AgentCall<MarkRequest, MarkReply>;
  seeMarks(request: SeeMarksRequest, options?: QuestionOptions): Promise<SeeMarksReply>;
  /** Breaks every call that is still open. Idempotent. */
  close(): void;
}

/**
 * A client for the agent at `address` (host:port). Connects lazily and again after a break. A host that takes the connection and
 * does not answer is `agent-unreachable` within seconds.
 * Throws `file-invalid` where plain text is not allowed or a TLS file is wrong, `file-unreadable` for a missing TLS file.
 * A question or call throws `tls-mismatch`, at once, when the two sides can never agree on how to speak.
 */
export function connectAgent(address: string, transport: Transport): AgentClient {
  const { credentials, options: own, files } = clientSecurity(address, transport);
  const watched = new WatchedCredentials(credentials);
  const stub = new services.agent(address, watched, { ...channelOptions, ...own });
  const peer: Peer = { address, files, watched };
  return {
    address,
    describe: (request, options) =>
      ask('describe', peer, options, (call, done) => stub.describe(request, call, done)),
    check: (request, options) => ask('check', peer, options, (call, done) => stub.check(request, call, done)),
    abort: (request, options) => ask('abort', peer, options, (call, done) => stub.abort(request, call, done)),
    fit: (request, options) => ask('fit', peer, options, (call, done) => stub.fit(request, call, done)),
    barrier: () => twoWay(stub.barrier(), 'hold the barrier', peer),
    copy: (request) => replies(stub.copy(request), 'copy', peer),
    restore: () => twoWay(stub.restore(), 'restore', peer),
    restoreState: (request, options) =>
      ask('restoreState', peer, options, (call, done) => stub.restoreState(request, call, done)),
    verify: (request) => replies(stub.verify(request), 'verify', peer),
    rehearse: (request) => replies(stub.rehearse(request), 'rehearse', peer),
    mark: () => twoWay(stub.mark(), 'mark the server', peer),
    seeMarks: (request, options) =>
      ask('seeMarks', peer, options, (call, done) => stub.seeMarks(request, call, done)),
    close: () => {
      stub.close();
      watched.breakUnanswered();
    },
  };
}

/** The other side, and with what this one speaks to it. */
interface Peer {
  readonly address: string;
  readonly files: TlsFiles | undefined;
  readonly watched: WatchedCredentials;
}

/** What a failed call means. Where no connection came about, it is found out why: see channel-diagnosis.ts. */
async function failureOf(
  error: unknown,
  operation: string,
  { address, files, watched }: Peer,
  signal?: AbortSignal,
): Promise<TidemarkError> {
  const known = fromServiceError(error, operation, address);
  const mayTell = neverConnected(error) && !watched.silent;
  return (mayTell ? await diagnose(address, files, signal) : undefined) ?? known;
}

function ask<Reply>(
  method: keyof typeof deadlinesMs,
  peer: Peer,
  options: QuestionOptions | undefined,
  start: (call: CallOptions, done: requestCallback<Reply>) => { cancel(): void },
): Promise<Reply> {
  const { promise, resolve, reject } = Promise.withResolvers<Reply>();
  const deadline = Date.now() + (options?.deadlineMs ?? deadlinesMs[method]);
  const call = start({ deadline }, (error, reply) => {
    options?.signal?.removeEventListener('abort', cancel);
    if (error === null && reply !== undefined) resolve(reply);
    else void failureOf(error ?? new Error('an empty reply'), method, peer, options?.signal).then(reject);
  });
  const cancel = (): void => call.cancel();
  options?.signal?.addEventListener('abort', cancel);
  if (options?.signal?.aborted === true) cancel();
  return promise;
}

type Readable<Reply> = ClientReadableStream<Reply> | ClientDuplexStream<never, Reply>;

function replies<Reply>(call: Readable<Reply>, operation: string, peer: Peer): AgentReplies<Reply> {
  const queue = new MessageQueue<Reply>(call);
  let ended = false;
  let outcome: StatusObject | ServiceError | undefined;
  // grpc-js gives the status as soon as it has it, which may be before the last messages have been read.
  const settle = (): void => {
    if (!ended || outcome === undefined) return;
    if (outcome.code === 0) queue.end();
    else void failureOf(outcome, operation, peer).then((error) => queue.fail(error));
  };
  call.on('data', (reply: Reply) => queue.push(reply));
  call.on('error', (error: ServiceError) => {
    outcome ??= error;
    settle();
  });
  call.on('status', (status: StatusObject) => {
    outcome ??= status;
    settle();
  });
  call.on('end', () => {
    ended = true;
    settle();
  });
  return {
    cancel: () => call.cancel(),
    [Symbol.asyncIterator]: () => ({
      next: () => queue.next(),
      return: () => {
        // Whoever stops reading wants no more of this call.
        call.cancel();
        return Promise.resolve({ done: true, value: undefined });
      },
    }),
  };
}

function twoWay<Request, Reply>(
  call: ClientDuplexStream<Request, Reply>,
  operation: string,
  peer: Peer,
): AgentCall<Request, Reply> {
  const incoming = replies(call as ClientDuplexStream<never, Reply>, operation, peer);
  return {
    ...incoming,
    send: (request) => {
      if (!call.writableEnded && !call.destroyed) call.write(request);
    },
    finish: () => {
      if (!call.writableEnded) call.end();
    },
  };
}

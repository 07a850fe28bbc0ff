/** The agent's side of the channel: one handler for each method, errors and broken calls in one place. */
import {
  Server,
  ServerCredentials,
  status,
  type sendUnaryData,
  type ServerDuplexStream,
  type ServerUnaryCall,
  type ServerWritableStream,
} from '@grpc/grpc-js';
import { TidemarkError } from './errors.ts';
import { channelOptions, services } from './contract.ts';
import { MessageQueue } from './message-queue.ts';
import { openListener, type Listener, type RefusedConnection } from './listener.ts';
import { serverFiles, type Transport } from './transport.ts';
import { toServiceError } from './wire-error.ts';
import {
  boundedBarrier,
  boundedCheck,
  boundedCopy,
  boundedDescribe,
  boundedFit,
  boundedRehearse,
  boundedRestore,
  boundedRestoreState,
  boundedVerify,
} from './wire-limits.ts';
import type { AbortReply } from './gen/tidemark/v1/AbortReply.ts';
import type { AbortRequest__Output as AbortRequest } from './gen/tidemark/v1/AbortRequest.ts';
import type { BarrierReply } from './gen/tidemark/v1/BarrierReply.ts';
import type { BarrierRequest__Output as BarrierRequest } from './gen/tidemark/v1/BarrierRequest.ts';
import type { CheckReply } from './gen/tidemark/v1/CheckReply.ts';
import type { CheckRequest__Output as CheckRequest } from './gen/tidemark/v1/CheckRequest.ts';
import type { CopyReply } from './gen/tidemark/v1/CopyReply.ts';
import type { CopyRequest__Output as CopyRequest } from './gen/tidemark/v1/CopyRequest.ts';
import type { DescribeReply } from './gen/tidemark/v1/DescribeReply.ts';
import type { DescribeRequest__Output as DescribeRequest } from './gen/tidemark/v1/DescribeRequest.ts';
import type { FitReply } from './gen/tidemark/v1/FitReply.ts';
import type { FitRequest__Output as FitRequest } from './gen/tidemark/v1/FitRequest.ts';
import type { MarkReply } from './gen/tidemark/v1/MarkReply.ts';
import type { MarkRequest__Output as MarkRequest } from './gen/tidemark/v1/MarkRequest.ts';
import type { RehearseReply } from './gen/tidemark/v1/RehearseReply.ts';
import type { RehearseRequest__Output as RehearseRequest } from './gen/tidemark/v1/RehearseRequest.ts';
import type { RestoreReply } from './gen/tidemark/v1/RestoreReply.ts';
import type { RestoreRequest__Output as RestoreRequest } from './gen/tidemark/v1/RestoreRequest.ts';
import type { RestoreStateReply } from './gen/tidemark/v1/RestoreStateReply.ts';
import type { RestoreStateRequest__Output as RestoreStateRequest } from './gen/tidemark/v1/RestoreStateRequest.ts';
import type { SeeMarksReply } from './gen/tidemark/v1/SeeMarksReply.ts';
import type { SeeMarksRequest__Output as SeeMarksRequest } from './gen/tidemark/v1/SeeMarksRequest.ts';
import type { VerifyReply } from './gen/tidemark/v1/VerifyReply.ts';
import type { VerifyRequest__Output as VerifyRequest } from './gen/tidemark/v1/VerifyRequest.ts';
import type { HealthCheckRequest__Output as HealthRequest } from './gen/grpc/health/v1/HealthCheckRequest.ts';
import type { HealthCheckResponse } from './gen/grpc/health/v1/HealthCheckResponse.ts';

/** Where a handler writes its replies. */
export interface ReplyStream<Reply> {
  /** Never throws; what is sent after the call broke is dropped. */
  send(reply: Reply): void;
  /** True while the peer reads more slowly than we send: leave out what may be left out. */
  readonly congested: boolean;
  /** Aborted when the call breaks before the handler has ended it: cancelled, peer dead or frozen, network gone. */
  readonly broken: AbortSignal;
}

/** A two-way call as a handler sees it. Iterating ends at the peer's half-close and throws `agent-unreachable` when the call breaks. */
export interface ServerCall<Request, Reply> extends ReplyStream<Reply>, AsyncIterable<Request> {}

/** What an agent answers. A handler that returns ends its call; one that throws ends it with the error, in a trailer. */
export interface AgentImplementation {
  describe(request: DescribeRequest): Promise<DescribeReply>;
  check(request: CheckRequest): Promise<CheckReply>;
  abort(request: AbortRequest): Promise<AbortReply>;
  fit(request: FitRequest): Promise<FitReply>;
  barrier(call: ServerCall<BarrierRequest, BarrierReply>): Promise<void>;
  copy(request: CopyRequest, replies: ReplyStream<CopyReply>): Promise<void>;
  restore(call: ServerCall<RestoreRequest, RestoreReply>): Promise<void>;
  restoreState(request: RestoreStateRequest): Promise<RestoreStateReply>;
  verify(request: VerifyRequest, replies: ReplyStream<VerifyReply>): Promise<void>;
  rehearse(request: RehearseRequest, replies: ReplyStream<RehearseReply>): Promise<void>;
  mark(call: ServerCall<MarkRequest, MarkReply>): Promise<void>;
  seeMarks(request: SeeMarksRequest): Promise<SeeMarksReply>;
}

export interface AgentServer {
  /** Where it listens, with the port it was given. */
  readonly address: string;
  /**
   * Reads the TLS files again, for connections that come from now on. Throws what `serveAgent` throws of them, and then
   * goes on with those it has. Whether TLS is spoken at all cannot change.
   */
  exchangeCertificates(transport: Transport): void;
  /** Says NOT_SERVING, lets open calls end for `graceMs` (default 1,000), then breaks them. Idempotent. */
  close(graceMs?: number): Promise<void>;
}

/**
 * Listens on `listen` (host:port; port 0 takes a free one). Throws `file-invalid` where plain text is not allowed, a TLS
 * file is wrong or the address cannot be listened on, `file-unreadable` for a missing TLS file. `refused` hears of every
 * connection that was turned away before it could make a call.
 */
export async function serveAgent(
  listen: string,
  transport: Transport,
  implementation: AgentImplementation,
  refused: (connection: RefusedConnection) => void = () => undefined,
): Promise<AgentServer> {
  const files = serverFiles(listen, transport);
  const server = new Server(channelOptions);
  const health = new Health();
  server.addService(services.agent.service, {
    describe: unary((request: DescribeRequest) => implementation.describe(request), boundedDescribe),
    check: unary((request: CheckRequest) => implementation.check(request), boundedCheck),
    abort: unary((request: AbortRequest) => implementation.abort(request)),
    fit: unary((request: FitRequest) => implementation.fit(request), boundedFit),
    restoreState: unary(
      (request: RestoreStateRequest) => implementation.restoreState(request),
      boundedRestoreState,
    ),
    barrier: twoWay(
      (call: ServerCall<BarrierRequest, BarrierReply>) => implementation.barrier(call),
      boundedBarrier,
    ),
    copy: streamed(
      (request: CopyRequest, replies: ReplyStream<CopyReply>) => implementation.copy(request, replies),
      boundedCopy,
    ),
    restore: twoWay(
      (call: ServerCall<RestoreRequest, RestoreReply>) => implementation.restore(call),
      boundedRestore,
    ),
    verify: streamed(
      (request: VerifyRequest, replies: ReplyStream<VerifyReply>) => implementation.verify(request, replies),
      boundedVerify,
    ),
    rehearse: streamed(
      (request: RehearseRequest, replies: ReplyStream<RehearseReply>) =>
        implementation.rehearse(request, replies),
      boundedRehearse,
    ),
    mark: twoWay((call: ServerCall<MarkRequest, MarkReply>) => implementation.mark(call)),
    seeMarks: unary((request: SeeMarksRequest) => implementation.seeMarks(request)),
  });
  server.addService(services.health.service, health.handlers);
  // The listener has agreed on TLS and looked at the certificate before it hands a connection over.
  const injector = server.createConnectionInjector(ServerCredentials.createInsecure());
  const listener = await openListener(listen, files, {
    accepted: (socket) => injector.injectConnection(socket),
    refused,
  });
  let closed: Promise<void> | undefined;
  return {
    address: `${listen.slice(0, listen.lastIndexOf(':'))}:${listener.port}`,
    exchangeCertificates: (next) => {
      const exchanged = serverFiles(listen, next);
      if (exchanged !== undefined) listener.exchange(exchanged);
    },
    close: (graceMs = 1000) => (closed ??= shutDown(server, listener, health, graceMs)),
  };
}

async function shutDown(server: Server, listener: Listener, health: Health, graceMs: number): Promise<void> {
  listener.close();
  health.stop();
  const { promise, resolve } = Promise.withResolvers<void>();
  const timer = setTimeout(() => {
    server.forceShutdown();
    // What is left is a connection whose peer does not answer; nothing more comes of waiting for it.
    listener.breakAll();
    resolve();
  }, graceMs);
  // grpc-js waits for calls only on sockets that it has opened itself, so its own answer does not count.
  server.tryShutdown(() => undefined);
  void listener.allEnded().then(resolve);
  await promise;
  clearTimeout(timer);
}

/** What a message must be cut to; those with no text of others in them stay as they are. */
type Bound<Reply> = (reply: Reply) => Reply;

function unary<Request, Reply>(
  handle: (request: Request) => Promise<Reply>,
  bound: Bound<Reply> = (reply) => reply,
) {
  return (call: ServerUnaryCall<Request, Reply>, done: sendUnaryData<Reply>): void => {
    handle(call.request).then(
      (reply) => done(null, bound(reply)),
      (error: unknown) => done(toServiceError(error)),
    );
  };
}

function streamed<Request, Reply>(
  handle: (request: Request, replies: ReplyStream<Reply>) => Promise<void>,
  bound: Bound<Reply>,
) {
  return (call: ServerWritableStream<Request, Reply>): void => {
    conclude(call, handle(call.request, replyStream(call, watch(call), bound)));
  };
}

function twoWay<Request, Reply>(
  handle: (call: ServerCall<Request, Reply>) => Promise<void>,
  bound: Bound<Reply> = (reply) => reply,
) {
  return (call: ServerDuplexStream<Request, Reply>): void => {
    const queue = new MessageQueue<Request>(call);
    const broken = watch(call);
    broken.addEventListener('abort', () => queue.fail(brokenCall()));
    call.on('data', (request: Request) => queue.push(request));
    // A reset stream reads as its end before grpc-js says `cancelled`: wait a turn to tell it from a half-close.
    call.on('end', () => setImmediate(() => queue.end()));
    const replies = replyStream<Reply>(call, broken, bound);
    conclude(
      call,
      handle(Object.assign(replies, { [Symbol.asyncIterator]: () => queue[Symbol.asyncIterator]() })),
    );
  };
}

interface Call {
  readonly writableEnded: boolean;
  readonly writableNeedDrain: boolean;
  readonly destroyed: boolean;
  on(event: 'cancelled' | 'close', listener: () => void): unknown;
  emit(event: 'error', error: unknown): boolean;
  end(): unknown;
}

function watch(call: Call): AbortSignal {
  const broken = new AbortController();
  // grpc-js says `cancelled` after a normal end too; only before our own end does it mean that the call broke.
  call.on('cancelled', () => {
    if (!call.writableEnded) broken.abort(brokenCall());
  });
  return broken.signal;
}

function brokenCall(): TidemarkError {
  return new TidemarkError({
    code: 'agent-unreachable',
    operation: 'keep the call',
    subject: 'coordinator',
    cause: 'the call broke: the coordinator ended it, died, froze, or the network is gone',
  });
}

function replyStream<Reply>(
  call: Call & { write(reply: Reply): unknown },
  broken: AbortSignal,
  bound: Bound<Reply>,
): ReplyStream<Reply> {
  return {
    broken,
    send: (reply) => {
      if (!broken.aborted && !call.writableEnded && !call.destroyed) call.write(bound(reply));
    },
    get congested() {
      return call.writableNeedDrain;
    },
  };
}

function conclude(call: Call, handled: Promise<void>): void {
  handled.then(
    () => call.end(),
    (error: unknown) => {
      if (!call.destroyed) call.emit('error', toServiceError(error));
    },
  );
}

/** The standard health service: this agent serves from the start until it is told to close. */
class Health {
  readonly #known = new Set(['', 'tidemark.v1.ShardAgent']);
  readonly #watchers = new Set<() => void>();
  #serving = true;

  readonly handlers = {
    check: (
      call: ServerUnaryCall<HealthRequest, HealthCheckResponse>,
      done: sendUnaryData<HealthCheckResponse>,
    ) => {
      if (this.#known.has(call.request.service)) done(null, this.#answer());
      else done({ code: status.NOT_FOUND, details: `no service ${call.request.service}` });
    },
    watch: (call: ServerWritableStream<HealthRequest, HealthCheckResponse>) => {
      if (!this.#known.has(call.request.service)) {
        call.write({ status: 'SERVICE_UNKNOWN' });
        return;
      }
      const tell = (): void => {
        call.write(this.#answer());
        if (!this.#serving) call.end();
      };
      this.#watchers.add(tell);
      call.on('cancelled', () => this.#watchers.delete(tell));
      tell();
    },
  };

  stop(): void {
    this.#serving = false;
    for (const tell of this.#watchers) tell();
    this.#watchers.clear();
  }

  #answer(): HealthCheckResponse {
    return { status: this.#serving ? 'SERVING' : 'NOT_SERVING' };
  }
}

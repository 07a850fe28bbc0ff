/** From the calls of the coordinator to the agent's session. Knows gRPC's contract and no engine. */
import { asTidemarkError, TidemarkError } from '../proto/errors.ts';
import {
  protocolVersion,
  type AgentImplementation,
  type ReplyStream,
  type ServerCall,
} from '../proto/channel.ts';
import type { CheckRequest__Output as CheckRequest } from '../proto/gen/tidemark/v1/CheckRequest.ts';
import type { CheckReply } from '../proto/gen/tidemark/v1/CheckReply.ts';
import type { BarrierReply } from '../proto/gen/tidemark/v1/BarrierReply.ts';
import type { BarrierRequest__Output as BarrierRequest } from '../proto/gen/tidemark/v1/BarrierRequest.ts';
import type { CopyReply } from '../proto/gen/tidemark/v1/CopyReply.ts';
import type { CopyRequest__Output as CopyRequest } from '../proto/gen/tidemark/v1/CopyRequest.ts';
import type { DescribeReply } from '../proto/gen/tidemark/v1/DescribeReply.ts';
import type { FitReply } from '../proto/gen/tidemark/v1/FitReply.ts';
import type { FitRequest__Output as FitRequest } from '../proto/gen/tidemark/v1/FitRequest.ts';
import type { OperationContext__Output as WireContext } from '../proto/gen/tidemark/v1/OperationContext.ts';
import type { MarkReply } from '../proto/gen/tidemark/v1/MarkReply.ts';
import type { MarkRequest__Output as MarkRequest } from '../proto/gen/tidemark/v1/MarkRequest.ts';
import type { RehearseReply } from '../proto/gen/tidemark/v1/RehearseReply.ts';
import type { RehearseRequest__Output as RehearseRequest } from '../proto/gen/tidemark/v1/RehearseRequest.ts';
import type { RestoreReply } from '../proto/gen/tidemark/v1/RestoreReply.ts';
import type { RestoreRequest__Output as RestoreRequest } from '../proto/gen/tidemark/v1/RestoreRequest.ts';
import type { RestoreStateReply } from '../proto/gen/tidemark/v1/RestoreStateReply.ts';
import type { RestoreStateRequest__Output as RestoreStateRequest } from '../proto/gen/tidemark/v1/RestoreStateRequest.ts';
import type { SeeMarksReply } from '../proto/gen/tidemark/v1/SeeMarksReply.ts';
import type { SeeMarksRequest__Output as SeeMarksRequest } from '../proto/gen/tidemark/v1/SeeMarksRequest.ts';
import type { VerifyReply } from '../proto/gen/tidemark/v1/VerifyReply.ts';
import type { VerifyRequest__Output as VerifyRequest } from '../proto/gen/tidemark/v1/VerifyRequest.ts';
import { hasShardStep } from '../repository/restore-ending.ts';
import { askedInvariants } from './asked-invariants.ts';
import { Backup, noCut, type BackupParts } from './backup.ts';
import {
  contextFromWire,
  findingMessage,
  invariantMessages,
  manifestFromWire,
  serverMessage,
  type OperationContext,
} from './messages.ts';
import type { TriedInvariants } from './engine.ts';
import { finding, findingOf, withoutTwins } from './findings.ts';
import { checkHoldLimit } from './hold-limit-check.ts';
import { answerNonce } from './nonce.ts';
import { checkContext, checkLanes, checkLoad, checkPrepare, globalsOrder, wrongOrder } from './orders.ts';
import { Progress } from './progress.ts';
import { rehearse } from './rehearsal/rehearse-call.ts';
import { restoreShard, type RestoreParts } from './restore.ts';
import { ServerMarks } from './server-marks.ts';
import { openStoredShard, requireGlobals } from './stored-shard.ts';
import { tlsFindings } from './tls-findings.ts';
import { verifyShard } from './verify.ts';
import type { TransportConfig } from '../topology/connection.ts';
import { tidemarkVersion } from '../proto/version.ts';

/** How long `check` asks invariants, all together. */
const invariantLimitMs = 30_000;
const nothingFound: TriedInvariants = { answers: [], findings: [] };

/** Objects that `verify` reads at once. */
const verifyReaders = 4;

type Operation =
  | 'check'
  | 'backup'
  | 'copy'
  | 'abort'
  | 'fit'
  | 'restore'
  | 'verify'
  | 'rehearse'
  | 'describe'
  | 'mark'
  | 'see marks';

/** Who hears of the beginning and the end of every operation; the only place where the agent logs an error. */
export interface OperationLog {
  began(operation: Operation, context: OperationContext): void;
  ended(operation: Operation, context: OperationContext, durationMs: number): void;
  failed(operation: Operation, context: OperationContext, error: TidemarkError): void;
}

export interface ServiceParts extends BackupParts, RestoreParts {
  /** As the agent's file names it. */
  readonly repositoryUrl: string;
  readonly allow: readonly ('backup' | 'restore')[];
  readonly transport: TransportConfig;
  readonly log: OperationLog;
}

export class Service implements AgentImplementation {
  #parts: ServiceParts;
  /** The newest backup, kept after its end so that a coordinator that lost the answer may ask again. */
  #backup: Backup | undefined;
  readonly #marks: ServerMarks;

  constructor(parts: ServiceParts) {
    this.#parts = parts;
    this.#marks = new ServerMarks(parts.engine);
  }

  /** For calls that come from now on. */
  reconfigure(next: Pick<ServiceParts, 'allow' | 'invariants' | 'engine'>): void {
    this.#parts = { ...this.#parts, ...next };
  }

  async describe({ context }: { context: WireContext | null }): Promise<DescribeReply> {
    const { shard, repositoryUrl, engine, session } = this.#parts;
    this.#speaks(context);
    const server = serverMessage(await engine.describe());
    // Asked last, so that `idle` is never older than the answer; a leaving agent may look idle and leave work behind.
    if (session.closed) throw session.leaving();
    const { current } = session;
    return {
      protocolVersion,
      tidemarkVersion,
      shard,
      repositoryUrl,
      server,
      activity: current?.kind ?? (session.settled ? 'idle' : 'restoring'),
      activitySet: current?.context.set ?? '',
      activityRestore: current?.restore ?? '',
      wallClockMs: Date.now(),
    };
  }

  async restoreState({ context, restore }: RestoreStateRequest): Promise<RestoreStateReply> {
    const { shard, session, states, store } = this.#parts;
    this.#meant(context);
    if (session.closed) throw session.leaving();
    const report = states.of(restore);
    if (report !== undefined) return report;
    if (!session.settled) return { state: 'settling', trouble: states.troubles.join('; ') };
    const opened = await hasShardStep(store, context?.cluster ?? '', restore, shard, 'opened');
    // It may have begun meanwhile.
    return states.of(restore) ?? { state: opened ? 'finished' : 'none', trouble: '' };
  }

  check(request: CheckRequest): Promise<CheckReply> {
    return this.#logged('check', request.context, async ({ cluster }) => {
      const { engine, store, shard, session, transport } = this.#parts;
      const { holdLimitMs } = request;
      const [server, found, proof] = await Promise.allSettled([
        engine.describe(),
        this.#checkBackup(request),
        answerNonce(store, cluster, request.nonce),
      ]);
      // What could not even be tried is a finding like any other: all are told at once.
      const failed = [server, found, proof].filter((each) => each.status === 'rejected');
      const tried = found.status === 'fulfilled' ? found.value : nothingFound;
      const all = [
        ...tlsFindings(transport),
        ...tried.findings,
        ...failed.map(({ reason }) => findingOf(reason, shard)),
      ];
      // What keeps a backup from its locks keeps a trial from them too, and has been told. A trial must not meet a barrier.
      const idle = session.current === undefined && session.settled;
      const timed = holdLimitMs > 0 && idle && all.every(({ warning }) => warning);
      const holds = timed ? await checkHoldLimit(engine, shard, holdLimitMs) : [];
      return {
        server: server.status === 'fulfilled' ? serverMessage(server.value) : null,
        findings: withoutTwins([...all, ...holds]).map(findingMessage),
        invariants: invariantMessages(this.#parts.invariants, tried),
        nonceAnswered: proof.status === 'fulfilled' && proof.value,
      };
    });
  }

  /** An agent that takes no backups is asked nothing more of them: what only a restore needs is enough for it. */
  async #checkBackup({ globals, lanes, withoutLocks }: CheckRequest): Promise<TriedInvariants> {
    const { engine, invariants, allow } = this.#parts;
    const ordered = globalsOrder(globals);
    if (!allow.includes('backup')) {
      const { subject, reason, remedy } = this.#notAllowed('backup');
      return { answers: [], findings: [finding('operation-not-allowed', subject, reason, remedy)] };
    }
    checkLanes(lanes);
    const order = { globals: ordered, locks: !withoutLocks, ...(lanes > 0 && { lanes }) };
    const findings = await engine.check(order);
    const tried = await engine.tryInvariants(invariants, invariantLimitMs);
    return { answers: tried.answers, findings: [...findings, ...tried.findings] };
  }

  async barrier(call: ServerCall<BarrierRequest, BarrierReply>): Promise<void> {
    const prepare = (await first(call))?.prepare;
    if (!prepare) throw wrongOrder('the first request of a Barrier call is prepare');
    await this.#logged('backup', prepare.context, async (context) => {
      this.#allows('backup');
      if (context.leaseNumber === 0 || context.set === '')
        throw wrongOrder('a backup needs a set and a lease');
      checkPrepare(prepare);
      const backup = await Backup.begin(this.#parts, context, prepare);
      this.#backup = backup;
      await backup.barrier(call);
    });
  }

  copy(request: CopyRequest, replies: ReplyStream<CopyReply>): Promise<void> {
    return this.#logged('copy', request.context, async (context) => {
      this.#allows('backup');
      await this.#parts.session.admit(context);
      const backup = this.#backup;
      if (backup === undefined || !backup.isOf(context)) throw noCut(this.#parts.shard, context);
      if (context.leaseNumber === 0) throw wrongOrder('a copy needs a lease');
      await backup.attach(replies, request.wait);
    });
  }

  abort({ context }: { context: WireContext | null }): Promise<{ aborted: string }> {
    return this.#logged('abort', context, async (known) => ({
      aborted: await this.#parts.session.abort(known),
    }));
  }

  fit({ context, manifest, sourceShard, globals, lanes, nonce }: FitRequest): Promise<FitReply> {
    return this.#logged('fit', context, async ({ cluster, set }) => {
      this.#allows('restore');
      const { store, engine, shard, invariants } = this.#parts;
      const ref = manifestFromWire(manifest, 'see whether a shard fits');
      const [proof] = await Promise.allSettled([answerNonce(store, cluster, nonce)]);
      // In another repository nothing is what the order means.
      if (proof.status === 'rejected' && codeOf(proof.reason) === 'repository-mismatch') throw proof.reason;
      const stored = await openStoredShard(store, ref, { set, shard: sourceShard });
      if (globals) requireGlobals(stored);
      const [server, found] = await Promise.all([engine.describe(), engine.fit(stored, globals, lanes)]);
      const databases = stored.databases.map(({ name }) => name);
      const notAsked = [...askedInvariants(stored, invariants).notAsked];
      // Where the decision is to be written, and with it what this agent decides when nobody else does.
      const unwritable = proof.status === 'rejected' ? [findingOf(proof.reason, shard)] : [];
      return {
        server: serverMessage(server),
        findings: [...unwritable, ...found].map(findingMessage),
        databases,
        notAsked,
        nonceAnswered: proof.status === 'fulfilled' && proof.value,
      };
    });
  }

  async restore(call: ServerCall<RestoreRequest, RestoreReply>): Promise<void> {
    const load = (await first(call))?.load;
    if (!load) throw wrongOrder('the first request of a Restore call is load');
    await this.#logged('restore', load.context, async (context) => {
      this.#allows('restore');
      checkLoad(load);
      const { restore, sourceShard, lanes, nonce, globals } = load;
      const manifest = manifestFromWire(load.manifest, 'restore');
      const activity = await this.#parts.session.begin('restoring', context, restore);
      const progress = new Progress('stage');
      const endReports = progress.report(call);
      const task = { context, restore, sourceShard, manifest, lanes, globals, nonce };
      try {
        const course = restoreShard(this.#parts, task, progress, call, activity.signal);
        // A step that must be tried again outlives its call.
        void course
          .then(({ over }) => over)
          .finally(() => activity.end())
          .catch(() => undefined);
        await (await course).answered;
      } finally {
        endReports();
      }
    });
  }

  verify(request: VerifyRequest, replies: ReplyStream<VerifyReply>): Promise<void> {
    return this.#logged('verify', request.context, async (context) => {
      const { session, store } = this.#parts;
      const manifest = manifestFromWire(request.manifest, 'verify');
      const activity = await session.begin('verifying', context);
      const progress = new Progress('verify');
      const endReports = progress.report(replies);
      try {
        const sums = await verifyShard({
          store,
          manifest,
          name: { set: context.set, shard: request.sourceShard },
          readers: verifyReaders,
          progress,
          onFinding: (finding) => replies.send({ finding: findingMessage(finding) }),
          signal: AbortSignal.any([activity.signal, replies.broken]),
        });
        replies.send({ progress: progress.message() });
        replies.send({ done: { sums: sums ?? null } });
      } finally {
        endReports();
        activity.end();
      }
    });
  }

  rehearse(request: RehearseRequest, replies: ReplyStream<RehearseReply>): Promise<void> {
    return this.#logged('rehearse', request.context, async (context) => {
      this.#allows(request.manifest === null ? 'backup' : 'restore');
      const activity = await this.#parts.session.begin('rehearsing', context);
      try {
        await rehearse(this.#parts, context, request, replies, activity.signal);
      } finally {
        activity.end();
      }
    });
  }

  async mark(call: ServerCall<MarkRequest, MarkReply>): Promise<void> {
    const request = await first(call);
    if (!request) throw wrongOrder('the first request of a Mark call names the mark');
    await this.#logged('mark', request.context, () => this.#marks.hold(request.mark, call));
  }

  seeMarks({ context, marks }: SeeMarksRequest): Promise<SeeMarksReply> {
    return this.#logged('see marks', context, async () => ({ seen: await this.#marks.see(marks) }));
  }

  /** Checks the context, runs the operation, and tells the log how it went. */
  async #logged<Result>(
    operation: Operation,
    wire: WireContext | null,
    run: (context: OperationContext) => Promise<Result>,
  ): Promise<Result> {
    const { log } = this.#parts;
    const context = wire === null ? noContext : contextFromWire(wire);
    const beganMs = performance.now();
    log.began(operation, context);
    try {
      this.#meant(wire);
      checkContext(context);
      const result = await run(context);
      log.ended(operation, context, performance.now() - beganMs);
      return result;
    } catch (error) {
      const known = asTidemarkError(error, { code: 'internal', operation, subject: this.#parts.shard });
      log.failed(operation, context, known);
      throw known;
    }
  }

  #speaks(wire: WireContext | null): void {
    const theirs = wire?.protocolVersion ?? 0;
    if (theirs === protocolVersion) return;
    throw this.#mismatch(
      `the coordinator speaks protocol ${theirs}, this agent ${protocolVersion} (${tidemarkVersion})`,
    );
  }

  /** Is this order for this agent? */
  #meant(wire: WireContext | null): void {
    const { shard, repositoryUrl } = this.#parts;
    this.#speaks(wire);
    if (wire?.shard !== shard)
      throw this.#mismatch(`this is the agent of ${shard}, not of ${wire?.shard ?? 'nobody'}`);
    if (wire.repositoryUrl !== repositoryUrl) {
      throw new TidemarkError({
        code: 'repository-mismatch',
        operation: 'take an order',
        subject: shard,
        cause: `the coordinator names the repository ${wire.repositoryUrl}, this agent's file names ${repositoryUrl}`,
      });
    }
  }

  #allows(operation: 'backup' | 'restore'): void {
    if (!this.#parts.allow.includes(operation)) throw this.#notAllowed(operation);
  }

  #notAllowed(operation: 'backup' | 'restore'): TidemarkError {
    return new TidemarkError({
      code: 'operation-not-allowed',
      operation: 'take an order',
      subject: this.#parts.shard,
      cause: `this agent's file does not allow ${operation}`,
      remedy: `Add ${operation} to \`allow\` in the agent's file and restart the agent; or take the shard out of the topology.`,
    });
  }

  #mismatch(cause: string): TidemarkError {
    return new TidemarkError({
      code: 'agent-mismatch',
      operation: 'take an order',
      subject: this.#parts.shard,
      cause,
    });
  }
}

function codeOf(error: unknown): string | undefined {
  return error instanceof TidemarkError ? error.code : undefined;
}

const noContext: OperationContext = { cluster: '', set: '', leaseNumber: 0 };

async function first<Request>(call: AsyncIterable<Request>): Promise<Request | undefined> {
  const next = await call[Symbol.asyncIterator]().next();
  return next.done === true ? undefined : next.value;
}

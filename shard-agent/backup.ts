/**
 * One shard's part in a backup, from `prepare` to the stored manifest, and the two calls that drive it.
 *
 * It owns the engine's BackupSession. Between the cut and the end of the copy no call owns it: it goes on for the grace
 * period without a coordinator, and ends by itself when that, or the snapshots' greatest age, has passed.
 */
import { TidemarkError } from '../proto/errors.ts';
import type { ReplyStream, ServerCall } from '../proto/channel.ts';
import type { BarrierReply } from '../proto/gen/tidemark/v1/BarrierReply.ts';
import type { BarrierRequest__Output as BarrierRequest } from '../proto/gen/tidemark/v1/BarrierRequest.ts';
import type { CopyReply } from '../proto/gen/tidemark/v1/CopyReply.ts';
import type { Prepare__Output as Prepare } from '../proto/gen/tidemark/v1/Prepare.ts';
import { reached } from '../proto/step-points.ts';
import { leaseNumbers } from '../repository/lease-record.ts';
import type { ObjectStore } from '../repository/object-store.ts';
import type { InvariantQuery } from '../topology/agent-file.ts';
import { runBarrierCall } from './barrier-call.ts';
import { copyShard, type CopyResult } from './copy.ts';
import type { BackupSession, Engine, TriedInvariants } from './engine.ts';
import { findingMessage, invariantMessages, serverMessage, type OperationContext } from './messages.ts';
import { answerNonce } from './nonce.ts';
import { globalsOrder } from './orders.ts';
import { Progress } from './progress.ts';
import type { Activity, Session } from './session.ts';

/** What a backup needs of the agent it runs in. */
export interface BackupParts {
  readonly shard: string;
  readonly engine: Engine;
  readonly store: ObjectStore;
  readonly invariants: readonly InvariantQuery[];
  readonly session: Session;
}

/** How long a backup that is being prepared asks invariants, all together. */
const invariantLimitMs = 10_000;

type BarrierStream = ServerCall<BarrierRequest, BarrierReply>;

export class Backup {
  readonly #parts: BackupParts;
  readonly #activity: Activity;
  readonly #order: Prepare;
  readonly #progress = new Progress('waiting');
  readonly #barrierOver = Promise.withResolvers<void>();
  #snapshots: BackupSession | undefined;
  #copy: Promise<CopyResult> | undefined;
  #attached: PromiseWithResolvers<never> | undefined;
  #grace: NodeJS.Timeout | undefined;
  #age: NodeJS.Timeout | undefined;

  private constructor(parts: BackupParts, activity: Activity, order: Prepare) {
    this.#parts = parts;
    this.#activity = activity;
    this.#order = order;
  }

  /** Begins one. Throws what `Session.begin` throws. */
  static async begin(parts: BackupParts, context: OperationContext, order: Prepare): Promise<Backup> {
    const activity = await parts.session.begin('preparing', context);
    return new Backup(parts, activity, order);
  }

  get context(): OperationContext {
    return this.#activity.context;
  }

  /** True as long as an order of `context` is about this backup: its set, in its cluster. */
  isOf(context: OperationContext): boolean {
    return context.cluster === this.context.cluster && context.set === this.context.set;
  }

  /** The Barrier call after `prepare` was read. When it returns, the cut is held, or nothing is. */
  async barrier(call: BarrierStream): Promise<void> {
    try {
      const { snapshots, tried } = await this.#prepare(call);
      call.send({
        prepared: {
          ...preparedMessage(snapshots),
          invariants: invariantMessages(this.#parts.invariants, tried),
        },
      });
      this.#activity.kind = 'barrier';
      await reached('agent.prepared');
      const outcome = await runBarrierCall({
        stream: call,
        session: snapshots,
        terms: { shard: this.#parts.shard, holdLimitMs: this.#order.holdLimitMs, locks: this.#order.locks },
        signal: this.#activity.signal,
      });
      if (outcome === undefined) this.#activity.signal.throwIfAborted();
      else this.#hold(snapshots);
    } finally {
      if (this.#snapshots === undefined) this.#activity.end();
      this.#barrierOver.resolve();
    }
  }

  async #prepare(call: BarrierStream): Promise<{ snapshots: BackupSession; tried: TriedInvariants }> {
    const { store, engine } = this.#parts;
    const { lanes, chunkBytes, holdLimitMs, copyLimitMs, locks, nonce, globals } = this.#order;
    const { cancelAutovacuumMs } = this.#order;
    await answerNonce(store, this.context.cluster, nonce);
    await this.#fence();
    const signal = AbortSignal.any([this.#activity.signal, call.broken]);
    // What keeps the backup from being prepared is told first: it may be why an invariant fails.
    const [tried] = await Promise.allSettled([
      engine.tryInvariants(this.#parts.invariants, invariantLimitMs, signal),
    ]);
    const snapshots = await engine.prepareBackup({
      lanes,
      chunkBytes: Number(chunkBytes),
      holdLimitMs,
      copyLimitMs,
      cancelAutovacuumMs,
      locks,
      globals: globalsOrder(globals),
      signal,
    });
    try {
      signal.throwIfAborted();
      if (tried.status === 'rejected') throw tried.reason;
      requireAnswers(tried.value);
      return { snapshots, tried: tried.value };
    } catch (error) {
      await snapshots.close();
      throw error;
    }
  }

  /**
   * An agent that was started again has seen no lease number; the repository has. Throws `lease-lost` when a higher one than
   * this order's stands there: its coordinator has been taken for dead and its set abandoned.
   */
  async #fence(): Promise<void> {
    const { store, session } = this.#parts;
    const { cluster } = this.context;
    const newest = (await leaseNumbers(store, cluster)).at(-1) ?? 0;
    if (newest > this.context.leaseNumber) await session.admit({ cluster, set: '', leaseNumber: newest });
    await session.admit(this.context);
  }

  /** The cut stands: from here on the backup outlives its calls. */
  #hold(snapshots: BackupSession): void {
    this.#snapshots = snapshots;
    this.#activity.kind = 'cut';
    this.#progress.snapshotAtMs = performance.now();
    this.#age = setTimeout(() => this.#activity.stop(this.#tooOld()), timerMs(this.#order.copyLimitMs));
    this.#armGrace();
    const { signal } = this.#activity;
    const letGo = (): void => {
      if (this.#copy === undefined) void this.#close();
    };
    if (signal.aborted) letGo();
    else signal.addEventListener('abort', letGo, { once: true });
  }

  /**
   * One Copy call: starts the copy or attaches to it, reports progress, ends with `done`. A later caller takes this one's
   * place. With `wait` it starts nothing: as long as the call lasts, the grace period does not run. Throws `snapshot-lost` when
   * there is no cut (any more), and whatever failed the copy.
   */
  async attach(replies: ReplyStream<CopyReply>, wait: boolean): Promise<void> {
    // The end of the Barrier call and this one may arrive in either order.
    await Promise.race([this.#barrierOver.promise, aborted(replies.broken)]);
    const snapshots = this.#snapshots;
    const { signal } = this.#activity;
    if (snapshots === undefined) throw noCut(this.#parts.shard, this.context);
    if (this.#copy === undefined && signal.aborted)
      throw noCut(this.#parts.shard, this.context, signal.reason);
    this.#attached?.reject(this.#replaced());
    const mine = Promise.withResolvers<never>();
    mine.promise.catch(() => undefined);
    this.#attached = mine;
    clearTimeout(this.#grace);
    if (!wait) this.#copy ??= this.#run(snapshots);
    const endReports = this.#progress.report(replies);
    try {
      const { manifest, sums, server } = await Promise.race([
        // Without a copy, what ends the cut ends the waiting.
        this.#copy ?? aborted(signal),
        mine.promise,
        aborted(replies.broken),
      ]);
      replies.send({ progress: this.#progress.message() });
      replies.send({ done: { manifest, sums, server: serverMessage(server) } });
    } finally {
      endReports();
      if (this.#attached === mine) {
        this.#attached = undefined;
        this.#armGrace();
      }
    }
  }

  async #run(snapshots: BackupSession): Promise<CopyResult> {
    const { shard, store, invariants } = this.#parts;
    const { cluster, set } = this.context;
    this.#activity.kind = 'copying';
    try {
      return await copyShard({
        cluster,
        set,
        shard,
        chunkBytes: Number(this.#order.chunkBytes),
        compressionLevel: this.#order.compressionLevel,
        store,
        backup: snapshots,
        invariants,
        progress: this.#progress,
        signal: this.#activity.signal,
      });
    } finally {
      await this.#close();
    }
  }

  /** Lets go of everything. What the copy came to can still be asked for. */
  async #close(): Promise<void> {
    clearTimeout(this.#grace);
    clearTimeout(this.#age);
    await this.#snapshots?.close();
    this.#activity.end();
  }

  #armGrace(): void {
    clearTimeout(this.#grace);
    if (this.#activity.over || this.#activity.signal.aborted) return;
    this.#grace = setTimeout(() => this.#activity.stop(this.#forsaken()), timerMs(this.#order.graceMs));
  }

  #forsaken(): TidemarkError {
    const cause = `no coordinator was there for ${this.#order.graceMs} ms`;
    return this.#lost('snapshot-lost', cause);
  }

  #tooOld(): TidemarkError {
    const cause = `the snapshots are older than the copy's limit of ${this.#order.copyLimitMs} ms`;
    return this.#lost(
      'snapshot-lost',
      cause,
      'Raise copy.limit in the topology, or give the copy more lanes.',
    );
  }

  #replaced(): TidemarkError {
    return this.#lost('agent-busy', 'another call has attached to this copy');
  }

  #lost(code: 'snapshot-lost' | 'agent-busy', cause: string, remedy?: string): TidemarkError {
    const subject = `${this.#parts.shard}: ${this.context.set}`;
    return new TidemarkError({ code, operation: 'go on with the copy', subject, cause, remedy });
  }
}

/** The refusal of a Copy for a set that this agent has no cut of, any more. */
export function noCut(shard: string, { set }: OperationContext, ended?: TidemarkError): TidemarkError {
  return new TidemarkError(
    {
      code: 'snapshot-lost',
      operation: 'copy',
      subject: `${shard}: ${set}`,
      cause: `this agent holds no cut of this set: ${ended?.reason ?? 'it was never taken, or the agent was started again'}`,
    },
    { cause: ended },
  );
}

/** Throws when one fails now, since it would fail inside the cut too. One that is slow may take its time there. */
function requireAnswers({ findings }: TriedInvariants): void {
  const failed = findings.filter(({ warning }) => !warning);
  const [first] = failed;
  if (first === undefined) return;
  throw new TidemarkError({
    code: first.code,
    operation: 'ask the invariants',
    subject: failed.map(({ subject }) => subject).join(', '),
    cause: failed.map(({ cause }) => cause).join('; '),
    remedy: [...new Set(failed.map(({ remedy }) => remedy))].join('\n'),
  });
}

/** Rejects with the signal's reason, when it is aborted. */
function aborted(signal: AbortSignal): Promise<never> {
  return new Promise((_, reject) => {
    if (signal.aborted) reject(signal.reason);
    signal.addEventListener('abort', () => reject(signal.reason), { once: true });
  });
}

function preparedMessage(snapshots: BackupSession): NonNullable<BarrierReply['prepared']> {
  return {
    server: serverMessage(snapshots.server),
    tables: snapshots.tables.length,
    estimatedBytes: Math.round(snapshots.estimatedBytes),
    uncontendedLockMs: snapshots.uncontendedLockMs,
    warnings: snapshots.warnings.map(findingMessage),
  };
}

/** Timers wrap around above 2^31 ms (24 days). */
function timerMs(ms: number): number {
  return Math.min(ms, 2 ** 31 - 1);
}

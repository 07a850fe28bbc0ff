/**
 * What an agent is doing: at most one operation at a time, and who may begin, take over and end it.
 *
 * Fencing: lease numbers only rise. An operation under a lower number than the highest seen is refused, one under a higher
 * number ends the current backup of that cluster first. Clocks play no part.
 */
import { TidemarkError } from '../proto/errors.ts';
import type { OperationContext } from './messages.ts';

export type ActivityKind = 'preparing' | 'barrier' | 'cut' | 'copying' | 'restoring' | 'verifying';

/** One operation from its beginning until nothing of it is left. */
export class Activity {
  /** What it has come to. */
  kind: ActivityKind;
  readonly context: OperationContext;
  /** Of `restoring`: the restore's id; else empty, and while restores found at the start are settled. */
  readonly restore: string;
  readonly #stop = new AbortController();
  readonly #ended = Promise.withResolvers<void>();
  #over = false;

  constructor(kind: ActivityKind, context: OperationContext, restore = '') {
    this.kind = kind;
    this.context = context;
    this.restore = restore;
  }

  /** Aborted when the operation is to end; the reason is a TidemarkError. */
  get signal(): AbortSignal {
    return this.#stop.signal;
  }

  /** Resolves when `end` was called. */
  get ended(): Promise<void> {
    return this.#ended.promise;
  }

  get over(): boolean {
    return this.#over;
  }

  /** Tells the operation to end; the first reason stands. */
  stop(reason: TidemarkError): void {
    this.#stop.abort(reason);
  }

  /** Called by the operation itself when nothing of it is left. Idempotent. */
  end(): void {
    this.#over = true;
    this.#ended.resolve();
  }
}

export class Session {
  readonly #shard: string;
  readonly #highest = new Map<string, number>();
  #current: Activity | undefined;
  #closed = false;
  /** False until it is certain that no restore of a former process stands half done: an idle agent is then still restoring. */
  settled = true;
  /** The last restore that was undone here; empty: none. */
  undoneRestore = '';

  constructor(shard: string) {
    this.#shard = shard;
  }

  /** True once the agent leaves: what it is doing then says nothing about what it leaves behind. */
  get closed(): boolean {
    return this.#closed;
  }

  /** Undefined when the agent is idle. */
  get current(): Activity | undefined {
    return this.#current?.over === true ? undefined : this.#current;
  }

  /**
   * Begins an operation. Throws `lease-lost` for a lower lease number than the highest seen, `agent-busy` while another
   * operation runs that is not taken over, `interrupted` when the agent is leaving. Whoever began must call `end`.
   */
  async begin(kind: ActivityKind, context: OperationContext, restore = ''): Promise<Activity> {
    for (;;) {
      if (this.#closed) throw this.leaving();
      this.admit(context);
      const current = this.current;
      if (current === undefined) break;
      if (!takesOver(context, current.context)) throw this.#busy(current);
      current.stop(this.#overtaken(context, current));
      await current.ended;
    }
    this.#current = new Activity(kind, context, restore);
    return this.#current;
  }

  /** Takes note of a lease number. Throws `lease-lost` when a higher one was seen; 0 needs no lease and passes. */
  admit({ cluster, leaseNumber, set }: OperationContext): void {
    const highest = this.#highest.get(cluster) ?? 0;
    if (leaseNumber === 0 || leaseNumber === highest) return;
    if (leaseNumber > highest) {
      this.#highest.set(cluster, leaseNumber);
      return;
    }
    throw new TidemarkError({
      code: 'lease-lost',
      operation: 'take an order',
      subject: set === '' ? this.#shard : `${this.#shard}: ${set}`,
      cause: `it comes under lease ${leaseNumber}, but lease ${highest} of cluster ${cluster} has been seen here`,
    });
  }

  /**
   * Ends what is done for this set and waits until nothing of it is left. Resolves with what it had come to, empty when there
   * was nothing. Throws `lease-lost` when it belongs to a higher lease. Idempotent.
   */
  async abort(context: OperationContext): Promise<ActivityKind | ''> {
    this.admit(context);
    const current = this.current;
    if (current === undefined) return '';
    if (current.context.cluster !== context.cluster || current.context.set !== context.set) return '';
    if (context.leaseNumber < current.context.leaseNumber) throw this.#notYours(context, current);
    const { kind } = current;
    current.stop(this.#ending(current, 'the coordinator ended the set'));
    await current.ended;
    return kind;
  }

  /** Refuses whatever comes, ends what runs, waits for its end. Idempotent, never throws. */
  async close(): Promise<void> {
    this.#closed = true;
    const current = this.current;
    current?.stop(this.leaving());
    await current?.ended;
  }

  #busy(current: Activity): TidemarkError {
    const { set, cluster } = current.context;
    const what = cluster === '' ? 'what a former run left behind' : [cluster, set].filter(Boolean).join(': ');
    return new TidemarkError({
      code: 'agent-busy',
      operation: 'begin an operation',
      subject: this.#shard,
      cause: `the agent is ${current.kind === 'cut' ? 'holding the cut of' : current.kind} ${what}`,
    });
  }

  #overtaken(by: OperationContext, current: Activity): TidemarkError {
    return new TidemarkError({
      code: 'lease-lost',
      operation: `go on ${current.kind}`,
      subject: `${this.#shard}: ${current.context.set}`,
      cause: `lease ${by.leaseNumber} took over from lease ${current.context.leaseNumber}`,
    });
  }

  #notYours(context: OperationContext, current: Activity): TidemarkError {
    return new TidemarkError({
      code: 'lease-lost',
      operation: 'end an operation',
      subject: `${this.#shard}: ${context.set}`,
      cause: `it runs under lease ${current.context.leaseNumber}, the order came under ${context.leaseNumber}`,
    });
  }

  #ending(current: Activity, cause: string): TidemarkError {
    return new TidemarkError({
      code: 'interrupted',
      operation: `go on ${current.kind}`,
      subject: `${this.#shard}: ${current.context.set}`,
      cause,
    });
  }

  /** What a leaving agent answers. */
  leaving(): TidemarkError {
    return new TidemarkError({
      code: 'interrupted',
      operation: 'go on',
      subject: this.#shard,
      cause: 'the agent was told to stop',
      remedy: 'Start tidemark-agent on that host, then run the command again.',
    });
  }
}

/** Only a backup is taken over, and only by a higher lease of its own cluster. */
function takesOver(by: OperationContext, current: OperationContext): boolean {
  return by.cluster === current.cluster && current.leaseNumber > 0 && by.leaseNumber > current.leaseNumber;
}

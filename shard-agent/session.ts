/**
 * What an agent is doing: at most one operation at a time, and who may begin, take over and end it. Nothing begins before the
 * restores that a former run left behind are settled.
 *
 * Fencing: lease numbers only rise. An operation under a lower number than the highest seen is refused, one under a higher
 * number ends the current backup of that cluster first. A number counts only when the repository has that lease, so one out of the
 * blue locks nobody out. Clocks play no part.
 */
import { TidemarkError } from '../proto/errors.ts';
import type { OperationContext } from './messages.ts';

export type ActivityKind =
  | 'preparing'
  | 'barrier'
  | 'cut'
  | 'copying'
  | 'restoring'
  | 'verifying'
  | 'rehearsing';

/** One operation from its beginning until nothing of it is left. */
export class Activity {
  /** What it has come to. */
  kind: ActivityKind;
  readonly context: OperationContext;
  /** Of `restoring`: the restore's id; empty while restores found at the start are settled, and for everything else. */
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

/** What a session asks of the world. */
export interface SessionParts {
  readonly shard: string;
  /** Whether the repository has this lease of the cluster. Throws `repository-failed` when it cannot tell. */
  readonly hasLease: (cluster: string, number: number) => Promise<boolean>;
  /** What keeps restores from being settled, for an answer to those who must wait. */
  readonly troubles: () => readonly string[];
}

export class Session {
  readonly #parts: SessionParts;
  readonly #highest = new Map<string, number>();
  #current: Activity | undefined;
  #closed = false;
  #settled = false;

  constructor(parts: SessionParts) {
    this.#parts = parts;
  }

  /** False until it is certain that no restore of a former run is left half done. */
  get settled(): boolean {
    return this.#settled;
  }

  /** True once the agent leaves: what it is doing then says nothing about what it leaves behind. */
  get closed(): boolean {
    return this.#closed;
  }

  /** Undefined when the agent is idle, or has not begun to settle what was left behind. */
  get current(): Activity | undefined {
    return this.#current?.over === true ? undefined : this.#current;
  }

  /** The first activity: settling what a former run left behind. Only after `settle` may anything else begin. */
  beginSettling(): Activity {
    if (this.#closed) throw this.leaving();
    this.#current = new Activity('restoring', { cluster: '', set: '', leaseNumber: 0 });
    return this.#current;
  }

  /** Nothing of a former run is left. */
  settle(): void {
    this.#settled = true;
  }

  /**
   * Begins an operation. Throws `lease-lost` for a lower lease number than the highest seen or one that the repository does not
   * have, `agent-busy` while another operation runs that is not taken over or restores of a former run are not settled,
   * `interrupted` when the agent is leaving. Whoever began must call `end`.
   */
  async begin(kind: ActivityKind, context: OperationContext, restore = ''): Promise<Activity> {
    for (;;) {
      await this.admit(context);
      if (this.#closed) throw this.leaving();
      if (!this.#settled) throw this.#unsettled();
      const current = this.current;
      if (current === undefined) break;
      if (!takesOver(context, current)) throw this.#busy(current);
      current.stop(this.#overtaken(context, current));
      await current.ended;
    }
    this.#current = new Activity(kind, context, restore);
    return this.#current;
  }

  /**
   * Takes note of a lease number. Throws `lease-lost` when a higher one was seen, or when the repository has no such lease; 0 needs
   * no lease and passes.
   */
  async admit({ cluster, leaseNumber, set }: OperationContext): Promise<void> {
    if (leaseNumber === 0) return;
    if (leaseNumber > this.#highestOf(cluster) && !(await this.#parts.hasLease(cluster, leaseNumber)))
      throw this.#noLease(set, `it comes under lease ${leaseNumber}, which cluster ${cluster} does not have`);
    const highest = this.#highestOf(cluster);
    if (leaseNumber >= highest) {
      this.#highest.set(cluster, leaseNumber);
      return;
    }
    throw this.#noLease(
      set,
      `it comes under lease ${leaseNumber}, but lease ${highest} of cluster ${cluster} has been seen here`,
    );
  }

  #highestOf(cluster: string): number {
    return this.#highest.get(cluster) ?? 0;
  }

  #noLease(set: string, cause: string): TidemarkError {
    const { shard } = this.#parts;
    const subject = set === '' ? shard : `${shard}: ${set}`;
    return new TidemarkError({ code: 'lease-lost', operation: 'take an order', subject, cause });
  }

  /**
   * Ends what is done for this set and waits until nothing of it is left. Resolves with what it had come to, empty when there
   * was nothing. Throws `lease-lost` when it belongs to a higher lease. Idempotent.
   */
  async abort(context: OperationContext): Promise<ActivityKind | ''> {
    await this.admit(context);
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
    const { kind, context, restore } = current;
    const what = [context.cluster, context.set].filter(Boolean).join(': ');
    const id = restore === '' ? '' : ` (restore ${restore})`;
    return this.#refusal(`the agent is ${kind === 'cut' ? 'holding the cut of' : kind} ${what}${id}`);
  }

  #unsettled(): TidemarkError {
    return this.#refusal(
      'the agent is still settling restores that a former run left behind',
      'Wait until it has. A restore that can never be completed is given up with `tidemark restore --abandon`.',
    );
  }

  #refusal(cause: string, remedy?: string): TidemarkError {
    const { shard, troubles } = this.#parts;
    const why = [cause, ...troubles()].join('; ');
    return new TidemarkError({
      code: 'agent-busy',
      operation: 'begin an operation',
      subject: shard,
      cause: why,
      remedy,
    });
  }

  #overtaken(by: OperationContext, current: Activity): TidemarkError {
    return new TidemarkError({
      code: 'lease-lost',
      operation: `go on ${current.kind}`,
      subject: `${this.#parts.shard}: ${current.context.set}`,
      cause:
        current.kind === 'rehearsing'
          ? `a backup began, under lease ${by.leaseNumber}`
          : `lease ${by.leaseNumber} took over from lease ${current.context.leaseNumber}`,
    });
  }

  #notYours(context: OperationContext, current: Activity): TidemarkError {
    return new TidemarkError({
      code: 'lease-lost',
      operation: 'end an operation',
      subject: `${this.#parts.shard}: ${context.set}`,
      cause: `it runs under lease ${current.context.leaseNumber}, the order came under ${context.leaseNumber}`,
    });
  }

  #ending(current: Activity, cause: string): TidemarkError {
    return new TidemarkError({
      code: 'interrupted',
      operation: `go on ${current.kind}`,
      subject: `${this.#parts.shard}: ${current.context.set}`,
      cause,
    });
  }

  /** What a leaving agent answers. */
  leaving(): TidemarkError {
    return new TidemarkError({
      code: 'interrupted',
      operation: 'go on',
      subject: this.#parts.shard,
      cause: 'the agent was told to stop',
      remedy: 'Start tidemark-agent on that host, then run the command again.',
    });
  }
}

/** A backup is taken over, by a higher lease of its own cluster, and a rehearsal by any backup: nobody waits for that one. */
function takesOver(by: OperationContext, { kind, context: current }: Activity): boolean {
  if (kind === 'rehearsing') return by.leaseNumber > 0;
  return by.cluster === current.cluster && current.leaseNumber > 0 && by.leaseNumber > current.leaseNumber;
}

/** Runs the barrier machine over the shards' calls, a clock and a source of chance. */
import { setMaxListeners } from 'node:events';
import { systemClock, type Clock } from '../../proto/clock.ts';
import { asTidemarkError, TidemarkError } from '../../proto/errors.ts';
import type { BarrierRequest } from '../../proto/gen/tidemark/v1/BarrierRequest.ts';
import type { Prepared__Output } from '../../proto/gen/tidemark/v1/Prepared.ts';
import { reached } from '../../proto/step-points.ts';
import type { BarrierConfig } from '../../topology/topology.ts';
import { combineFailures, onAll, shardError } from '../agents.ts';
import { endOf, type BarrierLink, type LinkEvent } from './link.ts';
import { barrierStart } from './protocol.ts';
import { evidenceOf, notReached, type BarrierEvidence } from './report.ts';
import type { BarrierEffect, BarrierEvent, BarrierPlan, BarrierState, BarrierStep, Order } from './states.ts';

/** After the cut: how long the agents may take to put their snapshots in the copy's hands. */
const handOverMs = 10_000;

export interface PreparedShard {
  readonly shard: string;
  readonly prepared: Prepared__Output;
}

/** Every agent is prepared and waits inside its call; no writer is held up. */
export interface OpenBarrier {
  /** In the order of the members. */
  readonly shards: readonly PreparedShard[];
  readonly links: readonly BarrierLink[];
  /** Breaks every call: the agents let go of everything. For whoever decides not to go on. Idempotent. */
  cancel(): void;
}

export interface ReachCutOptions {
  readonly signal: AbortSignal;
  /** Default: this machine's. */
  readonly clock?: Clock;
  /** In [0, 1). Default: Math.random. */
  readonly random?: () => number;
}

type Transition = (state: BarrierState, event: BarrierEvent) => BarrierStep;
type Happening = BarrierEvent extends infer Event
  ? Event extends BarrierEvent
    ? Omit<Event, 'atMs' | 'jitter'>
    : never
  : never;

/** One run of the machine. `reachCut` is the way in; the simulation hands in a broken machine to see itself fail. */
export class BarrierDriver {
  readonly #links: ReadonlyMap<string, BarrierLink>;
  readonly #cancel: () => void;
  readonly #clock: Clock;
  readonly #random: () => number;
  readonly #signal: AbortSignal;
  readonly #transition: Transition;
  readonly #over = Promise.withResolvers<void>();
  #state: BarrierState;
  #cancelTimer: (() => void) | undefined;

  constructor(barrier: OpenBarrier, config: BarrierConfig, options: ReachCutOptions, transition: Transition) {
    this.#links = new Map(barrier.links.map((link) => [link.shard, link]));
    this.#cancel = () => barrier.cancel();
    this.#clock = options.clock ?? systemClock;
    this.#random = options.random ?? Math.random;
    this.#signal = options.signal;
    this.#transition = transition;
    const plan: BarrierPlan = {
      ...config,
      shards: barrier.shards.map(({ shard }) => shard),
      uncontendedLockMs: Math.max(0, ...barrier.shards.map(({ prepared }) => prepared.uncontendedLockMs)),
    };
    this.#state = barrierStart(plan, this.#clock.now());
  }

  async run(): Promise<BarrierEvidence> {
    setMaxListeners(0, this.#signal);
    const onAbort = (): void => this.#dispatch({ kind: 'aborted', error: this.#interruption() });
    this.#signal.addEventListener('abort', onAbort, { once: true });
    try {
      if (this.#signal.aborted) throw this.#interruption();
      for (const link of this.#links.values()) link.listen((event) => this.#onLink(link.shard, event));
      this.#dispatch({ kind: 'began' });
      await this.#over.promise;
      const evidence = this.#conclude();
      await this.#handOver();
      return evidence;
    } catch (error) {
      this.#cancel();
      throw error;
    } finally {
      this.#cancelTimer?.();
      this.#signal.removeEventListener('abort', onAbort);
      for (const link of this.#links.values()) link.listen(undefined);
    }
  }

  #onLink(shard: string, event: LinkEvent): void {
    if (event.kind === 'replied') {
      this.#dispatch({ kind: 'replied', shard, reply: event.reply });
      return;
    }
    // Not our signal: an interruption is dispatched by itself, with its own words.
    const error = shardError(shard, endOf(event), new AbortController().signal, 'hold the barrier');
    this.#dispatch({ kind: 'lost', shard, error });
  }

  #dispatch(happening: Happening): void {
    try {
      const event = { ...happening, atMs: this.#clock.now(), jitter: this.#random() } as BarrierEvent;
      const { state, effects } = this.#transition(this.#state, event);
      this.#state = state;
      for (const effect of effects) this.#perform(effect);
    } catch (error) {
      this.#over.reject(error);
    }
  }

  #perform(effect: BarrierEffect): void {
    switch (effect.kind) {
      case 'send':
        if (effect.order.kind === 'cut') void this.#sendCut(effect.shards, effect.order);
        else this.#send(effect.shards, effect.order);
        return;
      case 'wake': {
        this.#cancelTimer?.();
        const { timer } = effect;
        const ms = effect.atMs - this.#clock.now();
        this.#cancelTimer = this.#clock.setTimer(ms, () => this.#dispatch({ kind: 'woke', timer }));
        return;
      }
      case 'finish':
      case 'break':
        this.#cancelTimer?.();
        this.#over.resolve();
        return;
    }
  }

  #send(shards: readonly string[], order: Order): void {
    const request = wireRequest(order);
    for (const shard of shards) this.#links.get(shard)?.send(request);
  }

  /** A test may stop us here, with every shard frozen. Whatever has ended the attempt meanwhile, its CUT is not sent any more. */
  async #sendCut(shards: readonly string[], order: Extract<Order, { kind: 'cut' }>): Promise<void> {
    try {
      if (!order.withoutLocks) await reached('coordinator.frozen');
    } catch (error) {
      this.#over.reject(error);
      return;
    }
    if (this.#state.kind === 'cutting' && this.#state.run.attempt === order.attempt)
      this.#send(shards, order);
  }

  /** The evidence, or the error that the machine ended with. */
  #conclude(): BarrierEvidence {
    const state = this.#state;
    switch (state.kind) {
      case 'reached':
        return evidenceOf(state);
      case 'not-reached':
        throw notReached(state);
      case 'failed':
        // Who interrupts knows why the calls then broke.
        if (this.#signal.aborted) throw this.#interruption();
        throw combineFailures(
          'hold the barrier',
          state.run.failures.map(({ shard, error }) => ({ shard, error })),
        );
      case 'ready':
      case 'probing':
      case 'pausing':
      case 'freezing':
      case 'cutting':
      case 'thawing':
        throw new Error(`the barrier ended while ${state.kind}`);
    }
  }

  /** Ends every call in good order and waits until the agents have done so too: a Copy must not overtake it. */
  async #handOver(): Promise<void> {
    const links = [...this.#links.values()];
    await onAll(links, 'hand the snapshots to the copy', this.#signal, async (link, stop) => {
      const { promise, resolve, reject } = Promise.withResolvers<void>();
      const onStop = (): void => reject(stop.reason);
      stop.addEventListener('abort', onStop, { once: true });
      const cancelTimer = this.#clock.setTimer(handOverMs, () => reject(silent(link.shard)));
      try {
        stop.throwIfAborted();
        link.listen((event) => {
          if (event.kind === 'ended') resolve();
          if (event.kind === 'broken') reject(event.error);
        });
        link.finish();
        await promise;
      } finally {
        cancelTimer();
        stop.removeEventListener('abort', onStop);
      }
    });
  }

  #interruption(): TidemarkError {
    return asTidemarkError(this.#signal.reason, {
      code: 'interrupted',
      operation: 'hold the barrier',
      subject: 'all shards',
    });
  }
}

function wireRequest(order: Order): BarrierRequest {
  switch (order.kind) {
    case 'probe':
      return { probe: {} };
    case 'freeze':
      return { freeze: { attempt: order.attempt, drainMs: order.drainMs } };
    case 'thaw':
      return { thaw: { attempt: order.attempt } };
    case 'cut':
      return { cut: { attempt: order.attempt, withoutLocks: order.withoutLocks } };
  }
}

function silent(shard: string): TidemarkError {
  return new TidemarkError({
    code: 'agent-unreachable',
    operation: 'hand the snapshots to the copy',
    subject: shard,
    cause: `the agent has not ended the barrier within ${handOverMs / 1000} s of its cut`,
  });
}

/**
 * One Barrier call on the agent, from the reply `prepared` to its end: drives the participant machine with the
 * session of the engine, the call's stream and a clock. Knows neither gRPC nor SQL.
 */
import { asTidemarkError, type TidemarkError } from '../proto/errors.ts';
import type { ReplyStream } from '../proto/channel.ts';
import { systemClock, type Clock } from '../proto/clock.ts';
import type { BarrierReply } from '../proto/gen/tidemark/v1/BarrierReply.ts';
import type { BarrierRequest__Output } from '../proto/gen/tidemark/v1/BarrierRequest.ts';
import { reached } from '../proto/step-points.ts';
import type { BackupSession, Cut } from './engine.ts';
import { participantStart, participantStep } from './participant.ts';
import type { ParticipantEffect, ParticipantEvent, ParticipantState, Terms } from './participant-states.ts';

/** The agent's end of the call, once `prepare` has been read from it and answered. */
export type BarrierCallStream = AsyncIterable<BarrierRequest__Output> &
  Pick<ReplyStream<BarrierReply>, 'send' | 'broken'>;

export interface BarrierCall {
  readonly stream: BarrierCallStream;
  readonly session: Pick<BackupSession, 'inTheWay' | 'lock' | 'cut' | 'cutWithoutLocks' | 'unlock' | 'close'>;
  readonly terms: Terms;
  /** Default: this machine's. */
  readonly clock?: Clock;
  /** Aborted when the agent is to stop or the set is to be ended: thaws as if the call had broken. */
  readonly signal: AbortSignal;
}

/**
 * Resolves with the cut when the coordinator ended the call in good order after `cut_taken`: the session, with its
 * snapshots, is then the caller's. Resolves undefined when the barrier ended without a cut, for whatever reason of
 * the coordinator's or the network's; throws what the engine threw, `internal` when the coordinator broke the protocol, and
 * the signal's reason (or `interrupted`) when that ended it: the coordinator must not take it for a hand-over. Unless it resolves with a cut, the session has been unlocked and closed. No lock is held when it settles.
 */
export async function runBarrierCall(call: BarrierCall): Promise<{ readonly cut: Cut } | undefined> {
  const driver = new CallDriver(call);
  const { signal, terms } = call;
  const { broken } = call.stream;
  const onBroken = (): void => driver.dispatch({ kind: 'broken', error: undefined });
  const onStop = (): void => {
    const stopped = { code: 'interrupted', operation: 'hold the barrier', subject: terms.shard } as const;
    driver.dispatch({ kind: 'broken', error: asTidemarkError(signal.reason, stopped) });
  };
  broken.addEventListener('abort', onBroken, { once: true });
  signal.addEventListener('abort', onStop, { once: true });
  try {
    if (broken.aborted) onBroken();
    if (signal.aborted) onStop();
    void driver.read(call.stream);
    return await driver.outcome;
  } finally {
    broken.removeEventListener('abort', onBroken);
    signal.removeEventListener('abort', onStop);
  }
}

/** An event without its time, which the driver adds. */
type Happening = ParticipantEvent extends infer Event
  ? Event extends { readonly atMs: number }
    ? Omit<Event, 'atMs'>
    : never
  : never;

class CallDriver {
  readonly outcome: Promise<{ readonly cut: Cut } | undefined>;
  readonly #call: BarrierCall;
  readonly #clock: Clock;
  readonly #settle: PromiseWithResolvers<{ readonly cut: Cut } | undefined>;
  #state: ParticipantState = participantStart;
  #disarm: (() => void) | undefined;
  #lock: AbortController | undefined;

  constructor(call: BarrierCall) {
    this.#call = call;
    this.#clock = call.clock ?? systemClock;
    this.#settle = Promise.withResolvers();
    this.outcome = this.#settle.promise;
  }

  async read(requests: AsyncIterable<BarrierRequest__Output>): Promise<void> {
    try {
      for await (const request of requests) this.#onRequest(request);
      this.dispatch({ kind: 'finished' });
    } catch {
      // Why a call broke is the coordinator's to report; here it means only that nobody is left to obey.
      this.dispatch({ kind: 'broken', error: undefined });
    }
  }

  #onRequest(request: BarrierRequest__Output): void {
    if (request.probe) return this.dispatch({ kind: 'probe' });
    if (request.freeze) {
      const { attempt, drainMs } = request.freeze;
      return this.dispatch({ kind: 'freeze', attempt, drainMs });
    }
    if (request.thaw) return this.dispatch({ kind: 'thaw', attempt: request.thaw.attempt });
    if (request.cut) {
      const { attempt, withoutLocks } = request.cut;
      return this.dispatch({ kind: 'cut', attempt, withoutLocks });
    }
    this.dispatch({ kind: 'broken', error: this.#unknownRequest() });
  }

  dispatch(happening: Happening): void {
    try {
      this.#step(happening);
    } catch (defect) {
      const subject = this.#call.terms.shard;
      const error = asTidemarkError(defect, {
        code: 'internal',
        operation: 'take part in the barrier',
        subject,
      });
      this.#step({ kind: 'broken', error });
    }
  }

  #step(happening: Happening): void {
    const event = { ...happening, atMs: this.#clock.now() } as ParticipantEvent;
    const { state, effects } = participantStep(this.#call.terms, this.#state, event);
    this.#state = state;
    for (const effect of effects) this.#perform(effect);
  }

  #perform(effect: ParticipantEffect): void {
    const { session, stream, terms } = this.#call;
    switch (effect.kind) {
      case 'reply':
        return stream.send(effect.reply);
      case 'probe':
        return this.#run('see what is in the way', async () => ({
          kind: 'probed',
          blockers: await session.inTheWay(terms.holdLimitMs),
        }));
      case 'lock':
        return this.#run('freeze', () => this.#freeze(effect.drainMs));
      case 'cut':
        return this.#run('take the cut', () => this.#cut(() => session.cut()));
      case 'cut-without-locks':
        return this.#run('take the cut', () => this.#cut(() => session.cutWithoutLocks()));
      case 'unlock':
        this.#lock?.abort();
        return this.#run('thaw', async () => {
          await session.unlock();
          await reached('agent.thawed');
          return { kind: 'unlocked' };
        });
      case 'arm':
        this.#disarm?.();
        this.#disarm = this.#clock.setTimer(effect.afterMs, () =>
          this.dispatch({ kind: 'hold-limit', attempt: effect.attempt }),
        );
        return;
      case 'disarm':
        this.#disarm?.();
        this.#disarm = undefined;
        return;
      case 'hand-over':
        return this.#settle.resolve({ cut: effect.cut });
      case 'close':
        return this.#close(effect.error);
    }
  }

  async #freeze(drainMs: number): Promise<Happening> {
    const lock = new AbortController();
    this.#lock = lock;
    // Requested first and announced at once: a test that stops the process here finds writers waiting.
    const [outcome] = await Promise.all([
      this.#call.session.lock(drainMs, lock.signal),
      reached('agent.locking'),
    ]);
    if (outcome.outcome === 'locked') await reached('agent.frozen');
    return { kind: 'lock-returned', outcome };
  }

  async #cut(take: () => Promise<Cut>): Promise<Happening> {
    const cut = await take();
    await reached('agent.thawed');
    return { kind: 'cut-returned', cut };
  }

  /** Runs one call of the engine and tells the machine how it ended. */
  #run(operation: string, work: () => Promise<Happening>): void {
    work().then(
      (happening) => this.dispatch(happening),
      (error: unknown) => {
        const subject = this.#call.terms.shard;
        const failure = asTidemarkError(error, { code: 'internal', operation, subject });
        this.dispatch({ kind: 'engine-failed', error: failure });
      },
    );
  }

  #close(error: TidemarkError | undefined): void {
    this.#disarm?.();
    this.#disarm = undefined;
    this.#call.session.close().then(
      () => (error === undefined ? this.#settle.resolve(undefined) : this.#settle.reject(error)),
      (defect: unknown) => this.#settle.reject(error ?? defect),
    );
  }

  #unknownRequest(): TidemarkError {
    return asTidemarkError('a request that is none of probe, freeze, thaw and cut', {
      code: 'internal',
      operation: 'take part in the barrier',
      subject: this.#call.terms.shard,
    });
  }
}

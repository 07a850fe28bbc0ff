/**
 * The course of a restore on one shard, from its load to its end, over its call and by its records.
 *
 * Until the agent has said `target_closed`, nothing can have been decided: every failure is undone here and at once. After that only
 * the records count, whatever a coordinator says and whether it lives. The shard is switched when the decision says so, and
 * stays closed to applications until the ending says `open`, which nobody may record before every shard has switched. Each step is
 * idempotent, so an agent that finds a restore from before its start begins with the decision again.
 */
import type { ServerCall } from '../proto/channel.ts';
import { pause } from '../proto/clock.ts';
import { asTidemarkError, TidemarkError } from '../proto/errors.ts';
import type { RestoreReply } from '../proto/gen/tidemark/v1/RestoreReply.ts';
import type { RestoreRequest__Output as RestoreRequest } from '../proto/gen/tidemark/v1/RestoreRequest.ts';
import { reached } from '../proto/step-points.ts';
import type { ObjectStore } from '../repository/object-store.ts';
import { decide } from '../repository/restore-decision.ts';
import { openWhenSwitched, readEnding, recordShardStep, type Ending } from '../repository/restore-ending.ts';
import type { Finding, SettlingSession } from './engine.ts';
import { findingMessage } from './messages.ts';
import type { Persistence } from './persistence.ts';
import type { RestoreState, RestoreStates } from './restore-states.ts';

export interface CourseParts {
  readonly shard: string;
  readonly store: ObjectStore;
  readonly persistence: Persistence;
  readonly states: RestoreStates;
  /** Hears what of a restored set the server did not take as it was, also when no coordinator is there to be told. */
  readonly onLeftOut?: ((restore: string, findings: readonly Finding[]) => void) | undefined;
}

/** Whose restore it is: the cluster whose folder holds its records, and its id. */
export interface CourseName {
  readonly cluster: string;
  readonly restore: string;
}

export type LoadedMessage = NonNullable<RestoreReply['loaded']>;

/** What is done on the server, in this order; every step after `load` may be repeated. */
export interface RestoreWork extends SettlingSession {
  /** Loads and checks everything under staging names; ends early when `signal` fires. */
  load(signal: AbortSignal): Promise<LoadedMessage>;
  closeTarget(): Promise<void>;
}

export type RestoreCall = Pick<ServerCall<RestoreRequest, RestoreReply>, 'send' | 'broken'> &
  AsyncIterable<RestoreRequest>;

type Order = 'closeTarget' | 'switch' | 'discard' | 'open' | 'gone';
type Outcome = 'opened' | 'undone';

/** A coordinator that waits this long for a step gets an error; the agent goes on by itself. */
const patienceMs = 60_000;

/** Of one message. */
const mostWarnings = 1000;

/** How often the records are read while other shards have not switched: quickly at first, and for as long as it takes. */
const firstPollMs = 100;
const longestPollMs = 5_000;

/**
 * Runs one restore over its call. `answered` settles when the call is to end (it rejects with the error to send), `over` when
 * nothing is left to do here, which may be later: a step that fails is tried again until it succeeds or the agent leaves.
 */
export function runCourse(
  parts: CourseParts,
  name: CourseName,
  work: RestoreWork,
  call: RestoreCall,
  stop: AbortSignal,
): { readonly answered: Promise<void>; readonly over: Promise<void> } {
  const answered = Promise.withResolvers<void>();
  const course = new Course(parts, name, work, stop, {
    send: (reply) => call.send(reply),
    giveUp: (error) => answered.reject(error),
  });
  const over = course.live(work, new Orders(call, AbortSignal.any([stop, call.broken])));
  return {
    answered: answered.promise,
    over: over.then(answered.resolve, (error: unknown) => {
      answered.reject(error);
    }),
  };
}

/**
 * At the agent's start: brings a restore that was left behind to the end that its records name. Resolves when nothing of it is left;
 * rejects only when the agent leaves before that.
 */
export function settleCourse(
  parts: CourseParts,
  name: CourseName,
  session: SettlingSession,
  stop: AbortSignal,
): Promise<Outcome> {
  return new Course(parts, name, session, stop, undefined).byRecords();
}

interface Coordinator {
  send(reply: RestoreReply): void;
  /** It is not to wait any longer. */
  giveUp(error: TidemarkError): void;
}

class Course {
  readonly #parts: CourseParts;
  readonly #name: CourseName;
  readonly #session: SettlingSession;
  readonly #stop: AbortSignal;
  readonly #coordinator: Coordinator | undefined;
  #orders: Orders | undefined;
  #leftOut: readonly Finding[] = [];

  constructor(
    parts: CourseParts,
    name: CourseName,
    session: SettlingSession,
    stop: AbortSignal,
    coordinator: Coordinator | undefined,
  ) {
    this.#parts = parts;
    this.#name = name;
    this.#session = session;
    this.#stop = stop;
    this.#coordinator = coordinator;
  }

  async live(work: RestoreWork, orders: Orders): Promise<void> {
    this.#orders = orders;
    const { shard, states } = this.#parts;
    try {
      await this.#untilClosed(work, orders);
      const order = await orders.next();
      const outcome = await this.byRecords();
      // A coordinator that is gone has asked for nothing.
      if (order === 'switch' && outcome === 'undone') throw otherEnd(shard, this.#name, outcome);
      if (order === 'discard' && outcome === 'opened') throw otherEnd(shard, this.#name, outcome);
      this.#coordinator?.send(outcome === 'opened' ? { finished: this.#finished() } : { discarded: {} });
    } finally {
      states.leave(this.#name.restore);
    }
  }

  /** Follows the records from the start, also after a death: the decision, then the switch, then the ending. */
  async byRecords(): Promise<Outcome> {
    const { store, shard } = this.#parts;
    const { cluster, restore } = this.#name;
    // Asking for `undo` is right also when told to switch: a recorded `switch` stays, and without one nobody may switch.
    const decision = await this.#until('read the decision', () => decide(store, cluster, restore, 'undo'));
    const ending = decision === 'undo' ? 'undo' : await this.#switchAndWait();
    if (ending === 'undo') {
      await this.#undo();
      return 'undone';
    }
    await reached('agent.before-open');
    await this.#step('opening', 'open the restored databases', () => this.#session.open());
    await reached('agent.opened');
    await this.#until('record that the shard is open', () =>
      recordShardStep(store, cluster, restore, shard, 'opened'),
    );
    this.#coordinator?.send({ opened: {} });
    this.#leftOut = await this.#step('opened', 'finish the restore', () => this.#session.finish());
    if (this.#leftOut.length > 0) this.#parts.onLeftOut?.(restore, this.#leftOut);
    this.#parts.states.leave(restore);
    return 'opened';
  }

  /** A message has a bound: the agent's log has them all. */
  #finished(): NonNullable<RestoreReply['finished']> {
    return { warnings: this.#leftOut.slice(0, mostWarnings).map(findingMessage) };
  }

  async #untilClosed(work: RestoreWork, orders: Orders): Promise<void> {
    const { states } = this.#parts;
    const { restore } = this.#name;
    try {
      states.enter(restore, 'loading');
      const loaded = await work.load(orders.gone);
      orders.gone.throwIfAborted();
      states.enter(restore, 'loaded');
      this.#coordinator?.send({ loaded });
      if ((await orders.next('closeTarget')) !== 'closeTarget') return;
      await work.closeTarget();
      await reached('agent.target-closed');
      states.enter(restore, 'closed');
      this.#coordinator?.send({ targetClosed: {} });
    } catch (error) {
      const failure = asTidemarkError(orders.gone.aborted ? orders.gone.reason : error, {
        code: 'internal',
        operation: 'load the shard',
        subject: this.#parts.shard,
      });
      await this.#patiently(failure, () => this.#undo());
      throw failure;
    }
  }

  /** Resolves with the ending; until it is `open`, the shard stays closed. */
  async #switchAndWait(): Promise<Ending> {
    const { store, shard, states } = this.#parts;
    const { cluster, restore } = this.#name;
    await reached('agent.before-switch');
    const abandoned = await this.#step('switching', 'switch to the restored databases', async () => {
      // Asked before every try: a switch that the server refuses again and again can be given up by an operator.
      if ((await readEnding(store, cluster, restore)) === 'undo') return true;
      await this.#session.switch();
      return false;
    });
    if (abandoned) return 'undo';
    await reached('agent.switched');
    await this.#until('record that the shard has switched', () =>
      recordShardStep(store, cluster, restore, shard, 'switched'),
    );
    states.enter(restore, 'switched');
    this.#coordinator?.send({ switched: {} });
    const heard = this.#orders?.heard();
    for (let pauseMs = firstPollMs; ; pauseMs = Math.min(pauseMs * 2, longestPollMs)) {
      const { ending, waitingFor } = await this.#until('read how the restore ends', () =>
        openWhenSwitched(store, cluster, restore),
      );
      if (ending !== undefined) return ending;
      states.trouble(restore, `closed until these shards have switched: ${waitingFor.join(', ')}`);
      const wake = heard === undefined || heard.aborted ? [] : [heard];
      await pause(this.#parts.persistence.clock, pauseMs, this.#stop, ...wake);
      // The next start goes on from here.
      this.#stop.throwIfAborted();
    }
  }

  async #undo(): Promise<void> {
    await this.#step('undoing', 'discard the staging', () => this.#session.discard());
    this.#parts.states.leave(this.#name.restore);
  }

  /** A step on the server; a coordinator need not wait for all its tries. */
  async #step<Result>(state: RestoreState, operation: string, work: () => Promise<Result>): Promise<Result> {
    this.#parts.states.enter(this.#name.restore, state);
    let result: Result | undefined;
    await this.#patiently(slow(this.#parts.shard, operation), async () => {
      result = await this.#until(operation, work);
    });
    return result as Result;
  }

  #until<Result>(operation: string, work: () => Promise<Result>): Promise<Result> {
    const { persistence, states } = this.#parts;
    return persistence.until(operation, work, (error) =>
      states.trouble(this.#name.restore, `cannot ${operation}: ${error.message}`),
    );
  }

  /** Lets the coordinator go with `error` when `work` takes long; the work goes on. */
  async #patiently(error: TidemarkError, work: () => Promise<void>): Promise<void> {
    const cancel = this.#parts.persistence.clock.setTimer(patienceMs, () => this.#coordinator?.giveUp(error));
    try {
      await work();
    } finally {
      cancel();
    }
  }
}

/** What the coordinator orders, in turn; `gone` once the call has broken or the agent is told to stop, and for ever after. */
class Orders {
  /** Aborted when the coordinator is gone, or the agent leaves. */
  readonly gone: AbortSignal;
  readonly #requests: AsyncIterator<RestoreRequest>;
  #next: Promise<Order> | undefined;

  constructor(call: RestoreCall, gone: AbortSignal) {
    this.gone = gone;
    this.#requests = call[Symbol.asyncIterator]();
  }

  /** The next order. With `only`, any other is left for the next to ask. */
  async next(only?: Order): Promise<Order> {
    this.#next ??= this.#read();
    const order = await this.#next;
    if (only === undefined || only === order) this.#next = undefined;
    return order;
  }

  /** Fires when the next order has come, which is left for the next to ask. */
  heard(): AbortSignal {
    const heard = new AbortController();
    void this.next('gone').then(() => heard.abort());
    return heard.signal;
  }

  async #read(): Promise<Order> {
    const gone = Promise.withResolvers<Order>();
    const leave = (): void => gone.resolve('gone');
    this.gone.addEventListener('abort', leave, { once: true });
    if (this.gone.aborted) leave();
    try {
      // A call that breaks is a coordinator that is gone.
      return await Promise.race([this.#told().catch((): Order => 'gone'), gone.promise]);
    } finally {
      this.gone.removeEventListener('abort', leave);
    }
  }

  async #told(): Promise<Order> {
    for (;;) {
      const { done, value } = await this.#requests.next();
      if (done === true) return 'gone';
      if (value.closeTarget) return 'closeTarget';
      if (value.switch) return 'switch';
      if (value.discard) return 'discard';
      if (value.open) return 'open';
    }
  }
}

function slow(shard: string, operation: string): TidemarkError {
  return new TidemarkError({
    code: 'database-failed',
    operation,
    subject: shard,
    cause: `it is not done after ${patienceMs} ms; the agent goes on trying`,
    remedy: "The agent's log says what the server answers. The agent ends the restore by itself.",
  });
}

function otherEnd(shard: string, { restore }: CourseName, outcome: Outcome): TidemarkError {
  return new TidemarkError({
    code: 'internal',
    operation: 'follow the order',
    subject: `${shard}: restore ${restore}`,
    cause: `the restore's records say otherwise, and they were followed: the shard's part is ${outcome}`,
  });
}

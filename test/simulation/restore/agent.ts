/** A simulated agent: the real session, course and settling of restores, over a simulated process, server and repository. */
import { asTidemarkError, TidemarkError } from '../../../proto/errors.ts';
import type { RestoreReply, RestoreReply__Output } from '../../../proto/gen/tidemark/v1/RestoreReply.ts';
import type {
  RestoreRequest,
  RestoreRequest__Output,
} from '../../../proto/gen/tidemark/v1/RestoreRequest.ts';
import type { ObjectStore } from '../../../repository/object-store.ts';
import { hasShardStep } from '../../../repository/restore-ending.ts';
import type { Engine } from '../../../shard-agent/engine.ts';
import { Persistence } from '../../../shard-agent/persistence.ts';
import { runCourse } from '../../../shard-agent/restore-course.ts';
import { RestoreStates } from '../../../shard-agent/restore-states.ts';
import { settleStaged } from '../../../shard-agent/restore.ts';
import { Session } from '../../../shard-agent/session.ts';
import type { FakeCall } from '../network.ts';
import { Process, type Chance, type TimerFaults, type VirtualTime } from '../virtual-time.ts';
import type { RestoreServer } from './server.ts';

export interface RestoreWire {
  readonly request: RestoreRequest;
  readonly requestRead: RestoreRequest__Output;
  readonly reply: RestoreReply;
  readonly replyRead: RestoreReply__Output;
}

export interface AgentWorld {
  readonly time: VirtualTime;
  readonly chance: Chance;
  readonly timers: TimerFaults;
  readonly cluster: string;
  readonly storeFor: (process: Process) => ObjectStore;
}

/** One process of the agent, from its start to its end. */
interface Life {
  readonly process: Process;
  readonly session: Session;
  readonly states: RestoreStates;
  readonly store: ObjectStore;
  readonly parts: Parameters<typeof settleStaged>[0];
  readonly leaving: AbortController;
}

export class RestoreAgent {
  readonly server: RestoreServer;
  readonly #world: AgentWorld;
  readonly #calls = new Set<FakeCall<RestoreWire>>();
  #life: Life;

  constructor(server: RestoreServer, world: AgentWorld) {
    this.server = server;
    this.#world = world;
    this.#life = this.#start();
  }

  get shard(): string {
    return this.server.shard;
  }

  get process(): Process {
    return this.#life.process;
  }

  /** Nothing is under way here, and nothing was left behind. */
  get idle(): boolean {
    const { session, process } = this.#life;
    return process.alive && session.settled && session.current === undefined;
  }

  /** Somebody else wants the agent, for work that needs no lease: true when it was let in. */
  async intrude(): Promise<boolean> {
    const context = { cluster: this.#world.cluster, set: '', leaseNumber: 0 };
    try {
      (await this.#life.session.begin('verifying', context)).end();
      return true;
    } catch {
      return false;
    }
  }

  /** As the service answers it. */
  async state(restore: string): Promise<{ state: string; trouble: string }> {
    const { session, states, store } = this.#life;
    if (session.closed) throw session.leaving();
    const report = states.of(restore);
    if (report !== undefined) return report;
    if (!session.settled) return { state: 'settling', trouble: states.troubles.join('; ') };
    const opened = await hasShardStep(store, this.#world.cluster, restore, this.shard, 'opened');
    return states.of(restore) ?? { state: opened ? 'finished' : 'none', trouble: '' };
  }

  /** As the service answers a Restore call. */
  serve(call: FakeCall<RestoreWire>): void {
    const { process } = this;
    this.#calls.add(call);
    const end = (error?: unknown): void => {
      this.#calls.delete(call);
      const known =
        error === undefined
          ? undefined
          : asTidemarkError(error, { code: 'internal', operation: 'serve', subject: this.shard });
      process.deliver(() => call.endedByAgent(known));
    };
    this.#restore(call).then(() => end(), end);
  }

  /** The process dies, and is started again after `downMs`. */
  kill(downMs: number): void {
    const { time, chance } = this.#world;
    this.process.kill();
    for (const call of this.#calls) call.break(chance.happens(0.7) ? 10 : 2_000);
    this.#calls.clear();
    time.after(downMs, () => {
      if (!this.process.alive) this.#life = this.#start();
    });
  }

  /** Told to stop in good order, and started again when it has. */
  terminate(): void {
    const { process, session, leaving } = this.#life;
    process.clock.setTimer(10_000, () => leaving.abort());
    void session.close().then(() => process.deliver(() => this.kill(100)));
  }

  #start(): Life {
    const { time, chance, timers, storeFor } = this.#world;
    const process = new Process(time, chance, timers);
    const leaving = new AbortController();
    const store = storeFor(process);
    const states = new RestoreStates();
    const persistence = new Persistence(leaving.signal, () => undefined, process.clock);
    const session = new Session({
      shard: this.shard,
      hasLease: () => Promise.resolve(true),
      troubles: () => states.troubles,
    });
    const claim = { confirm: () => Promise.resolve(), release: () => Promise.resolve() };
    const engine = {
      staged: () => Promise.resolve(this.server.stagedOn(process)),
      claimRestores: () => Promise.resolve({ outcome: 'claimed', claim }),
    } as unknown as Engine;
    const parts = { shard: this.shard, store, persistence, states, engine };
    const activity = session.beginSettling();
    settleStaged(parts, activity.signal)
      .then(() => session.settle())
      .catch((error: unknown) => {
        if (!activity.signal.aborted) throw error;
      })
      .finally(() => activity.end());
    return { process, session, states, store, parts, leaving };
  }

  async #restore(call: FakeCall<RestoreWire>): Promise<void> {
    const { process, session, parts } = this.#life;
    const requests = call.server[Symbol.asyncIterator]();
    const first = await requests.next();
    if (first.done === true || !first.value.load) return;
    const { cluster } = this.#world;
    const { restore } = first.value.load;
    const activity = await session.begin('restoring', { cluster, set: '', leaseNumber: 0 }, restore);
    const work = this.server.workOf(process, cluster, restore);
    const replies = {
      ...call.server,
      // The wire says which of the replies it is.
      send: (reply: RestoreReply) =>
        call.server.send({ ...reply, reply: Object.keys(reply)[0] } as RestoreReply),
    };
    const { answered, over } = runCourse(parts, { cluster, restore }, work, replies, activity.signal);
    void over.finally(() => activity.end());
    await answered;
  }
}

export function unreachable(shard: string, cause: string): TidemarkError {
  return new TidemarkError({ code: 'agent-unreachable', operation: 'ask', subject: shard, cause });
}

/** A simulated agent: the real participant and the real barrier call, over a simulated process and database. */
import { asTidemarkError, TidemarkError } from '../../proto/errors.ts';
import { runBarrierCall } from '../../shard-agent/barrier-call.ts';
import { FakeSession, type EngineFaults, type FakeDatabase, type SnapshotRecord } from './database.ts';
import type { FakeCall } from './network.ts';
import type { BarrierWire } from './watch.ts';
import { Process, type Chance, type TimerFaults, type VirtualTime } from './virtual-time.ts';

export interface AgentWorld {
  readonly time: VirtualTime;
  readonly chance: Chance;
  readonly timers: TimerFaults;
  readonly engine: EngineFaults;
  readonly holdLimitMs: number;
}

export class FakeAgent {
  readonly shard: string;
  readonly sessions: FakeSession[] = [];
  process: Process;
  readonly #database: FakeDatabase;
  readonly #world: AgentWorld;
  #session: FakeSession | undefined;
  #call: FakeCall<BarrierWire> | undefined;
  #stop = new AbortController();
  #handedOver: SnapshotRecord | undefined;

  constructor(database: FakeDatabase, world: AgentWorld) {
    this.shard = database.shard;
    this.#database = database;
    this.#world = world;
    this.process = new Process(world.time, world.chance, world.timers);
  }

  /** The snapshot that the last barrier call left to the copy; undefined when the agent has died since. */
  handedOver(): SnapshotRecord | undefined {
    return this.#handedOver;
  }

  dropSnapshots(): void {
    if (this.#handedOver !== undefined) this.#session?.disconnect();
    if (this.#handedOver !== undefined) this.#session = undefined;
    this.#handedOver = undefined;
  }

  /** Answers one Barrier call, as the service and the session would. */
  serve(call: FakeCall<BarrierWire>, life: number): void {
    const { process } = this;
    this.#call = call;
    this.#answer(call, life, process).then(
      () => process.deliver(() => call.endedByAgent(undefined)),
      (error: unknown) => {
        const known = asTidemarkError(error, { code: 'internal', operation: 'serve', subject: this.shard });
        process.deliver(() => call.endedByAgent(known));
      },
    );
  }

  /** Told to stop, in good order. */
  terminate(): void {
    this.#stop.abort();
    this.#stop = new AbortController();
  }

  /** The process dies. `unnoticed`: with its host, so that the server's connections stay open until its watchdog acts. */
  kill(unnoticed: boolean): void {
    const { time, chance, timers } = this.#world;
    this.process.kill();
    this.#call?.break(unnoticed ? 2_000 : 10);
    const session = this.#session;
    this.#session = undefined;
    this.#handedOver = undefined;
    if (session !== undefined)
      time.after(unnoticed ? 3_000 : chance.between(0, 5), () => session.disconnect());
    this.process = new Process(time, chance, timers);
  }

  async #answer(call: FakeCall<BarrierWire>, life: number, process: Process): Promise<void> {
    const { chance, time, engine, holdLimitMs } = this.#world;
    const { shard } = this;
    const requests = call.server[Symbol.asyncIterator]();
    const first = await requests.next();
    if (first.done === true || !first.value.prepare) return;
    if (this.#session !== undefined) throw refused('agent-busy', shard, 'another operation runs');
    const session = new FakeSession(this.#database, process, { life, holdLimitMs, faults: engine });
    this.#session = session;
    this.sessions.push(session);
    await new Promise<void>((resolve) => time.after(chance.between(1, 30), () => process.deliver(resolve)));
    call.server.send({ prepared: { uncontendedLockMs: 1.5, warnings: [] } });
    const { locks } = first.value.prepare;
    try {
      const ended = await runBarrierCall({
        stream: call.server,
        session,
        terms: { shard, holdLimitMs, locks },
        clock: process.clock,
        signal: this.#stop.signal,
      });
      if (ended === undefined) this.#session = undefined;
      else this.#handedOver = session.snapshot;
    } catch (error) {
      this.#session = undefined;
      throw error;
    }
  }
}

function refused(code: 'agent-busy', subject: string, cause: string): TidemarkError {
  return new TidemarkError({ code, operation: 'prepare', subject, cause });
}

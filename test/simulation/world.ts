/** A simulated cluster: databases under load, agents that die, coordinators that come again, from one seed. */
import type { BarrierStep } from '../../coordinator/barrier/states.ts';
import type { BarrierEvent, BarrierState } from '../../coordinator/barrier/states.ts';
import { BarrierDriver } from '../../coordinator/barrier/driver.ts';
import { openBarrier, type BarrierEvidence, type BarrierMember } from '../../coordinator/barrier.ts';
import { asTidemarkError, TidemarkError } from '../../proto/errors.ts';
import type { BarrierConfig } from '../../topology/topology.ts';
import { FakeAgent } from './agent.ts';
import { FakeDatabase, type EngineFaults, type SnapshotRecord } from './database.ts';
import { FakeCall, type Latency } from './network.ts';
import { Chance, Process, VirtualTime, type TimerFaults } from './virtual-time.ts';
import { MessageWatch, type BarrierWire } from './watch.ts';
import { Workload, type Load } from './workload.ts';

export type Transition = (state: BarrierState, event: BarrierEvent) => BarrierStep;

export interface Scenario {
  readonly name: string;
  readonly shards: number;
  readonly barrier: BarrierConfig;
  readonly latency: Latency;
  readonly timers: TimerFaults;
  readonly engine: EngineFaults;
  readonly load: Load;
  /** Accidents per simulated second: something dies, stops or breaks. */
  readonly accidentsPerSecond: number;
  /** Share of the barrier's decisive messages (CUT sent; FROZEN, cut_taken arrived) that an accident follows within 3 ms. */
  readonly aimed: number;
  /** How many coordinators in a row try; a dead one is followed by the next. */
  readonly lives: number;
}

/** How one coordinator ended. */
export interface Life {
  readonly number: number;
  readonly beganMs: number;
  readonly endedMs: number;
  readonly outcome:
    | {
        readonly kind: 'cut';
        readonly evidence: BarrierEvidence;
        /** In the order of the shards; none where the agent has died since. */
        readonly snapshots: readonly (SnapshotRecord | undefined)[];
      }
    | { readonly kind: 'error'; readonly error: TidemarkError; readonly opened: boolean }
    | { readonly kind: 'killed' };
}

/** What accidents did, so that the checks know what may be late. */
export interface Damage {
  agentsKilled: number;
  agentsStopped: number;
  callsBroken: number;
  coordinatorsKilled: number;
  coordinatorsStopped: number;
  /** Total, for the coordinator of each life. */
  readonly stoppedMs: Map<number, number>;
}

export interface Outcome {
  readonly lives: readonly Life[];
  readonly databases: readonly FakeDatabase[];
  readonly workload: Workload;
  readonly damage: Damage;
  /** Broken rules that were seen as they happened. */
  readonly violations: readonly string[];
  readonly agents: readonly FakeAgent[];
}

const longestStopMs = 900;

const interruption = new TidemarkError({
  code: 'interrupted',
  operation: 'simulate',
  subject: 'coordinator',
  cause: 'a signal',
});

/** Runs a scenario to its end, and then until everything that was begun must be over. */
export async function simulate(scenario: Scenario, seed: number, transition: Transition): Promise<Outcome> {
  const world = new World(scenario, seed, transition);
  return world.run();
}

class World {
  readonly #scenario: Scenario;
  readonly #transition: Transition;
  readonly #time = new VirtualTime();
  readonly #chance: Chance;
  readonly #databases: FakeDatabase[];
  readonly #agents: FakeAgent[];
  readonly #workload: Workload;
  readonly #lives: Life[] = [];
  readonly #violations: string[] = [];
  readonly #watches: MessageWatch[] = [];
  readonly #damage: Damage = {
    agentsKilled: 0,
    agentsStopped: 0,
    callsBroken: 0,
    coordinatorsKilled: 0,
    coordinatorsStopped: 0,
    stoppedMs: new Map(),
  };
  #accidents = true;
  #interrupt = new AbortController();
  #coordinator: Process | undefined;
  #calls: FakeCall<BarrierWire>[] = [];
  #killed: (() => void) | undefined;

  constructor(scenario: Scenario, seed: number, transition: Transition) {
    this.#scenario = scenario;
    this.#transition = transition;
    this.#chance = new Chance(seed);
    const { shards, engine, timers, barrier } = scenario;
    this.#databases = Array.from({ length: shards }, (_, at) => {
      const name = `shard-${String(at).padStart(3, '0')}`;
      return new FakeDatabase(name, this.#time, this.#chance, this.#chance.happens(0.3));
    });
    this.#agents = this.#databases.map(
      (database) =>
        new FakeAgent(database, {
          time: this.#time,
          chance: this.#chance,
          timers,
          engine,
          holdLimitMs: barrier.holdLimitMs,
        }),
    );
    this.#workload = new Workload(this.#databases, this.#time, this.#chance, scenario.load);
  }

  async run(): Promise<Outcome> {
    let over = false;
    void this.#live().then(() => {
      over = true;
    });
    this.#workload.begin();
    this.#planAccident();
    const lifeMs = this.#scenario.barrier.deadlineMs + 60_000;
    await this.#time.run(this.#scenario.lives * lifeMs, () => over);
    if (!over) this.#violations.push(`a coordinator was not over after ${lifeMs} ms`);
    this.#workload.end();
    this.#accidents = false;
    // Longer than a stop, the noticing of a broken call, the hold limit and the watchdog together.
    await this.#time.run(this.#time.nowMs + longestStopMs + 5_000, () => false);
    // Handed over when nobody was left to copy: a real agent lets go of them after its grace period.
    for (const agent of this.#agents) agent.dropSnapshots();
    return {
      lives: this.#lives,
      databases: this.#databases,
      workload: this.#workload,
      damage: this.#damage,
      violations: [...this.#violations, ...this.#watches.flatMap((watch) => watch.violations)],
      agents: this.#agents,
    };
  }

  async #live(): Promise<void> {
    for (let number = 0; number < this.#scenario.lives; number += 1) {
      await new Promise<void>((resolve) => this.#time.after(this.#chance.between(50, 300), resolve));
      const process = new Process(this.#time, this.#chance, this.#scenario.timers);
      this.#coordinator = process;
      this.#interrupt = new AbortController();
      const beganMs = this.#time.nowMs;
      const killed = new Promise<Life['outcome']>((resolve) => {
        this.#killed = () => resolve({ kind: 'killed' });
      });
      const outcome = await Promise.race([this.#coordinate(number, process), killed]);
      this.#lives.push({ number, beganMs, endedMs: this.#time.nowMs, outcome });
      process.kill();
      this.#coordinator = undefined;
      // The last one's snapshots would be held for the copy; here the agents let go of them at once.
      for (const agent of this.#agents) agent.dropSnapshots();
    }
  }

  async #coordinate(life: number, process: Process): Promise<Life['outcome']> {
    const { barrier, latency } = this.#scenario;
    const tap = new MessageWatch(this.#agents.length, () => this.#aim());
    this.#watches.push(tap);
    const world = { time: this.#time, chance: this.#chance, latency, tap };
    this.#calls = [];
    const members = this.#agents.map((agent): BarrierMember => {
      const call = new FakeCall<BarrierWire>(
        agent.shard,
        { coordinator: process, agent: agent.process },
        world,
      );
      this.#calls.push(call);
      agent.serve(call, life);
      return {
        shard: agent.shard,
        stream: call.client,
        prepare: { locks: barrier.consistency === 'atomic' },
      };
    });
    let opened = false;
    try {
      const { signal } = this.#interrupt;
      const open = await openBarrier(members, signal);
      opened = true;
      const options = { signal, clock: process.clock, random: () => this.#chance.next() };
      const evidence = await new BarrierDriver(open, barrier, options, this.#transition).run();
      const snapshots = this.#agents.map((agent) => agent.handedOver());
      if (snapshots.includes(undefined) && this.#damage.agentsKilled === 0) {
        this.#violations.push('the barrier was reached though an agent holds no snapshot');
      }
      return { kind: 'cut', evidence, snapshots };
    } catch (error) {
      const known = asTidemarkError(error, {
        code: 'internal',
        operation: 'simulate',
        subject: 'coordinator',
      });
      return { kind: 'error', error: known, opened };
    }
  }

  #planAccident(): void {
    const { accidentsPerSecond } = this.#scenario;
    if (accidentsPerSecond === 0) return;
    this.#time.after((-Math.log(1 - this.#chance.next()) * 1000) / accidentsPerSecond, () => {
      if (!this.#accidents) return;
      this.#accident();
      this.#planAccident();
    });
  }

  #aim(): void {
    if (!this.#accidents || !this.#chance.happens(this.#scenario.aimed)) return;
    this.#time.after(this.#chance.between(0, 3), () => this.#accident());
  }

  #accident(): void {
    const chance = this.#chance;
    const agent = chance.one(this.#agents);
    const call = this.#calls.length > 0 ? chance.one(this.#calls) : undefined;
    const coordinator = this.#coordinator;
    switch (chance.whole(0, 7)) {
      case 0:
        this.#damage.agentsKilled += 1;
        // Half of the time the host dies with it, and the server learns of it only from its own watchdog.
        agent.kill(chance.happens(0.5));
        return;
      case 1:
        this.#damage.agentsStopped += 1;
        agent.process.stop(chance.between(1, longestStopMs));
        return;
      case 2:
      case 3:
        if (call === undefined) return;
        this.#damage.callsBroken += 1;
        call.break(chance.happens(0.5) ? 5 : 2_000);
        return;
      case 4:
        if (coordinator === undefined) return;
        this.#damage.coordinatorsKilled += 1;
        coordinator.kill();
        for (const broken of this.#calls) broken.break(chance.happens(0.8) ? 10 : 2_000);
        this.#killed?.();
        return;
      case 5:
        // Ctrl-C.
        coordinator?.deliver(() => this.#interrupt.abort(interruption));
        return;
      case 6:
        // SIGTERM: the agent lets go, answers, and is there again.
        agent.process.deliver(() => agent.terminate());
        return;
      default: {
        if (coordinator === undefined) return;
        const ms = chance.between(1, longestStopMs);
        const life = this.#lives.length;
        this.#damage.coordinatorsStopped += 1;
        this.#damage.stoppedMs.set(life, (this.#damage.stoppedMs.get(life) ?? 0) + ms);
        coordinator.stop(ms);
      }
    }
  }
}

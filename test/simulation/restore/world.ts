/**
 * A simulated cluster that is restored to: the real courses of coordinator and agents, real records, sessions and settling. Clock,
 * repository, network, processes and servers are faked. One seed makes one run.
 */
import { pino } from 'pino';
import { onAll } from '../../../coordinator/agents.ts';
import type { Agent } from '../../../coordinator/agents.ts';
import { conductRestore } from '../../../coordinator/restore/course.ts';
import { ShardRestore } from '../../../coordinator/restore/shard-restore.ts';
import { TidemarkError, asTidemarkError } from '../../../proto/errors.ts';
import type { RestoreStateReply__Output as StateReply } from '../../../proto/gen/tidemark/v1/RestoreStateReply.ts';
import { decide, writeRestoreIntent } from '../../../repository/restore-decision.ts';
import { abandonRestore } from '../../../repository/restore-ending.ts';
import { MemoryStore } from '../../../repository/stores/memory.ts';
import { FakeCall } from '../network.ts';
import { Chance, Process, VirtualTime, type TimerFaults } from '../virtual-time.ts';
import { RestoreAgent, unreachable, type RestoreWire } from './agent.ts';
import { RestoreServer, type ServerFaults } from './server.ts';
import { storeOf, type StoreFaults } from './store.ts';

export interface Scenario {
  readonly name: string;
  readonly shards: number;
  readonly timers: TimerFaults;
  readonly store: StoreFaults;
  readonly server: Omit<ServerFaults, 'neverSwitches' | 'stranger'>;
  /** One shard refuses to switch for ever; an operator gives the restore up after a while. */
  readonly stuck: boolean;
  /** One shard gets a table of somebody else's while the set is loaded. */
  readonly stranger: boolean;
  readonly accidentsPerSecond: number;
  /** Share of the steps on a server that are followed at once by an accident. */
  readonly aimed: number;
  /** Nothing happens before the set is loaded on some shard. */
  readonly late: boolean;
  /** Share of the runs in which an operator gives the restore up at some time. */
  readonly abandons: number;
}

/** How the coordinator's command ended. */
type End =
  | { readonly kind: 'done' }
  | { readonly kind: 'incomplete'; readonly error: TidemarkError }
  | { readonly kind: 'undone'; readonly error: TidemarkError }
  | { readonly kind: 'killed' };

export interface Outcome {
  readonly violations: readonly string[];
  readonly end: End['kind'];
  /** What applications see when everything has come to rest. */
  readonly visible: string;
  readonly accidents: number;
}

const cluster = 'shop';
const restore = 'r1';
const latency = { lowMs: 0.2, highMs: 4, spikeShare: 0.02, spikeMs: 300 };
/** Accidents happen so long; then everybody runs and everything must come to rest. */
const troubledMs = 60_000;
/** Longer than a stop, and than all patience of the coordinator together. */
const restMs = 1_500_000;
const longestStopMs = 20_000;
/** How long an agent that is told to stop may go on with what it is at, and a moment. */
const leaveMs = 15_000;
const interruption = new TidemarkError({
  code: 'interrupted',
  operation: 'restore',
  subject: 'tidemark',
  cause: 'SIGINT',
});

export async function simulateRestore(scenario: Scenario, seed: number): Promise<Outcome> {
  return new World(scenario, seed).run();
}

class World {
  readonly #scenario: Scenario;
  readonly #time = new VirtualTime();
  readonly #chance: Chance;
  readonly #shared = new MemoryStore('memory:');
  readonly #servers: RestoreServer[];
  readonly #agents: RestoreAgent[];
  readonly #violations: string[] = [];
  readonly #interrupt = new AbortController();
  #coordinator: Process;
  #calls: FakeCall<RestoreWire>[] = [];
  readonly #runsAgainMs = new Map<Process, number>();
  #killed: (() => void) | undefined;
  #troubled = true;
  #loaded = false;
  #accidents = 0;

  constructor(scenario: Scenario, seed: number) {
    this.#scenario = scenario;
    this.#chance = new Chance(seed);
    const { timers } = scenario;
    const odd = this.#chance.whole(0, scenario.shards - 1);
    this.#servers = Array.from({ length: scenario.shards }, (_, at) => {
      const faults = {
        ...scenario.server,
        neverSwitches: scenario.stuck && at === odd,
        stranger: scenario.stranger && at === odd,
      };
      return new RestoreServer(`shard-${at}`, faults, this.#time, this.#chance, (shard, step) =>
        this.#look(shard, step),
      );
    });
    this.#agents = this.#servers.map(
      (server) =>
        new RestoreAgent(server, {
          time: this.#time,
          chance: this.#chance,
          timers,
          cluster,
          storeFor: (process) => this.#storeFor(process),
        }),
    );
    this.#coordinator = new Process(this.#time, this.#chance, timers);
  }

  async run(): Promise<Outcome> {
    let end: End | undefined;
    const killed = new Promise<End>((resolve) => {
      this.#killed = () => resolve({ kind: 'killed' });
    });
    // The agents have started and found nothing.
    await this.#time.run(100, () => false);
    void Promise.race([this.#coordinate(), killed]).then((ended) => {
      end = ended;
      this.#judge(ended);
    });
    this.#planAccident();
    this.#planIntruder();
    if (this.#scenario.stuck || this.#chance.happens(this.#scenario.abandons)) this.#planAbandon();
    await this.#time.run(troubledMs, () => false);
    this.#troubled = false;
    await this.#time.run(troubledMs + restMs, () => end !== undefined && this.#atRest());
    if (end === undefined) this.#violations.push('the command never ended');
    this.#judgeRest();
    return {
      violations: [...this.#violations, ...this.#servers.flatMap(({ violations }) => violations)],
      end: end?.kind ?? 'killed',
      visible: [...new Set(this.#servers.map(({ visible }) => visible))].join('+'),
      accidents: this.#accidents,
    };
  }

  async #coordinate(): Promise<End> {
    const process = this.#coordinator;
    const store = this.#storeFor(process);
    const run = {
      store,
      signal: this.#interrupt.signal,
      log: pino({ level: 'silent' }),
      progress: { step: nothing, shard: nothing, done: nothing, note: nothing, write: nothing, end: nothing },
    };
    try {
      await this.#writeIntent();
      const shards = this.#agents.map(
        (agent) => new ShardRestore(this.#handle(agent, process), 'source', run.progress),
      );
      const order = { restore } as Parameters<ShardRestore['load']>[0];
      const load = (): Promise<unknown> =>
        onAll(shards, 'load', run.signal, (shard, signal) => shard.load(order, signal), process.clock);
      const { failure } = await conductRestore({
        run,
        target: { cluster, repository: { url: 'memory:' } },
        restore,
        shards,
        load,
        clock: process.clock,
      });
      return failure === undefined ? { kind: 'done' } : { kind: 'incomplete', error: failure };
    } catch (error) {
      const known = asTidemarkError(error, {
        code: 'internal',
        operation: 'simulate',
        subject: 'coordinator',
      });
      return { kind: 'undone', error: known };
    }
  }

  async #writeIntent(): Promise<void> {
    await writeRestoreIntent(this.#shared, {
      cluster,
      restore,
      tidemark: 'test',
      set: '20261120T083012Z-full',
      sourceCluster: cluster,
      startedAt: '2026-11-20T08:30:00.000Z',
      startedBy: { host: 'test', user: 'test', pid: 1 },
      shards: this.#agents.map(({ shard }) => ({ source: shard, target: shard, agent: shard })),
    });
  }

  #storeFor(process: Process) {
    const { store: faults } = this.#scenario;
    return storeOf(this.#shared, process, { time: this.#time, chance: this.#chance, faults });
  }

  /** An agent as the coordinator knows it: a call, and questions. */
  #handle(agent: RestoreAgent, coordinator: Process): Agent {
    const { shard } = agent;
    const tap = { sent: nothing, arrived: nothing };
    return {
      shard,
      address: shard,
      client: {
        restore: () => {
          const ends = { coordinator, agent: agent.process };
          const call = new FakeCall<RestoreWire>(shard, ends, {
            time: this.#time,
            chance: this.#chance,
            latency,
            tap,
          });
          this.#calls.push(call);
          if (agent.process.alive) agent.serve(call);
          else call.break(10);
          return call.client;
        },
        restoreState: () => this.#ask(agent, coordinator),
      },
    } as unknown as Agent;
  }

  #ask(agent: RestoreAgent, coordinator: Process): Promise<StateReply> {
    const { promise, resolve, reject } = Promise.withResolvers<StateReply>();
    const { shard } = agent;
    const answer = (work: () => void): void => {
      this.#time.after(this.#chance.between(latency.lowMs, latency.highMs), () => coordinator.deliver(work));
    };
    this.#time.after(15_000, () =>
      coordinator.deliver(() => reject(unreachable(shard, 'the deadline passed'))),
    );
    this.#time.after(this.#chance.between(latency.lowMs, latency.highMs), () => {
      const { process } = agent;
      if (!process.alive) answer(() => reject(unreachable(shard, 'connection refused')));
      process.deliver(() => {
        agent.state(restore).then(
          (reply) => answer(() => resolve(reply)),
          (error: Error) => answer(() => reject(error)),
        );
      });
    });
    return promise;
  }

  /** A reader that polls all shards at once, after every step that may have changed what it sees. */
  #look(shard: string, step: string): void {
    const seen = this.#servers.map(({ visible }) => visible);
    if (seen.includes('old') && seen.includes('new'))
      this.#violations.push(
        `after ${step} on ${shard} a reader sees ${seen.join(', ')} at ${this.#time.nowMs}`,
      );
    if (step === 'open' && this.#servers.some((each) => each.visible === 'closed' && !isSwitched(each)))
      this.#violations.push(`${shard} was opened before every shard had switched`);
    this.#loaded ||= step === 'closeTarget';
    // At the moment at which the shards are about to open.
    if (step === 'switch' && this.#chance.happens(this.#scenario.abandons / 4))
      this.#time.after(this.#chance.between(0, 150), () => void this.#abandon());
    if (this.#mayFail() && this.#chance.happens(this.#scenario.aimed))
      this.#time.after(this.#chance.between(0, 10), () => this.#accident());
  }

  #judge(end: End): void {
    const seen = this.#servers.map(({ visible }) => visible);
    if (end.kind === 'done' && seen.some((visible) => visible !== 'new'))
      this.#violations.push(`it was said to be restored, and a reader sees ${seen.join(', ')}`);
    if (end.kind === 'incomplete' && end.error.code === 'repository-mismatch')
      this.#violations.push(`all use one repository, and it was said: ${end.error.message}`);
    if (end.kind !== 'undone') return;
    const unsure = /not confirmed|could not be recorded/.test(end.error.message);
    const left = this.#servers.filter(({ staged }) => staged.size > 0);
    if (!unsure && (seen.some((visible) => visible !== 'old') || left.length > 0))
      this.#violations.push(
        `it was said to be undone, and a reader sees ${seen.join(', ')}: ${end.error.message}`,
      );
  }

  #atRest(): boolean {
    return this.#agents.every((agent) => agent.idle && agent.server.staged.size === 0);
  }

  #judgeRest(): void {
    const seen = this.#servers.map(({ visible }) => visible);
    if (new Set(seen).size > 1 || seen.includes('closed'))
      this.#violations.push(`in the end a reader sees ${seen.join(', ')}`);
    for (const agent of this.#agents) {
      if (!agent.idle) this.#violations.push(`the agent of ${agent.shard} is busy for good`);
      if (agent.server.staged.size > 0) this.#violations.push(`a staging is left on ${agent.shard}`);
    }
  }

  #mayFail(): boolean {
    return this.#troubled && (this.#loaded || !this.#scenario.late);
  }

  #planAccident(): void {
    const { accidentsPerSecond } = this.#scenario;
    if (accidentsPerSecond === 0) return;
    this.#time.after((-Math.log(1 - this.#chance.next()) * 1000) / accidentsPerSecond, () => {
      if (!this.#troubled) return;
      if (this.#mayFail()) this.#accident();
      this.#planAccident();
    });
  }

  /** Somebody tries again and again to use an agent for something else. */
  #planIntruder(): void {
    this.#time.after(this.#chance.between(200, 2_000), () => {
      if (!this.#troubled) return;
      const agent = this.#chance.one(this.#agents);
      const unsettled = agent.server.staged.size > 0;
      void agent.intrude().then((let_in) => {
        if (let_in && unsettled)
          this.#violations.push(
            `${agent.shard} began something else although a restore is only half done there`,
          );
      });
      this.#planIntruder();
    });
  }

  #planAbandon(): void {
    // Of one that is stuck, also after the command has given up.
    const latestMs = this.#scenario.stuck ? 400_000 : troubledMs;
    this.#time.after(this.#chance.between(5_000, latestMs), () => void this.#abandon());
  }

  async #abandon(): Promise<void> {
    if ((await decide(this.#shared, cluster, restore, 'undo')) === 'switch')
      await abandonRestore(this.#shared, cluster, restore);
  }

  #stop(process: Process): void {
    const ms = this.#chance.between(1, longestStopMs);
    this.#runsAgainMs.set(process, Math.max(this.#runsAgainMs.get(process) ?? 0, this.#time.nowMs + ms));
    process.stop(ms);
  }

  /** It may finish what it is at for a while, and it may be stopped meanwhile; then it must be gone. */
  #terminate(agent: RestoreAgent): void {
    const { process } = agent;
    const look = (sinceMs: number): void => {
      if (agent.process !== process || !process.alive) return;
      const runsMs = this.#time.nowMs - Math.max(sinceMs, this.#runsAgainMs.get(process) ?? 0);
      if (runsMs > leaveMs) this.#violations.push(`the agent of ${agent.shard} was told to stop and did not`);
      else this.#time.after(leaveMs - runsMs + 1, () => look(sinceMs));
    };
    process.deliver(() => {
      agent.terminate();
      look(this.#time.nowMs);
    });
  }

  #accident(): void {
    const chance = this.#chance;
    const agent = chance.one(this.#agents);
    this.#accidents += 1;
    switch (chance.whole(0, 8)) {
      case 0:
      case 1:
        // Now and then for longer than the coordinator waits.
        agent.kill(chance.happens(0.1) ? 90_000 : chance.between(50, 10_000));
        return;
      case 2:
        this.#stop(agent.process);
        return;
      case 3:
      case 4:
        if (this.#calls.length > 0) chance.one(this.#calls).break(chance.happens(0.5) ? 5 : 2_000);
        return;
      case 5:
        // Ctrl-C.
        this.#coordinator.deliver(() => this.#interrupt.abort(interruption));
        return;
      case 6:
        this.#terminate(agent);
        return;
      case 7:
        this.#stop(this.#coordinator);
        return;
      default:
        if (!this.#coordinator.alive) return;
        this.#coordinator.kill();
        for (const call of this.#calls) call.break(chance.happens(0.8) ? 10 : 2_000);
        this.#killed?.();
    }
  }
}

function isSwitched({ staged }: RestoreServer): boolean {
  return staged.get(restore)?.switched === true;
}

function nothing(): void {
  // The simulation shows nobody any progress.
}

/** A cluster with the bank on every shard, and clients whose transfers cross the shards at a wanted rate. */
import { rmSync } from 'node:fs';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { type BankPlan, bankDatabase } from '../../bank/plan.ts';
import { layOutBank } from '../../bank/setup.ts';
import { now } from '../../bank/timeline.ts';
import { Workload } from '../../bank/workload-process.ts';
import type { Cluster } from '../../cluster/cluster.ts';
import { describeResult } from '../../cluster/command.ts';
import { readStepLog } from '../../cluster/steps.ts';
import { type Family, startBenchCluster } from '../bench-clusters.ts';

const greatestClients = 24;
/** Who waited for what was measured before is done with it. */
const restMs = 1000;
const barrierNotReached = 3;

/** What the clients saw while something went on. */
interface Seen<T> {
  readonly result: T;
  /** Of all statements of all clients. */
  readonly longestStallMs: number;
}

/** What `backup --json` says of its barrier. */
export interface Cut {
  readonly attempts: number;
  readonly longestHoldMs: number;
  /** From the last agent's having prepared to all shards frozen at once. */
  readonly cutMs: number;
}

export class BankLoad {
  readonly cluster: Cluster;
  readonly #plan: BankPlan;
  #workload: Workload | undefined;

  private constructor(cluster: Cluster, plan: BankPlan) {
    this.cluster = cluster;
    this.#plan = plan;
  }

  static async start(shards: readonly Family[]): Promise<BankLoad> {
    const cluster = await startBenchCluster({
      purpose: 'source',
      shards,
      lanes: 2,
      databases: [bankDatabase],
      steps: true,
    });
    const plan: BankPlan = {
      servers: cluster.bankServers(),
      clients: greatestClients,
      accountsPerClient: 20,
      initialCents: 1_000_000,
      pauseMs: 0,
      ballastRows: 100,
    };
    await layOutBank(plan);
    return new BankLoad(cluster, plan);
  }

  /** Clients that make about so many transfers a second; 0: none; `all`: six that never pause. Resolves with the rate. */
  async run(perSecond: number | 'all'): Promise<number> {
    await this.#workload?.stop();
    this.#workload = undefined;
    if (perSecond === 0) return 0;
    // A transfer takes some 10 ms here: so many clients reach the rate with pauses between.
    const clients =
      perSecond === 'all' ? 6 : Math.min(greatestClients, Math.max(2, Math.ceil(perSecond / 40)));
    let pauseMs = perSecond === 'all' ? 0 : Math.max(0, (clients * 1000) / perSecond - 10);
    for (let attempt = 0; ; attempt += 1) {
      this.#workload = await Workload.start({ ...this.#plan, clients, pauseMs }, this.cluster.folder);
      await sleep(2000);
      const reached = (await this.#workload.window(now() - 1500, now())).perSecond;
      if (perSecond === 'all' || attempt === 3 || Math.abs(reached / perSecond - 1) < 0.1) return reached;
      await this.#workload.stop();
      // What a transfer really takes: the pause has to be that much shorter.
      const tookMs = (clients * 1000) / reached - pauseMs;
      pauseMs = Math.max(0, (clients * 1000) / perSecond - tookMs);
    }
  }

  /** Begins when nobody waits any more for what was done before. */
  async during<T>(work: () => Promise<T>): Promise<Seen<T>> {
    await sleep(restMs);
    const from = now();
    const result = await work();
    const window = await this.#workload?.window(from, now());
    return { result, longestStallMs: window?.longestStallMs ?? 0 };
  }

  /** One backup, whose set is removed. Its result is undefined when its barrier was not reached before its deadline. */
  async backup(): Promise<Seen<Cut | undefined>> {
    const { cluster } = this;
    const from = now() + restMs;
    const seen = await this.during(() => cluster.tidemark('backup', '--json'));
    const { exitCode, json } = seen.result;
    if (exitCode === barrierNotReached) return { ...seen, result: undefined };
    if (exitCode !== 0 || json === undefined)
      throw new Error(`tidemark backup failed: ${describeResult(seen.result)}`);
    const backup = json as { id: string; attempts: number; longestHoldMs: number };
    rmSync(path.join(cluster.repository, cluster.name, 'sets', backup.id), { recursive: true });
    return { ...seen, result: { ...backup, cutMs: this.#timeToTheCut(from) } };
  }

  /** By the coordinator's own steps since `from`. */
  #timeToTheCut(from: number): number {
    const steps = readStepLog(this.cluster.stepLog).filter(({ at }) => at >= from);
    const at = (point: string): number => steps.find((step) => step.point === point)?.at ?? Number.NaN;
    return at('coordinator.frozen') - at('coordinator.prepared');
  }

  async stop(): Promise<void> {
    await this.#workload?.stop();
    await this.cluster.stop();
  }
}

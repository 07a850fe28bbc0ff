/** The bank on a cluster: shards with agents, empty targets with agents, clients that never stop. */
import { type BankPlan, bankDatabase } from '../bank/plan.ts';
import { type Bounds, judgeBank, type Verdict } from '../bank/oracle.ts';
import { createBankUser, layOutBank } from '../bank/setup.ts';
import { Workload } from '../bank/workload-process.ts';
import { Cluster, type ClusterOptions } from './cluster.ts';

export interface BankOptions
  extends Pick<ClusterOptions, 'postgres' | 'mariadb' | 'servers' | 'tools' | 'barrier' | 'copy'> {
  readonly clients: number;
  readonly pauseMs: number;
  readonly ballastRows: number;
  /** False: nothing to restore onto. */
  readonly targets?: boolean;
  /** A database beside the bank on every shard; the agents are for both. */
  readonly beside?: {
    readonly database: string;
    /** Makes it on the source, and on the target what a restore of it needs, before the clients begin. */
    readonly layOut: (source: Cluster, target: Cluster | undefined) => Promise<void>;
  };
}

const moneySql = {
  postgres: 'SELECT SUM(balance) FROM public.accounts',
  mysql: 'SELECT SUM(balance) FROM bank.accounts',
} as const;

export class BankCluster {
  readonly source: Cluster;
  /** The same shards by name, on other servers that hold nothing. */
  readonly target: Cluster | undefined;
  readonly plan: BankPlan;
  readonly workload: Workload;

  private constructor(source: Cluster, target: Cluster | undefined, plan: BankPlan, workload: Workload) {
    this.source = source;
    this.target = target;
    this.plan = plan;
    this.workload = workload;
  }

  /** Resolves when the clients run. */
  static async start(options: BankOptions): Promise<BankCluster> {
    const {
      clients,
      pauseMs,
      ballastRows,
      targets: wantsTargets = true,
      barrier,
      beside,
      ...servers
    } = options;
    const databases = [bankDatabase, ...(beside === undefined ? [] : [beside.database])];
    const common = { ...servers, databases, money: moneySql };
    const source = await Cluster.start({ ...common, purpose: 'source', ...(barrier ? { barrier } : {}) });
    const target = wantsTargets
      ? await Cluster.start({ ...common, purpose: 'target', repository: source.repository })
      : undefined;
    const plan: BankPlan = {
      servers: source.bankServers(),
      clients,
      accountsPerClient: 20,
      initialCents: 1_000_000,
      pauseMs,
      ballastRows,
    };
    await layOutBank(plan);
    // Roles are the operator's: a restore refuses a target without the owners and grantees of the set.
    await Promise.all((target?.bankServers() ?? []).map(createBankUser));
    await beside?.layOut(source, target);
    return new BankCluster(source, target, plan, await Workload.start(plan, source.folder));
  }

  /** Resolves when transfers are in flight again. */
  async resume(): Promise<void> {
    await this.workload.resume();
    await this.workload.until((state) => state.inFlight > 0);
  }

  /** What the oracle says of the restored servers. */
  judgeTarget(bounds?: Bounds): Promise<Verdict> {
    if (this.target === undefined) throw new Error('this bank has no targets');
    return judgeBank(this.plan, this.target.bankServers(), bounds);
  }

  /** Ends the clients in good order, then everything else; throws when anything was left behind. */
  async stop(): Promise<void> {
    await this.workload.stop();
    const failures: unknown[] = [];
    for (const cluster of [this.source, this.target]) {
      if (cluster === undefined) continue;
      await cluster.expectNothingLeft().catch((error: unknown) => failures.push(error));
      await cluster.stop().catch((error: unknown) => failures.push(error));
    }
    if (failures.length > 0) throw failures[0];
  }
}

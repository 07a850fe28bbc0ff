/** A bank without clients: a few accounts, some ballast, for tests that need data but no load. */
import type { BankPlan } from '../bank/plan.ts';
import { createBankUser, layOutBank } from '../bank/setup.ts';
import type { Cluster } from './cluster.ts';

/** Lays the bank out on every shard of the cluster. */
export async function layOutQuietBank(cluster: Cluster, ballastRows = 500): Promise<BankPlan> {
  const plan: BankPlan = {
    servers: cluster.bankServers(),
    clients: 1,
    accountsPerClient: 10,
    initialCents: 1_000_000,
    pauseMs: 0,
    ballastRows,
  };
  await layOutBank(plan);
  return plan;
}

/** Creates the roles that a restore of the bank expects on its targets. */
export async function createBankRoles(target: Cluster): Promise<void> {
  await Promise.all(target.bankServers().map(createBankUser));
}

/**
 * The bank: accounts spread over the shards of a cluster, whose money is only ever moved, so that its total over all
 * shards is known at every instant. This folder imports nothing of the project it judges.
 */

/** How to reach one shard, by an account that may do everything. */
export interface BankServer {
  readonly name: string;
  readonly engine: 'postgres' | 'mysql';
  readonly host: string;
  readonly port: number;
  readonly user: string;
  readonly password: string;
}

export interface BankPlan {
  readonly servers: readonly BankServer[];
  readonly clients: number;
  /** Accounts of each client on each shard. Clients share none, so that no client waits for another one's row locks. */
  readonly accountsPerClient: number;
  readonly initialCents: number;
  /** A client's pause between two transfers, on average. */
  readonly pauseMs: number;
  /** Rows of about 1 KiB in a table that is never written, so that a copy has something to do. */
  readonly ballastRows: number;
}

export const bankDatabase = 'bank';
/** The account of the application itself: it may read and write the bank's tables, and no more. */
export const bankUser = 'bank';
export const bankPassword = 'bank-test';

const perShard = 1_000_000;
const perClient = 1000;

/** The number of an account; from it follow its shard and its client. */
export function accountNumber(shard: number, client: number, account: number): number {
  return shard * perShard + client * perClient + account + 1;
}

/** Index of the shard an account lives on. */
export function shardOfAccount(account: number): number {
  return Math.floor(account / perShard);
}

/** Every account of one shard. */
export function accountsOfShard(plan: BankPlan, shard: number): number[] {
  const numbers: number[] = [];
  for (let client = 0; client < plan.clients; client += 1) {
    for (let account = 0; account < plan.accountsPerClient; account += 1) {
      numbers.push(accountNumber(shard, client, account));
    }
  }
  return numbers;
}

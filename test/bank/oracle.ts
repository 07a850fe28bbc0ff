/**
 * The judge: reads the servers a set was restored onto, and nothing else, and says whether money or halves of
 * transfers are missing. It trusts neither the tool's files nor the application's.
 */
import { accountsOfShard, type BankPlan, type BankServer, bankDatabase, shardOfAccount } from './plan.ts';
import { Session } from './session.ts';

export interface Violation {
  readonly kind:
    | 'account'
    | 'half-transfer'
    | 'unequal-transfer'
    | 'misplaced-transfer'
    | 'balance'
    | 'total'
    | 'count';
  /** Which account, transfer or sum. */
  readonly subject: string;
  readonly detail: string;
  /** How much money is wrong. */
  readonly cents: bigint;
}

export interface Verdict {
  readonly shards: number;
  readonly accounts: number;
  readonly transfers: number;
  readonly totalCents: bigint;
  readonly expectedCents: bigint;
  readonly halfTransfers: number;
  readonly violations: number;
  readonly first: Violation | undefined;
  readonly worst: Violation | undefined;
}

/** How many transfers a copy may hold: those ended before it began, and no more than those begun when it was done. */
export interface Bounds {
  readonly atLeast: number;
  readonly atMost: number;
}

interface Half {
  readonly shard: number;
  readonly account: number;
  readonly cents: bigint;
}

/** Judges the bank that stands on `servers`, in the plan's order of shards. */
export async function judgeBank(
  plan: BankPlan,
  servers: readonly BankServer[] = plan.servers,
  bounds?: Bounds,
): Promise<Verdict> {
  const shards = await Promise.all(servers.map(readShard));
  const violations: Violation[] = [];
  const transfers = new Map<string, Half[]>();
  const moved = new Map<number, bigint>();
  shards.forEach(({ ledger }, shard) => {
    for (const { id, account, cents } of ledger) {
      const halves = transfers.get(id) ?? [];
      halves.push({ shard, account, cents });
      transfers.set(id, halves);
      moved.set(account, (moved.get(account) ?? 0n) + cents);
    }
  });
  for (const [id, halves] of transfers) violations.push(...judgeTransfer(id, halves));

  let total = 0n;
  let accounts = 0;
  shards.forEach(({ balances }, shard) => {
    const expected = accountsOfShard(plan, shard);
    accounts += balances.size;
    for (const account of expected) {
      const balance = balances.get(account);
      const should = BigInt(plan.initialCents) + (moved.get(account) ?? 0n);
      const subject = `account ${account} on ${servers[shard]?.name}`;
      if (balance === undefined) {
        violations.push({ kind: 'account', subject, detail: 'is missing', cents: should });
      } else if (balance !== should) {
        const detail = `has ${balance}, its ledger says ${should}`;
        violations.push({ kind: 'balance', subject, detail, cents: magnitude(balance - should) });
      }
    }
    if (balances.size > expected.length) {
      const detail = `has ${balances.size} accounts, ${expected.length} were made`;
      violations.push({ kind: 'account', subject: `shard ${servers[shard]?.name}`, detail, cents: 0n });
    }
    for (const balance of balances.values()) total += balance;
  });
  const expectedCents = plan.servers.reduce(
    (sum, _, shard) => sum + BigInt(accountsOfShard(plan, shard).length) * BigInt(plan.initialCents),
    0n,
  );
  if (total !== expectedCents) {
    const detail = `is ${total}, must be ${expectedCents}`;
    violations.push({ kind: 'total', subject: 'total', detail, cents: magnitude(total - expectedCents) });
  }
  if (bounds !== undefined && (transfers.size < bounds.atLeast || transfers.size > bounds.atMost)) {
    const detail = `are ${transfers.size}, must be between ${bounds.atLeast} and ${bounds.atMost}`;
    violations.push({ kind: 'count', subject: 'transfers', detail, cents: 0n });
  }
  return {
    shards: shards.length,
    accounts,
    transfers: transfers.size,
    totalCents: total,
    expectedCents,
    halfTransfers: violations.filter((violation) => violation.kind === 'half-transfer').length,
    violations: violations.length,
    first: violations[0],
    worst: violations.reduce<Violation | undefined>(
      (worst, next) => (worst === undefined || next.cents > worst.cents ? next : worst),
      undefined,
    ),
  };
}

/** Two halves, on the shards where their accounts live, that cancel each other out. */
function judgeTransfer(id: string, halves: readonly Half[]): Violation[] {
  const violations: Violation[] = [];
  const subject = `transfer ${id}`;
  const list = halves.map((half) => `${half.cents} on account ${half.account}`).join(', ');
  const sum = magnitude(halves.reduce((total, half) => total + half.cents, 0n));
  if (halves.length !== 2) {
    const detail = `has ${halves.length} of 2 halves: ${list}`;
    violations.push({ kind: 'half-transfer', subject, detail, cents: sum });
  } else if (sum !== 0n) {
    violations.push({ kind: 'unequal-transfer', subject, detail: list, cents: sum });
  }
  for (const half of halves) {
    if (shardOfAccount(half.account) === half.shard) continue;
    const detail = `stands on shard ${half.shard}: ${list}`;
    violations.push({ kind: 'misplaced-transfer', subject, detail, cents: magnitude(half.cents) });
  }
  return violations;
}

async function readShard(server: BankServer): Promise<{
  balances: Map<number, bigint>;
  ledger: { id: string; account: number; cents: bigint }[];
}> {
  const login = { user: server.user, password: server.password, database: bankDatabase };
  const session = new Session(server, undefined, login);
  try {
    const accounts = await session.query('SELECT id, balance FROM accounts ORDER BY id');
    const transfers = await session.query('SELECT id, account, amount FROM transfers ORDER BY at, id');
    return {
      balances: new Map(accounts.map((row) => [Number(row['id']), BigInt(String(row['balance']))])),
      ledger: transfers.map((row) => ({
        id: String(row['id']),
        account: Number(row['account']),
        cents: BigInt(String(row['amount'])),
      })),
    };
  } finally {
    await session.end();
  }
}

function magnitude(cents: bigint): bigint {
  return cents < 0n ? -cents : cents;
}

/** One or three lines a person reads: the sums, then the first and the worst violation. */
export function describeVerdict(verdict: Verdict): string {
  const head =
    `${verdict.accounts} accounts, ${verdict.transfers} transfers, total ${verdict.totalCents} of ${verdict.expectedCents} cents, ` +
    `${verdict.halfTransfers} half transfers, ${verdict.violations} violations`;
  const line = (what: string, violation: Violation | undefined): string =>
    violation === undefined ? '' : `\n  ${what}: ${violation.kind}: ${violation.subject} ${violation.detail}`;
  return head + line('first', verdict.first) + line('worst', verdict.worst);
}

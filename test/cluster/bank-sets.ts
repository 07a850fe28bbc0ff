/** The sets of the bank test on one cluster: taken under crossing transfers, restored onto other servers, judged. */
import { expect } from 'vitest';
import { describeVerdict, type Verdict } from '../bank/oracle.ts';
import type { WindowReport } from '../bank/timeline.ts';
import { now } from '../bank/timeline.ts';
import type { BankCluster } from './bank-cluster.ts';
import { describeResult } from './command.ts';
import { readStepLog } from './steps.ts';

export interface BankSet {
  readonly id: string;
  readonly consistency: string;
  readonly attempts: number;
  /** See holdsOf. */
  readonly holdsMs: readonly number[];
  readonly writers: WindowReport;
  readonly inFlightAtFreeze: number;
  readonly verdict: Verdict;
}

/** What holds of every set beside the money. */
export interface BankPromise {
  readonly holdLimitMs: number;
  /** Transfers that must end while a set is taken. How many a second is printed: that is the machine's affair. */
  readonly transfersAtLeast: number;
}

/** Takes atomic sets until `wantedSets` of them froze with a transfer in flight, and expects of each what is promised. */
export async function expectAtomicSets(
  bank: BankCluster,
  wantedSets: number,
  promise: BankPromise,
): Promise<void> {
  const sets: BankSet[] = [];
  // A freeze that met no transfer proves nothing: such a set is judged too, but another one is taken in its place.
  for (let taken = 0; sets.filter(wasTested).length < wantedSets && taken < wantedSets * 2; taken += 1) {
    const set = await takeAndJudge(bank);
    sets.push(set);
    expect(set.consistency).toBe('atomic');
    expect(set.verdict.violations, `${set.id}: ${describeVerdict(set.verdict)}`).toBe(0);
    expect(set.verdict.transfers).toBeGreaterThan(0);
  }
  report('atomic', sets);
  expect(sets.filter(wasTested).length, 'sets with a transfer in flight at the freeze').toBe(wantedSets);
  const idle = sets.filter((set) => set.writers.transfers < promise.transfersAtLeast);
  expect(idle.map((set) => `${set.id}: ${set.writers.transfers} transfers`)).toEqual([]);
  const holds = sets.flatMap((set) => set.holdsMs);
  expect(holds.filter((hold) => hold > promise.holdLimitMs + 250)).toEqual([]);
  // One hold in a hundred may go over the limit within the tolerance; fewer holds say nothing about that share.
  const over = holds.filter((hold) => hold > promise.holdLimitMs);
  if (holds.length >= 100) expect(over.length / holds.length).toBeLessThanOrEqual(0.01);
  expect(Math.min(...holds), 'a hold that was not measured').toBeGreaterThan(0);
  await bank.source.expectNothingLeft();
}

/** One set: taken while the clients run, restored while they rest, judged, and the targets emptied again. */
export async function takeAndJudge(bank: BankCluster): Promise<BankSet> {
  const { source, workload } = bank;
  const target = bank.target as NonNullable<typeof bank.target>;
  await bank.resume();
  const from = now();
  const backup = await source.tidemark('backup', '--json');
  const to = now();
  expect(backup.exitCode, describeResult(backup)).toBe(0);
  const document = backup.json as unknown as {
    id: string;
    consistency: string;
    attempts: number;
    longestHoldMs: number;
    shards: { holdMs: number }[];
  };
  const frozen = readStepLog(source.stepLog).filter(
    (step) => step.point === 'coordinator.frozen' && step.at >= from && step.at <= to,
  );
  const inFlight = await workload.inFlightAt(frozen.map((step) => step.at));
  const atLeast = (await workload.countsAt(from)).ended;
  const atMost = (await workload.countsAt(to)).begun;
  const writers = await workload.window(from, to);
  await workload.pause();

  const restore = await source.tidemark('restore', document.id, '--to', target.topologyPath, '--json');
  expect(restore.exitCode, describeResult(restore)).toBe(0);
  const verdict = await bank.judgeTarget({ atLeast, atMost });
  await target.expectNothingLeft();
  expect(await target.databases(), 'a restore leaves only the databases of the set').toEqual(
    target.shards.map((shard) => `${shard.name}: bank`).sort(),
  );
  await target.dropDatabases();
  return {
    id: document.id,
    consistency: document.consistency,
    attempts: document.attempts,
    holdsMs: holdsOf(document),
    writers,
    inFlightAtFreeze: Math.min(...inFlight),
    verdict,
  };
}

/** The hold of every shard at the cut, and the longest of all attempts when it was none of these. */
function holdsOf(document: { longestHoldMs: number; shards: { holdMs: number }[] }): number[] {
  const atCut = document.shards.map((shard) => shard.holdMs);
  return document.longestHoldMs > Math.max(...atCut) ? [...atCut, document.longestHoldMs] : atCut;
}

function wasTested(set: BankSet): boolean {
  return set.inFlightAtFreeze > 0;
}

/** Prints what the sets were like. */
export function report(kind: string, sets: readonly BankSet[]): void {
  const holds = sets.flatMap((set) => set.holdsMs).sort((a, b) => a - b);
  const at = (share: number): string => (holds[Math.floor((holds.length - 1) * share)] ?? 0).toFixed(1);
  const stall = Math.max(...sets.map((set) => set.writers.longestStallMs));
  const slowest = Math.min(...sets.map((set) => set.writers.perSecond));
  const fewest = Math.min(...sets.map((set) => set.writers.transfers));
  const worst = sets.map((set) => set.verdict).find((verdict) => verdict.violations > 0);
  console.log(
    [
      `bank, ${kind}: ${sets.length} sets, ${sets.filter(wasTested).length} with transfers in flight at the freeze, ` +
        `${Math.max(...sets.map((set) => set.verdict.transfers))} transfers in the last`,
      `  wrong totals ${sets.filter((set) => set.verdict.totalCents !== set.verdict.expectedCents).length}, ` +
        `half transfers ${sets.reduce((sum, set) => sum + set.verdict.halfTransfers, 0)}`,
      `  our holds: median ${at(0.5)} ms, 99 % ${at(0.99)} ms, longest ${at(1)} ms; attempts ${Math.max(...sets.map((set) => set.attempts))} at most`,
      `  writers: longest stall ${stall.toFixed(1)} ms, never fewer than ${fewest} transfers a set, ` +
        `${slowest.toFixed(0)} a second`,
      ...(worst === undefined ? [] : [`  ${describeVerdict(worst)}`]),
    ].join('\n'),
  );
}

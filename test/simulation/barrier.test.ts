/**
 * The barrier under a simulated cluster: the real machines and drivers of both sides; only databases, clock and network are
 * faked. Every run is made from one number; a failure prints it, and
 *
 *   TIDEMARK_SEED=<number> npx vitest run --project=simulation test/simulation/barrier
 *
 * makes the same run again, of every kind.
 */
import { expect, test } from 'vitest';
import { barrierStep } from '../../coordinator/barrier/protocol.ts';
import { violationsOf } from './checks.ts';
import { scenarioOf, type Kind } from './scenarios.ts';
import { Chance } from './virtual-time.ts';
import { simulate, type Outcome, type Transition } from './world.ts';

const given = process.env['TIDEMARK_SEED'];
const firstSeed = given === undefined ? Math.floor(Math.random() * 2 ** 31) : Number(given);
if (!Number.isSafeInteger(firstSeed)) throw new Error(`TIDEMARK_SEED is not a whole number: ${given}`);

/** How often each kind is run with seeds of its own. Sized for half a minute of CPU in all. */
const runs: Readonly<Record<Kind, number>> = {
  calm: 100,
  crossing: 300,
  hundreds: 60,
  'long-writers': 200,
  rough: 500,
  accidents: 1000,
  'accidents-hundreds': 60,
  budget: 100,
  'falls-back': 200,
  'never-drains': 60,
};

interface Tally {
  runs: number;
  cuts: number;
  simultaneous: number;
  attempts: number;
  notReached: number;
  failed: number;
  killed: number;
  waited: number;
  torn: number;
}

async function run(
  kind: Kind,
  seed: number,
  transition: Transition,
): Promise<{ outcome: Outcome; violations: string[] }> {
  const scenario = scenarioOf(kind, new Chance(seed));
  const outcome = await simulate(scenario, seed, transition);
  return { outcome, violations: violationsOf(scenario, outcome) };
}

function count(tally: Tally, outcome: Outcome): void {
  tally.runs += 1;
  tally.waited += outcome.workload.waited;
  for (const { outcome: end } of outcome.lives) {
    if (end.kind === 'killed') tally.killed += 1;
    else if (end.kind === 'error' && end.error.code === 'barrier-not-reached') tally.notReached += 1;
    else if (end.kind === 'error') tally.failed += 1;
    else if (end.evidence.consistency === 'atomic') {
      tally.cuts += 1;
      tally.attempts += end.evidence.attempts;
    } else {
      tally.simultaneous += 1;
      const snapshots = end.snapshots.filter((snapshot) => snapshot !== undefined);
      if (snapshots.length === end.snapshots.length && outcome.workload.torn(snapshots).length > 0)
        tally.torn += 1;
    }
  }
}

async function runAll(kind: Kind): Promise<Tally> {
  const tally: Tally = {
    runs: 0,
    cuts: 0,
    simultaneous: 0,
    attempts: 0,
    notReached: 0,
    failed: 0,
    killed: 0,
    waited: 0,
    torn: 0,
  };
  const times = given === undefined ? runs[kind] : 1;
  for (let at = 0; at < times; at += 1) {
    const seed = firstSeed + at;
    const { outcome, violations } = await run(kind, seed, barrierStep);
    expect(violations, `kind ${kind}, TIDEMARK_SEED=${seed}`).toEqual([]);
    count(tally, outcome);
  }
  console.log(`${kind} from TIDEMARK_SEED=${firstSeed}:`, JSON.stringify(tally));
  return tally;
}

test('a calm cluster is cut every time', async () => {
  const tally = await runAll('calm');
  expect(tally.cuts).toBe(tally.runs);
});

test('transfers that cross and deadlock over shards are cut whole', async () => {
  const tally = await runAll('crossing');
  expect(tally.cuts).toBe(tally.runs);
  expect(tally.waited).toBeGreaterThan(0);
});

test('hundreds of shards are cut', async () => {
  const tally = await runAll('hundreds');
  expect(tally.cuts).toBe(tally.runs);
});

test('long writers are waited for, not held', async () => {
  const tally = await runAll('long-writers');
  expect(tally.cuts).toBeGreaterThan(0);
});

test('a slow network, late and stale timers and failing cuts change nothing about the rules', async () => {
  const tally = await runAll('rough');
  expect(tally.cuts).toBeGreaterThan(0);
});

test('whoever dies, stops or is cut off, every shard thaws in time and no cut is wrong', async () => {
  const tally = await runAll('accidents');
  if (given !== undefined) return;
  expect(tally.cuts).toBeGreaterThan(0);
  expect(tally.killed).toBeGreaterThan(0);
  expect(tally.failed).toBeGreaterThan(0);
});

test('accidents among many shards', async () => {
  await runAll('accidents-hundreds');
});

test('the sum of holds stays within its share of every minute', async () => {
  await runAll('budget');
});

test('the fallback gives up the instant, and says so', async () => {
  const tally = await runAll('falls-back');
  if (given !== undefined) return;
  expect(tally.simultaneous).toBeGreaterThan(0);
  // The load would tear a set that no barrier protects: the cuts above are whole because of it.
  expect(tally.torn).toBeGreaterThan(0);
});

test('a cluster that never drains ends at the deadline', async () => {
  const tally = await runAll('never-drains');
  if (given === undefined) expect(tally.notReached).toBeGreaterThan(0);
});

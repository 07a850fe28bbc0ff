/**
 * Decision and settling of a restore under a simulated cluster. Every run is made from one number; a failure prints it, and
 *
 *   TIDEMARK_SEED=<number> npx vitest run --project=simulation test/simulation/restore
 *
 * makes the same run again, of every kind.
 */
import { expect, test } from 'vitest';
import { Chance } from '../virtual-time.ts';
import { scenarioOf, type Kind } from './scenarios.ts';
import { simulateRestore, type Outcome } from './world.ts';

const given = process.env['TIDEMARK_SEED'];
const firstSeed = given === undefined ? Math.floor(Math.random() * 2 ** 31) : Number(given);
if (!Number.isSafeInteger(firstSeed)) throw new Error(`TIDEMARK_SEED is not a whole number: ${given}`);

/** How often each kind is run with seeds of its own. */
const runs: Readonly<Record<Kind, number>> = {
  calm: 40,
  shaky: 150,
  accidents: 400,
  aimed: 400,
  'given-up': 200,
  stuck: 60,
  stranger: 60,
};

type Tally = Record<'runs' | 'accidents' | Outcome['end'] | 'old' | 'new', number>;

async function runAll(kind: Kind): Promise<Tally> {
  const tally: Tally = {
    runs: 0,
    accidents: 0,
    done: 0,
    incomplete: 0,
    undone: 0,
    killed: 0,
    old: 0,
    new: 0,
  };
  const times = given === undefined ? runs[kind] : 1;
  for (let at = 0; at < times; at += 1) {
    const seed = firstSeed + at;
    const outcome = await simulateRestore(scenarioOf(kind, new Chance(seed)), seed);
    expect(outcome.violations, `kind ${kind}, TIDEMARK_SEED=${seed}`).toEqual([]);
    tally.runs += 1;
    tally.accidents += outcome.accidents;
    tally[outcome.end] += 1;
    if (outcome.visible === 'old' || outcome.visible === 'new') tally[outcome.visible] += 1;
  }
  console.log(`${kind} from TIDEMARK_SEED=${firstSeed}:`, JSON.stringify(tally));
  return tally;
}

test('a calm restore is complete every time', async () => {
  const tally = await runAll('calm');
  expect([tally.done, tally.new]).toEqual([tally.runs, tally.runs]);
});

test('statements and records that fail or whose answers are lost change nothing about the rules', async () => {
  const tally = await runAll('shaky');
  expect(tally.done).toBeGreaterThan(0);
});

test('whoever dies, stops or is cut off, a reader sees all old, some closed, or all new', async () => {
  const tally = await runAll('accidents');
  if (given !== undefined) return;
  for (const end of ['done', 'undone', 'killed', 'old', 'new'] as const)
    expect(tally[end], end).toBeGreaterThan(0);
});

test('the same with accidents at the moment of each step', async () => {
  const tally = await runAll('aimed');
  if (given !== undefined) return;
  for (const end of ['done', 'undone', 'killed', 'old', 'new'] as const)
    expect(tally[end], end).toBeGreaterThan(0);
});

test('a restore that is given up at any time is undone everywhere or complete everywhere', async () => {
  const tally = await runAll('given-up');
  if (given !== undefined) return;
  for (const end of ['old', 'new'] as const) expect(tally[end], end).toBeGreaterThan(0);
});

test('a shard that never switches keeps all closed until the restore is given up', async () => {
  const tally = await runAll('stuck');
  expect([tally.old, tally.done]).toEqual([tally.runs, 0]);
});

test('a table made meanwhile stops the restore before the decision', async () => {
  const tally = await runAll('stranger');
  expect([tally.old, tally.done, tally.incomplete]).toEqual([tally.runs, 0, 0]);
});

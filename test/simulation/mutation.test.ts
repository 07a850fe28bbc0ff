/**
 * The simulation must be able to fail. Here the rule that everything hangs on, CUT only when all are FROZEN, is taken out of a copy
 * of the machine in two ways, and the same scenarios that pass with the real one must find it out.
 */
import { expect, test } from 'vitest';
import { barrierStep } from '../../coordinator/barrier/protocol.ts';
import { violationsOf } from './checks.ts';
import { protocolWith, type Replacement } from './mutation.ts';
import { scenarioOf } from './scenarios.ts';
import { Chance } from './virtual-time.ts';
import { simulate, type Transition } from './world.ts';

/** As it stands in coordinator/barrier/protocol.ts. */
const rule = `  if (answers.size < run.plan.shards.length) return step({ ...state, run, answers });
  return cut(run, event);
`;

/** The first FROZEN is enough for a CUT to all. */
const firstIsEnough: Replacement[] = [{ rule, instead: '  return cut(run, event);\n' }];

/** Each shard is cut as soon as it is itself FROZEN: what a coordinator without a barrier would do. */
const eachByItself: Replacement[] = [
  {
    rule,
    instead: `  const order = { kind: 'cut', attempt: run.attempt, withoutLocks: false } as const;
  return step({ ...state, kind: 'cutting', run, locks: true, answers: new Map() }, send([event.shard], order));
`,
  },
  {
    rule: `function onReplyWhileCutting(state: StateOf<'cutting'>, event: EventOf<'replied'>): BarrierStep {
`,
    instead: `function onReplyWhileCutting(state: StateOf<'cutting'>, event: EventOf<'replied'>): BarrierStep {
  if (event.reply.frozen?.attempt === state.run.attempt) {
    const order = { kind: 'cut', attempt: state.run.attempt, withoutLocks: false } as const;
    return step(state, send([event.shard], order));
  }
`,
  },
];

const seeds = Array.from({ length: 40 }, (_, at) => at + 1);

async function violations(transition: Transition): Promise<string[]> {
  const found: string[] = [];
  for (const seed of seeds) {
    const scenario = scenarioOf('crossing', new Chance(seed));
    found.push(...violationsOf(scenario, await simulate(scenario, seed, transition)));
  }
  return found;
}

test('the real machine breaks no rule on these seeds', async () => {
  expect(await violations(barrierStep)).toEqual([]);
});

test('CUT after the first FROZEN is noticed', async () => {
  const found = await violations(await protocolWith(firstIsEnough));
  expect(found.some((violation) => violation.startsWith('CUT of attempt'))).toBe(true);
});

test('CUT of each shard by itself is noticed, and tears transfers', async () => {
  const found = await violations(await protocolWith(eachByItself));
  expect(found.some((violation) => violation.startsWith('CUT of attempt'))).toBe(true);
  expect(found.some((violation) => violation.startsWith('no common instant'))).toBe(true);
  expect(found.some((violation) => violation.startsWith('torn transfers'))).toBe(true);
});

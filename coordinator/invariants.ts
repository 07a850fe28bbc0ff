/**
 * Invariants over all shards: what the answers of single shards must add up to.
 *
 * The SQL stands in the agents' files and the answers in the manifests; the topology says how they belong together.
 */
import type { InvariantRule } from '../topology/topology.ts';
import { TidemarkError } from '../proto/errors.ts';
import { addDecimals, formatDecimal, parseDecimal } from '../repository/decimal.ts';
import type { Decimal } from '../repository/decimal.ts';
import { sameAnswer, shownAnswer } from '../repository/invariant-answer.ts';

/** One shard's answer to one invariant; null for SQL NULL. */
export interface ShardAnswer {
  readonly shard: string;
  readonly name: string;
  readonly answer: string | null;
}

/** One invariant over the whole cluster, for the report. */
export interface ClusterAnswer {
  readonly name: string;
  readonly across: InvariantRule['across'];
  /** The sum, the common answer, or (for `each`) the number of shards that answered. */
  readonly answer: string;
}

/** One `not-ready` for each rule that no shard answers, or declares that it will. */
function undeclaredInvariants(
  rules: readonly InvariantRule[],
  answers: readonly Pick<ShardAnswer, 'name'>[],
): TidemarkError[] {
  return rules
    .filter((rule) => !answers.some((answer) => answer.name === rule.name))
    .map(
      ({ name }) =>
        new TidemarkError({
          code: 'not-ready',
          operation: 'check the invariants',
          subject: `invariant ${name}`,
          cause: 'the topology names it, and no agent declares it',
          remedy: `Declare ${name} under \`invariants\` in the agents' files, or take it out of the topology.`,
        }),
    );
}

/**
 * What is wrong with invariants before there is a cut, one error each: a rule that no agent declares, and a `sum` of what is
 * not a number. `declared` has every invariant of every agent, null where it was not answered: the answers are of different
 * instants, so nothing is said of their sum, nor of whether they are equal.
 */
export function invariantsAmiss(
  rules: readonly InvariantRule[],
  declared: readonly ShardAnswer[],
): TidemarkError[] {
  const sums = rules.filter(({ across }) => across === 'sum').map(({ name }) => name);
  const notNumbers = declared.filter(
    ({ name, answer }) => sums.includes(name) && answer !== null && parseDecimal(answer) === undefined,
  );
  return [
    ...undeclaredInvariants(rules, declared),
    ...notNumbers.map(
      ({ shard, name, answer }) =>
        new TidemarkError({
          code: 'not-ready',
          operation: 'check the invariants',
          subject: `${shard}: invariant ${name}`,
          cause: `it answers ${answer}, which is not a number, and the topology says \`across: sum\``,
          remedy: `Correct its SQL under \`invariants\` in the agent's file, or say \`across: each\` in the topology.`,
        }),
    ),
  ];
}

/** The answers of one agent, as they came over the wire: NULL is no text at all, which is not the empty text. */
export function answersFromWire(
  shard: string,
  answers: readonly { readonly name: string; readonly answer?: string }[],
): ShardAnswer[] {
  return answers.map(({ name, answer }) => ({ shard, name, answer: answer ?? null }));
}

/**
 * Checks the answers from inside the cut: every rule is answered by at least one shard (else `not-ready`), `equal`
 * answers are equal and `sum` answers are numbers (else `invariant-differs`). Invariants that the topology does not
 * mention count as `each`.
 */
export function checkInvariantsAtCut(
  rules: readonly InvariantRule[],
  answers: readonly ShardAnswer[],
): ClusterAnswer[] {
  const [undeclared] = undeclaredInvariants(rules, answers);
  if (undeclared !== undefined) throw undeclared;
  return allRules(rules, answers).map((rule) =>
    clusterAnswer(rule, answers, 'check the invariants at the cut'),
  );
}

/** An invariant that a stored shard recorded and the target agent's file does not ask. */
export interface NotAskedAnswer {
  /** Of the stored shard. */
  readonly shard: string;
  readonly name: string;
  readonly reason: string;
}

/**
 * Compares what the restored shards answer with what the manifests say: each shard's own answer must come back, and so must
 * the answer over all shards. Throws `invariant-differs` naming the first difference. `stored` and `found` carry the names of
 * the stored shards. What is `notAsked` on a shard is not compared there, and over all shards only what every shard was asked.
 */
export function compareInvariants(
  rules: readonly InvariantRule[],
  stored: readonly ShardAnswer[],
  found: readonly ShardAnswer[],
  notAsked: readonly NotAskedAnswer[] = [],
): ClusterAnswer[] {
  const operation = 'compare the invariants after loading';
  const skipped = (shard: string, name: string): boolean =>
    notAsked.some((one) => one.shard === shard && one.name === name);
  for (const expected of stored) {
    if (skipped(expected.shard, expected.name)) continue;
    const answer = found.find((one) => one.shard === expected.shard && one.name === expected.name);
    const subject = `${expected.shard}: invariant ${expected.name}`;
    if (answer === undefined) throw differs(operation, subject, 'the restored shard gave no answer');
    if (sameAnswer(expected.answer, answer.answer)) continue;
    const cause = `the set says ${shownAnswer(expected.answer)}, the restored shard answers ${shownAnswer(answer.answer)}`;
    throw differs(operation, subject, cause);
  }
  const whole = stored.filter(({ name }) => !notAsked.some((one) => one.name === name));
  return allRules(rules, whole).map((rule) => {
    const before = clusterAnswer(rule, stored, operation);
    const after = clusterAnswer(rule, found, operation);
    if (sameAnswer(before.answer, after.answer)) return after;
    const cause = `the set says ${before.answer}, the restored shards ${after.answer}`;
    throw differs(operation, `invariant ${rule.name}`, cause);
  });
}

function clusterAnswer(
  rule: InvariantRule,
  answers: readonly ShardAnswer[],
  operation: string,
): ClusterAnswer {
  const own = answers.filter((answer) => answer.name === rule.name);
  switch (rule.across) {
    case 'sum':
      return { ...rule, answer: formatDecimal(sum(rule, own, operation)) };
    case 'equal': {
      const first = own[0];
      for (const other of own) {
        if (first === undefined || sameAnswer(first.answer, other.answer)) continue;
        throw differs(
          operation,
          `invariant ${rule.name}`,
          `${first.shard} answers ${shownAnswer(first.answer)} and ${other.shard} ${shownAnswer(other.answer)}; they must be equal`,
        );
      }
      return { ...rule, answer: shownAnswer(first?.answer ?? null) };
    }
    case 'each':
      return { ...rule, answer: `${own.length} shard${own.length === 1 ? '' : 's'}` };
  }
}

/** SQL NULL counts as nothing: a SUM over no rows is NULL. */
function sum(rule: InvariantRule, answers: readonly ShardAnswer[], operation: string): Decimal {
  let total: Decimal = { unscaled: 0n, scale: 0 };
  for (const { shard, answer } of answers) {
    if (answer === null) continue;
    const value = parseDecimal(answer);
    if (value === undefined) {
      throw differs(
        operation,
        `${shard}: invariant ${rule.name}`,
        `the answer ${answer} is no number, and the rule is sum`,
      );
    }
    total = addDecimals(total, value);
  }
  return total;
}

function allRules(rules: readonly InvariantRule[], answers: readonly ShardAnswer[]): InvariantRule[] {
  const names = new Set(answers.map((answer) => answer.name));
  const ruled = rules.filter((rule) => names.has(rule.name));
  const known = new Set(ruled.map((rule) => rule.name));
  const others = [...names].filter((name) => !known.has(name));
  return [...ruled, ...others.map((name): InvariantRule => ({ name, across: 'each' }))];
}

function differs(operation: string, subject: string, cause: string): TidemarkError {
  return new TidemarkError({ code: 'invariant-differs', operation, subject, cause });
}

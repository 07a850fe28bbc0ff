/**
 * Which invariants a restore asks. A set holds names and answers; the queries come from this agent's own file alone, so that
 * neither the repository nor the coordinator can make a server run SQL by an invariant.
 */
import { TidemarkError } from '../proto/errors.ts';
import { type InvariantAnswer, sameAnswer, shownAnswer } from '../repository/invariant-answer.ts';
import type { InvariantLine } from '../repository/manifest-entries.ts';
import type { InvariantQuery } from '../topology/agent-file.ts';
import type { StoredShard } from './engine.ts';

export interface NamedAnswer {
  readonly name: string;
  readonly answer: InvariantAnswer;
}

/** An invariant that the set recorded and that is not asked here. */
export interface NotAsked {
  readonly name: string;
  readonly reason: string;
}

export interface AskedInvariants {
  /** Declared by this agent's file under a name that the set recorded, in the order of the file. */
  readonly queries: readonly InvariantQuery[];
  /** The answers to exactly those. */
  readonly recorded: readonly NamedAnswer[];
  readonly notAsked: readonly NotAsked[];
}

/** A declared invariant that the set has no answer for is left out: there is nothing to compare it with. Pure. */
export function askedInvariants(
  { invariants, databases }: Pick<StoredShard, 'invariants' | 'databases'>,
  declared: readonly InvariantQuery[],
): AskedInvariants {
  const held = new Set(databases.map(({ name }) => name));
  const whyNot = ({ name }: InvariantLine): string | undefined => {
    const query = declared.find((one) => one.name === name);
    if (query === undefined) return "the target agent's file does not declare it";
    if (held.has(query.database)) return undefined;
    return `the target agent's file asks it in database ${query.database}, which the set does not have`;
  };
  const judged = invariants.map((line) => ({ line, reason: whyNot(line) }));
  const asked = judged.filter(({ reason }) => reason === undefined).map(({ line }) => line);
  const names = new Set(asked.map(({ name }) => name));
  return {
    queries: declared.filter(({ name }) => names.has(name)),
    recorded: asked.map(({ name, answer }) => ({ name, answer })),
    notAsked: judged.flatMap(({ line, reason }) =>
      reason === undefined ? [] : [{ name: line.name, reason }],
    ),
  };
}

/** Throws `invariant-differs` naming every recorded invariant that has another answer in the copy, or none. */
export function requireSameAnswers(
  subject: string,
  recorded: readonly NamedAnswer[],
  found: readonly NamedAnswer[],
): void {
  const differing = recorded.flatMap(({ name, answer }) => {
    const here = found.find((one) => one.name === name);
    if (here !== undefined && sameAnswer(answer, here.answer)) return [];
    const says = here === undefined ? 'has no answer' : `is ${shownAnswer(here.answer)}`;
    return [`${name} was ${shownAnswer(answer)} at the cut and ${says} here`];
  });
  if (differing.length === 0) return;
  throw new TidemarkError({
    code: 'invariant-differs',
    operation: 'check the invariants',
    subject,
    cause: differing.join('; '),
  });
}

/** Answers to invariants, as a manifest keeps them: the one place that says when two of them are the same. */
import { parseDecimal, sameDecimal } from './decimal.ts';

/** The server's own text for the one value; null for SQL NULL. */
export type InvariantAnswer = string | null;

/** Numbers are compared by value, so 1.5 and 1.50 are the same. Anything else is compared as text; NULL equals only NULL. */
export function sameAnswer(a: InvariantAnswer, b: InvariantAnswer): boolean {
  if (a === null || b === null || a === b) return a === b;
  const [left, right] = [parseDecimal(a), parseDecimal(b)];
  return left !== undefined && right !== undefined && sameDecimal(left, right);
}

/** For messages. */
export function shownAnswer(answer: InvariantAnswer): string {
  return answer ?? 'NULL';
}

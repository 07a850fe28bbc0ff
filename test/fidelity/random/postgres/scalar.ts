/** A built-in scalar type of PostgreSQL, with its values from plain to extreme, as input text. */
import type { Dice } from '../dice.ts';

export interface Scalar {
  /** With its parameters, as a column is declared. */
  readonly sql: string;
  /** Plainest first. */
  readonly texts: readonly string[];
  /** So large that not every row may have one. */
  readonly large?: readonly string[];
  readonly random?: (dice: Dice) => string;
  /** The n-th of many values that are all different to the type's own equality. Small enough for an index. */
  readonly distinct?: (n: number) => string;
  /** Index methods with a default operator class. */
  readonly indexes: readonly IndexMethod[];
  readonly collatable?: boolean;
  /** Between the elements of an array's text; a comma unless told. */
  readonly delimiter?: string;
}

export type IndexMethod = 'btree' | 'hash' | 'gist' | 'spgist' | 'gin' | 'brin';

export const ordered: readonly IndexMethod[] = ['btree', 'hash', 'brin'];

/** Extremes first, then what the function makes: the two never meet. */
export function distinctly(extremes: readonly string[], rest: (n: number) => string): (n: number) => string {
  return (n) => extremes[n] ?? rest(n);
}

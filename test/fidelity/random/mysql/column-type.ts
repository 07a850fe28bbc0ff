/** What a random table needs to know of a column type of MySQL or MariaDB. */
import type { Dice } from '../dice.ts';
import type { Collation } from './charset.ts';

export interface ColumnType {
  readonly sql: string;
  /** Plainest first; of a text type in this collation's character set. */
  readonly values: (of: Collation) => readonly string[];
  /** So large that not every row may have one. */
  readonly large?: (of: Collation) => readonly string[];
  readonly random?: (dice: Dice, of: Collation) => string;
  /** The n-th of many values that are all different, also to the collation. */
  readonly distinct?: (n: number, of: Collation) => string;
  /** It takes CHARACTER SET and COLLATE. */
  readonly text: boolean;
  readonly index: 'whole' | 'prefix' | 'spatial' | 'none';
  readonly fallback: 'literal' | 'expression' | 'none';
  /** Partitions by RANGE and HASH take it. */
  readonly whole?: boolean;
  /** Takes CURRENT_TIMESTAMP, with this precision. */
  readonly clock?: string;
}

export interface Server {
  readonly family: 'mysql' | 'mariadb';
  readonly major: number;
  readonly minor: number;
  readonly collations: readonly Collation[];
}

export type More = Partial<ColumnType>;

/** A type whose values do not depend on a collation. */
export function type(sql: string, values: readonly string[], more: More = {}): ColumnType {
  return { sql, values: () => values, text: false, index: 'whole', fallback: 'literal', ...more };
}

/**
 * Names in conditions on information_schema. Its columns compare without case, and some without accents, also where the server itself
 * tells such names apart: a plain comparison also finds the objects of the database `Shop` when asked for `shop`.
 */
import { quoteText } from './quoting.ts';

/** A condition: the column holds one of these names, byte for byte. Never true of no names. */
export function isNamed(column: string, names: readonly string[]): string {
  const [first, ...more] = names.map(quoteText);
  if (first === undefined) return 'FALSE';
  const exact = `CAST(${column} AS BINARY) IN (${[first, ...more].join(', ')})`;
  // Of one name the plain comparison is there for the lookup. Of several it must not be: MariaDB takes names that differ by
  // case for one, and then looks up that one only.
  return more.length === 0 ? `(${column} = ${first} AND ${exact})` : exact;
}

/** A condition: both columns hold the same name, byte for byte. */
export function sameName(left: string, right: string): string {
  return `(${left} = ${right} AND CAST(${left} AS BINARY) = CAST(${right} AS BINARY))`;
}

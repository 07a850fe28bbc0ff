/** In which order views can be made. */
import { isNamed } from '../connection/exact-names.ts';
import { quoteName } from '../connection/quoting.ts';
import { latin1 } from './sql-script.ts';
import type { Wire } from '../connection/wire.ts';

/** Pairs of a view and another that it reads through a function, which its text does not name. MySQL alone keeps account of it. */
export async function readThroughFunctions(wire: Wire, database: string): Promise<ReadonlySet<string>> {
  const known = await wire.value(
    "SELECT COUNT(*) FROM information_schema.TABLES WHERE TABLE_SCHEMA = 'information_schema' AND TABLE_NAME = 'VIEW_TABLE_USAGE'",
  );
  if (known !== '1') return new Set();
  const rows = await wire.query(
    'SELECT VIEW_NAME AS v, TABLE_NAME AS t FROM information_schema.VIEW_TABLE_USAGE ' +
      `WHERE ${isNamed('VIEW_SCHEMA', [database])} AND ${isNamed('TABLE_SCHEMA', [database])}`,
  );
  return new Set(rows.map((row) => pair(row['v'] ?? '', row['t'] ?? '')));
}

function pair(view: string, read: string): string {
  return `${view}\0${read}`;
}

/** Each view after those it reads; where they only seem to go round in a circle, as they come. */
export function inOrder<T extends { name: string; text: string }>(
  views: readonly T[],
  usage: ReadonlySet<string>,
): T[] {
  const left = new Set(views);
  const ordered: T[] = [];
  const reads = (view: T, other: T): boolean =>
    view.text.includes(latin1(quoteName(other.name))) || usage.has(pair(view.name, other.name));
  while (left.size > 0) {
    const ready = [...left].filter((view) =>
      [...left].every((other) => other === view || !reads(view, other)),
    );
    const next = ready.length > 0 ? ready : [...left].slice(0, 1);
    for (const view of next) {
      ordered.push(view);
      left.delete(view);
    }
  }
  return ordered;
}

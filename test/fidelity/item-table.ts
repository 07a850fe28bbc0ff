/** Which item came back on which server: collected over test files, printed as one table at the end of a run. */
import { appendFileSync, existsSync, readFileSync } from 'node:fs';

/** Where the results of one run are collected, one JSON line each; set by the run, absent when a file runs alone. */
export const itemsVariable = 'TIDEMARK_TEST_ITEMS';

export type Outcome = 'same' | 'DIFFERS' | '–';

export interface ItemResult {
  readonly group: string;
  readonly item: string;
  /** The column: `PostgreSQL 18.1`, `MariaDB 10.11 to 11.8`. */
  readonly server: string;
  readonly outcome: Outcome;
}

/** Adds results to the run's collection, or prints them when there is none. */
export function report(results: readonly ItemResult[]): void {
  const file = process.env[itemsVariable];
  if (file === undefined) console.log(itemTable(results));
  else appendFileSync(file, results.map((result) => `${JSON.stringify(result)}\n`).join(''));
}

export function readResults(file: string): ItemResult[] {
  if (!existsSync(file)) return [];
  const lines = readFileSync(file, 'utf8').split('\n');
  return lines.filter((line) => line !== '').map((line) => JSON.parse(line) as ItemResult);
}

/** Items down, servers across, in the order in which they came; `–`: this server has no such thing. */
export function itemTable(results: readonly ItemResult[]): string {
  const servers = [...new Set(results.map(({ server }) => server))];
  const found = new Map(results.map((result) => [keyOf(result, result.server), result.outcome]));
  const items = [...new Map(results.map((result) => [keyOf(result, ''), result])).values()];
  const width = Math.max(...items.map(({ item }) => item.length), 0) + 2;
  const lines: string[] = [];
  for (const group of new Set(items.map((entry) => entry.group))) {
    lines.push('', [group.padEnd(width), ...servers].join('  '));
    for (const entry of items.filter((one) => one.group === group)) {
      const cells = servers.map((server) => (found.get(keyOf(entry, server)) ?? '').padEnd(server.length));
      lines.push([`  ${entry.item}`.padEnd(width), ...cells].join('  ').trimEnd());
    }
  }
  return lines.join('\n');
}

function keyOf({ group, item }: ItemResult, server: string): string {
  return JSON.stringify([group, item, server]);
}

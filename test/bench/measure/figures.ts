/** Medians with their spread, and tables of them. */

export interface Spread {
  readonly median: number;
  readonly least: number;
  readonly greatest: number;
}

/** Of no number at all: NaN. */
export function spreadOf(numbers: readonly number[]): Spread {
  const sorted = numbers.toSorted((a, b) => a - b);
  const middle = (sorted.length - 1) / 2;
  const median = ((sorted[Math.floor(middle)] ?? Number.NaN) + (sorted[Math.ceil(middle)] ?? Number.NaN)) / 2;
  return { median, least: sorted[0] ?? Number.NaN, greatest: sorted.at(-1) ?? Number.NaN };
}

/** `1.23 (1.10–1.31)`, or a dash where there was nothing to measure. */
export function words({ median, least, greatest }: Spread, digits = 2): string {
  if (Number.isNaN(median)) return '–';
  return `${median.toFixed(digits)} (${least.toFixed(digits)}–${greatest.toFixed(digits)})`;
}

/** Theirs through ours, run by run: above 1 ours is the better one. */
export function ratios<T>(ours: readonly T[], theirs: readonly T[], figure: (run: T) => number): Spread {
  return spreadOf(theirs.map((run, index) => figure(run) / figure(ours[index] ?? run)));
}

export interface Table {
  readonly title: string;
  readonly columns: readonly string[];
  readonly rows: readonly (readonly string[])[];
  /** Sentences below the table. */
  readonly notes?: readonly string[];
}

/** For a terminal. */
export function printTable(table: Table): void {
  const lines = [table.columns, ...table.rows];
  const widths = table.columns.map((_, column) =>
    Math.max(...lines.map((line) => line[column]?.length ?? 0)),
  );
  console.log(`\n${table.title}\n`);
  for (const line of lines) {
    const cells = line.map((cell, column) =>
      column === 0 ? cell.padEnd(widths[column] ?? 0) : cell.padStart(widths[column] ?? 0),
    );
    console.log(`  ${cells.join('   ')}`);
  }
  for (const note of table.notes ?? []) console.log(`  ${note}`);
}

/** For docs/performance.md. */
export function markdownOf(table: Table): string {
  const row = (cells: readonly string[]): string =>
    `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`;
  const head = [row(table.columns), row(table.columns.map((_, column) => (column === 0 ? '---' : '---:')))];
  const lines = [`#### ${table.title}`, '', ...head, ...table.rows.map(row)];
  for (const note of table.notes ?? []) lines.push('', note);
  return lines.join('\n');
}

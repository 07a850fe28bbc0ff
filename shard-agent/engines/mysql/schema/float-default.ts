/** Defaults of FLOAT columns, which a server shows with six digits. All text is bytes as latin1. */
import { quoteName } from '../connection/quoting.ts';
import type { Wire } from '../connection/wire.ts';

const literalDefault =
  /(?<=\n {2}(`(?:[^`]|``)*`) float[^`'"(,\n]* DEFAULT )('?)(-?\d[\d.]*(?:e[-+]?\d+)?)\2(?=[ ,\n])/g;

/**
 * SHOW CREATE TABLE's text with the defaults of FLOAT columns in as many digits as they have; those of a NOT NULL column
 * of a table without rows, which no statement tells, as they are shown. `columns`: the table's, in UTF-8. The session has
 * the table's database as its own.
 */
export async function withWholeFloats(
  wire: Wire,
  create: string,
  table: string,
  columns: readonly string[],
): Promise<string> {
  const known = new Map(
    columns.map((column) => [Buffer.from(quoteName(column), 'utf8').toString('latin1'), column]),
  );
  let whole = create;
  // The last first: what stands before it keeps its place.
  for (const found of [...create.matchAll(literalDefault)].reverse()) {
    const { index, 0: literal, 1: name = '', 2: quote = '', 3: digits = '' } = found;
    const column = known.get(name);
    if (column === undefined) continue;
    const value = await defaultOf(wire, table, column);
    if (value === undefined || Math.fround(Number(digits)) === Number(value)) continue;
    whole = `${whole.slice(0, index)}${quote}${value}${quote}${whole.slice(index + literal.length)}`;
  }
  return whole;
}

/** What DEFAULT() says stands in the table's definition: a row is not needed, unless the column takes no NULL. */
async function defaultOf(wire: Wire, table: string, column: string): Promise<string | undefined> {
  const says = `SELECT CAST(DEFAULT(t.${quoteName(column)}) AS DOUBLE) FROM`;
  const value =
    (await wire.value(`${says} (SELECT 1) one LEFT JOIN ${quoteName(table)} t ON FALSE`)) ??
    (await wire.value(`${says} ${quoteName(table)} t LIMIT 1`));
  return value ?? undefined;
}

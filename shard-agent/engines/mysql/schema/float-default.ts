/** Defaults of FLOAT columns, which a server shows with six digits. All text is bytes as latin1. */
import { quoteName } from '../connection/quoting.ts';
import type { Wire } from '../connection/wire.ts';

const column = /(`(?:[^`]|``)*`) float[^`'"(,\n]* DEFAULT /.source;
const literal = /('?)(-?\d[\d.]*(?:e[-+]?\d+)?)\2/.source;
const literalDefault = new RegExp(`(?<=\\n {2}${column})${literal}(?=[ ,\\n])`, 'g');
/** In a definition by itself. */
const ownDefault = new RegExp(`(?<=^${column})${literal}(?= |$)`);

/**
 * SHOW CREATE TABLE's text with the defaults of FLOAT columns in as many digits as they have. `columns`: the table's, in
 * UTF-8. The session has the table's database as its own.
 */
export async function withWholeFloats(
  wire: Wire,
  create: string,
  table: string,
  columns: readonly string[],
): Promise<string> {
  const known = new Map(
    columns.map((name) => [Buffer.from(quoteName(name), 'utf8').toString('latin1'), name]),
  );
  let whole = create;
  // The last first: what stands before it keeps its place.
  for (const found of [...create.matchAll(literalDefault)].reverse()) {
    const { index, 0: said, 1: quoted = '', 2: quote = '', 3: digits = '' } = found;
    const name = known.get(quoted);
    if (name === undefined) continue;
    const value = await defaultOf(wire, table, name);
    if (value === undefined || Math.fround(Number(digits)) === Number(value)) continue;
    whole = `${whole.slice(0, index)}${quote}${value}${quote}${whole.slice(index + said.length)}`;
  }
  return whole;
}

/**
 * What DEFAULT() says stands in the table's definition, of any row of the table. Without one, the row an outer join makes
 * up tells it where the column takes NULL, and of others as well on MariaDB, on the way through DISTINCT's table (not ON
 * FALSE: that leaves no partition to read, and then nothing is told); a group of no rows tells the others on MySQL.
 */
async function defaultOf(wire: Wire, table: string, name: string): Promise<string | undefined> {
  const says = `CAST(DEFAULT(t.${quoteName(name)}) AS DOUBLE)`;
  const from = `${quoteName(table)} t`;
  const tellers = [
    `SELECT ${says} FROM ${from} LIMIT 1`,
    `SELECT DISTINCT ${says}, x FROM (SELECT 1 AS x UNION ALL SELECT 2) two LEFT JOIN ${from} ON RAND() > 2 LIMIT 1`,
    `SELECT ${says}, COUNT(*) FROM ${from}`,
  ];
  for (const teller of tellers) {
    const value = await wire.value(teller);
    if (typeof value === 'string') return value;
  }
  return undefined;
}

/**
 * Says a FLOAT column's default again: `ALTER COLUMN …`, where it has more digits than an ALTER TABLE of another kind
 * leaves. Undefined of other columns. `definition`: as CREATE TABLE has it.
 */
export function sayFloatAgain(definition: string): string | undefined {
  const [said, name, , digits = ''] = ownDefault.exec(definition) ?? [];
  if (said === undefined || fitsSixDigits(digits)) return undefined;
  return `ALTER COLUMN ${name} SET DEFAULT ${said}`;
}

function fitsSixDigits(digits: string): boolean {
  return Math.fround(Number(Number(digits).toPrecision(6))) === Math.fround(Number(digits));
}

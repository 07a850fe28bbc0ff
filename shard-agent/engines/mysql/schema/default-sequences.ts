/**
 * MariaDB's sequences that defaults of columns draw from. MariaDB drops a sequence that a default names, and the table stays as it is. No server
 * makes such a table again.
 */
import type { Finding } from '../../../engine.ts';
import { finding } from '../../../findings.ts';
import { isNamed } from '../connection/exact-names.ts';
import { quoteName } from '../connection/quoting.ts';
import type { Wire } from '../connection/wire.ts';
import type { Dialect } from '../dialect.ts';
import { tablesNamed } from './named-databases.ts';

interface Draw {
  readonly database: string;
  readonly table: string;
  readonly column: string;
  /** Database and name of the sequence. */
  readonly from: readonly [string, string];
}

/** Tables whose default names a sequence that is gone; and, as warnings, those whose sequence is in a database outside the set. */
export async function defaultSequenceFindings(
  wire: Wire,
  dialect: Dialect,
  databases: readonly string[],
): Promise<Finding[]> {
  if (!dialect.sequences) return [];
  const draws = await readDraws(wire, databases);
  if (draws.length === 0) return [];
  const rows = await wire.query(
    'SELECT TABLE_SCHEMA AS d, TABLE_NAME AS t FROM information_schema.TABLES ' +
      `WHERE TABLE_TYPE = 'SEQUENCE' AND ${isNamed('TABLE_SCHEMA', databases)}`,
  );
  const sequences = new Set(rows.map((row) => `${row['d']}\0${row['t']}`));
  return draws.flatMap((draw) => {
    // A sequence in another database may be one that this account cannot see.
    if (!databases.includes(draw.from[0])) return [isOutside(draw)];
    return sequences.has(draw.from.join('\0')) ? [] : [isGone(draw)];
  });
}

/** Each sequence once for each column. */
async function readDraws(wire: Wire, databases: readonly string[]): Promise<Draw[]> {
  const rows = await wire.query(
    'SELECT TABLE_SCHEMA AS d, TABLE_NAME AS t, COLUMN_NAME AS c, COLUMN_DEFAULT AS e FROM information_schema.COLUMNS ' +
      `WHERE ${isNamed('TABLE_SCHEMA', databases)} ` +
      "AND (COLUMN_DEFAULT LIKE '%nextval(%' OR COLUMN_DEFAULT LIKE '%lastval(%' OR COLUMN_DEFAULT LIKE '%setval(%') ORDER BY 1, 2, 3",
  );
  return rows.flatMap((row) => {
    const [database, table, column] = [row['d'] ?? '', row['t'] ?? '', row['c'] ?? ''];
    const named = new Map(tablesNamed(row['e'] ?? '', database).map((from) => [from.join('\0'), from]));
    return [...named.values()].map((from) => ({ database, table, column, from }));
  });
}

function isGone({ database, table, column, from }: Draw): Finding {
  return finding(
    'not-supported',
    `${database}.${table}`,
    `the default of its column ${column} draws from the sequence ${from.join('.')}, which does not exist: no server makes such a table`,
    `ALTER TABLE ${quoteName(database)}.${quoteName(table)} ALTER COLUMN ${quoteName(column)} DROP DEFAULT; or make the sequence.`,
  );
}

function isOutside({ database, table, column, from }: Draw): Finding {
  return finding(
    'not-supported',
    `${database}.${table}`,
    `the default of its column ${column} draws from the sequence ${from.join('.')}, whose database is not in the set`,
    "Name that database in the agent's file too, or make the sequence on the server of a restore, beforehand.",
    true,
  );
}

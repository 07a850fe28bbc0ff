/** What is in a database: tables and sequences by name, and everything else to be dropped. */
import { ownSqlMode } from '../connection/connection.ts';
import { quoteName, quoteText } from '../connection/quoting.ts';
import { eventNames } from '../schema/event-names.ts';
import { readLibraries } from '../schema/libraries.ts';
import { markTables } from './staging-mark.ts';
import type { Wire } from '../connection/wire.ts';

/** Tables and sequences of a database, without our own. */
export async function listTables(wire: Wire, database: string): Promise<string[]> {
  const rows = await wire.query(
    'SELECT TABLE_NAME AS n FROM information_schema.TABLES ' +
      `WHERE TABLE_SCHEMA = ${quoteText(database)} AND TABLE_TYPE NOT LIKE '%VIEW' ORDER BY TABLE_NAME`,
  );
  return rows
    .map((row) => row['n'] ?? '')
    .filter((name) => !(markTables as readonly string[]).includes(name));
}

/** Drops every trigger, view, routine, library and event of a staging database; tables stay. */
export async function dropObjects(wire: Wire, staging: string): Promise<void> {
  const schema = quoteText(staging);
  const name = quoteName(staging);
  const rows = await wire.query(
    `SELECT 'TRIGGER' AS kind, TRIGGER_NAME AS n FROM information_schema.TRIGGERS WHERE TRIGGER_SCHEMA = ${schema} ` +
      `UNION ALL SELECT 'VIEW', TABLE_NAME FROM information_schema.TABLES WHERE TABLE_SCHEMA = ${schema} AND TABLE_TYPE = 'VIEW' ` +
      `UNION ALL SELECT ROUTINE_TYPE, ROUTINE_NAME FROM information_schema.ROUTINES WHERE ROUTINE_SCHEMA = ${schema}`,
  );
  const events = (await eventNames(wire, staging)).map((n) => ({ kind: 'EVENT', n }));
  const libraries = (await readLibraries(wire, staging)).map(({ n = null }) => ({ kind: 'LIBRARY', n }));
  for (const row of [...rows, ...events, ...libraries]) {
    const kind = row['kind'] ?? '';
    // MariaDB before 11.4 has that word in this mode only.
    const oracle = kind.startsWith('PACKAGE');
    if (oracle) await wire.run("SET SESSION sql_mode = 'ORACLE'");
    await wire.run(`DROP ${kind} IF EXISTS ${name}.${quoteName(row['n'] ?? '')}`);
    if (oracle) await wire.run(`SET SESSION sql_mode = '${ownSqlMode}'`);
  }
}

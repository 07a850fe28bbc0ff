/** MySQL's libraries of code in other languages (9.2 on), and the routines that use them. Other servers have none. */
import type { Finding } from '../../../engine.ts';
import { finding } from '../../../findings.ts';
import { isNamed } from '../connection/exact-names.ts';
import { quoteName } from '../connection/quoting.ts';
import type { Wire } from '../connection/wire.ts';

/** Does the server know such a thing? */
async function knowsLibraries(wire: Wire): Promise<boolean> {
  const known = await wire.value(
    "SELECT COUNT(*) FROM information_schema.TABLES WHERE TABLE_SCHEMA = 'information_schema' AND TABLE_NAME = 'LIBRARIES'",
  );
  return known === '1';
}

/** Name `n` and comment `c` of each library of a database, in name order. */
export async function readLibraries(
  wire: Wire,
  database: string,
): Promise<Readonly<Record<string, string | null>>[]> {
  if (!(await knowsLibraries(wire))) return [];
  return wire.query(
    'SELECT LIBRARY_NAME AS n, LIBRARY_COMMENT AS c FROM information_schema.LIBRARIES ' +
      `WHERE ${isNamed('LIBRARY_SCHEMA', [database])} ORDER BY LIBRARY_NAME`,
  );
}

/**
 * Routines that no restore could make, as a library is gone that they use; and, as warnings, those whose library is in
 * a database that is not in the set.
 */
export async function libraryFindings(wire: Wire, databases: readonly string[]): Promise<Finding[]> {
  if (!(await knowsLibraries(wire))) return [];
  const rows = await wire.query(
    'SELECT u.ROUTINE_SCHEMA AS d, u.ROUTINE_NAME AS n, u.ROUTINE_TYPE AS t, u.LIBRARY_SCHEMA AS ld, u.LIBRARY_NAME AS ln, ' +
      `l.LIBRARY_NAME IS NULL AS gone, ${isNamed('u.LIBRARY_SCHEMA', databases)} AS inside ` +
      'FROM information_schema.ROUTINE_LIBRARIES AS u LEFT JOIN information_schema.LIBRARIES AS l ' +
      'ON l.LIBRARY_SCHEMA = u.LIBRARY_SCHEMA AND l.LIBRARY_NAME = u.LIBRARY_NAME ' +
      `WHERE ${isNamed('u.ROUTINE_SCHEMA', databases)} ORDER BY 1, 2, 3, 4, 5`,
  );
  return rows
    .filter(({ gone, inside }) => gone === '1' || inside !== '1')
    .map((row) => {
      const subject = `${row['d']}.${row['n']}`;
      const library = `${quoteName(row['ld'] ?? '')}.${quoteName(row['ln'] ?? '')}`;
      const routine = `${row['t']} ${quoteName(row['d'] ?? '')}.${quoteName(row['n'] ?? '')}`;
      return row['gone'] === '1'
        ? finding(
            'not-supported',
            subject,
            `it uses the library ${library}, which does not exist: no server makes such a routine`,
            `CREATE LIBRARY ${library} …; or DROP ${routine};`,
          )
        : finding(
            'not-supported',
            subject,
            `it uses the library ${library}, whose database is not in the set`,
            "Name that database in the agent's file too, or make the library on the server of a restore, beforehand.",
            true,
          );
    });
}

/** Routines of a database that use libraries of the same database. */
export async function routinesWithOwnLibraries(wire: Wire, database: string): Promise<ReadonlySet<string>> {
  if (!(await knowsLibraries(wire))) return new Set();
  const rows = await wire.query(
    'SELECT DISTINCT ROUTINE_TYPE AS t, ROUTINE_NAME AS n FROM information_schema.ROUTINE_LIBRARIES ' +
      `WHERE ${isNamed('ROUTINE_SCHEMA', [database])} AND ${isNamed('LIBRARY_SCHEMA', [database])}`,
  );
  return new Set(rows.map((row) => `${row['t']} ${row['n']}`));
}

const name = '(?:(?:`[^`]*`)+|(?:"[^"]*")+)';
const use = `${name}\\.${name}(?: AS ${name})?`;
const usingClause = new RegExp(`\\n {4}USING \\(${use}(?:, ${use})*\\)(?=\\n)`);

/** SHOW CREATE names the database of every library: here without, where it is the routine's own. Bytes as latin1. */
export function withoutOwnDatabase(text: string, ownDatabase: string): string {
  const spelt = [quoteName(ownDatabase), `"${ownDatabase.replaceAll('"', '""')}"`];
  return text.replace(usingClause, (clause) =>
    clause.replaceAll(new RegExp(`(${name})\\.(${name})`, 'g'), (whole, schema: string, library: string) =>
      spelt.includes(schema) ? library : whole,
    ),
  );
}

/** Servers show a WebAssembly library without a byte as a number without a digit, which they do not read. */
export function readableLibrary(text: string): string {
  return text.replace(/\nAS 0x$/, "\nAS x''");
}

/** Invariants: one question, one value, inside a snapshot, in a restore's staging or in a check. */
import { TidemarkError } from '../../../proto/errors.ts';
import type { InvariantQuery } from '../../../topology/agent-file.ts';
import { isNamed } from './connection/exact-names.ts';
import { attempt, isServerError } from './connection/failure.ts';
import { quoteName, quoteText } from './connection/quoting.ts';
import type { Wire } from './connection/wire.ts';
import { type DottedName, readInvariant, withRenamed } from './invariant-sql.ts';

/** By database of the backup or of the set: what it is called where the invariant is asked. */
export type InvariantPlaces = ReadonlyMap<string, string>;

/**
 * The server's own text for the value; null for SQL NULL. The session is in a read-only transaction, which is the caller's.
 *
 * A name has one meaning only. A table that is named alone is the query's own database's, which is the session's default; there
 * is no path of further ones. One that is named by a database of `places` is read where that is called there. Any other
 * database of the server is refused, and so a restore never reads what stands under the final names.
 * Throws `not-ready` for that, and for a query that is no single SELECT or gives no single value.
 */
export async function askInvariant(
  wire: Wire | undefined,
  query: InvariantQuery,
  places: InvariantPlaces,
): Promise<string | null> {
  const subject = subjectOf(query);
  const results = await attempt('ask an invariant', subject, async () => {
    if (wire === undefined) return undefined;
    const place = places.get(query.database);
    if (place === undefined) throw refusal(query, `database ${query.database} is not backed up`);
    const sql = await placedSql(wire, query, places);
    await wire.run(`USE ${quoteName(place)}`);
    // Not more rows than it takes to see that there are too many.
    await wire.run('SET SESSION character_set_results = utf8mb4, sql_select_limit = 2');
    try {
      return await wire.results(sql);
    } catch (error) {
      if (isServerError(error)) throw refusal(query, error.message, error);
      throw error;
    } finally {
      // Lanes read tables as they are stored, and whole.
      if (wire.alive)
        await wire.run('SET SESSION character_set_results = NULL, sql_select_limit = 18446744073709551615');
    }
  });
  const result = results?.at(-1);
  const row = result?.rows[0];
  if (result?.rows.length === 1 && row?.length === 1) return row[0]?.toString('utf8') ?? null;
  const rows = (result?.rows.length ?? 0) > 1 ? 'more than one row' : `${result?.rows.length ?? 0} rows`;
  throw refusal(query, `it gave ${rows} of ${result?.columns.length ?? 0} columns instead of one value`);
}

async function placedSql(wire: Wire, query: InvariantQuery, places: InvariantPlaces): Promise<string> {
  const names = readInvariant(query.sql);
  if (typeof names === 'string') throw refusal(query, names);
  await refuseLateObjects(wire, query, places, names);
  const databases = await databasesOf(wire);
  const renamed: { at: DottedName; to: string }[] = [];
  for (const at of names.dotted) {
    const database = databases.find(at.first, [...places.keys()]);
    const place = database === undefined ? undefined : places.get(database);
    if (place !== undefined) {
      await requireTable(wire, query, at, place);
      renamed.push({ at, to: quoteName(place) });
    } else if (databases.find(at.first, databases.all) !== undefined) {
      const cause = `it names database ${at.first}, which is not backed up: a restore would ask what stands there then`;
      throw refusal(query, cause);
    }
  }
  return withRenamed(query.sql, renamed);
}

/** The databases that this account sees, and a way to find one as the server would. */
async function databasesOf(wire: Wire): Promise<{
  readonly all: readonly string[];
  find(name: string, among: readonly string[]): string | undefined;
}> {
  const rows = await wire.query('SELECT SCHEMA_NAME AS n FROM information_schema.SCHEMATA');
  const folds = (await wire.value('SELECT @@lower_case_table_names')) !== '0';
  const same = (a: string, b: string): boolean =>
    a === b || ((folds || own.has(b.toLowerCase())) && a.toLowerCase() === b.toLowerCase());
  return {
    all: rows.map((row) => row['n'] ?? ''),
    find: (name, among) => among.find((one) => one === name) ?? among.find((one) => same(name, one)),
  };
}

/** Found in any case, whatever the server does with other names. */
const own: ReadonlySet<string> = new Set(['information_schema', 'performance_schema']);

/** Else `shop.total` may be a table's alias and its column, and renaming it would break the query on the worst day. */
async function requireTable(
  wire: Wire,
  query: InvariantQuery,
  name: DottedName,
  place: string,
): Promise<void> {
  const found = await wire.value(
    `SELECT 1 FROM information_schema.TABLES WHERE ${isNamed('TABLE_SCHEMA', [place])} ` +
      `AND TABLE_NAME = ${quoteText(name.second)} AND TABLE_TYPE NOT LIKE '%VIEW'`,
  );
  if (found !== undefined) return;
  const cause = `database ${name.first} has no table ${name.second}; where ${name.first} is the alias of a table, call it something else`;
  throw refusal(query, `${cause}. ${onlyTables}`);
}

const onlyTables = 'An invariant reads tables: a restore makes views and functions after it is asked';

/** Views and functions stand only when a restore has switched, and by then it is decided. */
async function refuseLateObjects(
  wire: Wire,
  query: InvariantQuery,
  places: InvariantPlaces,
  { tables, functions }: { readonly tables: readonly string[]; readonly functions: readonly string[] },
): Promise<void> {
  const place = [places.get(query.database) ?? ''];
  const late = await wire.value(
    `SELECT TABLE_NAME FROM information_schema.VIEWS WHERE ${isNamed('TABLE_SCHEMA', place)} AND TABLE_NAME IN (${['', ...tables].map(quoteText).join(', ')}) ` +
      `UNION SELECT ROUTINE_NAME FROM information_schema.ROUTINES WHERE ${isNamed('ROUTINE_SCHEMA', place)} ` +
      `AND ROUTINE_TYPE = 'FUNCTION' AND ROUTINE_NAME IN (${['', ...functions].map(quoteText).join(', ')})`,
  );
  if (late !== undefined && late !== null)
    throw refusal(query, `${late} is not a table of database ${query.database}. ${onlyTables}`);
}

function subjectOf(query: InvariantQuery): string {
  return `database ${query.database}: invariant ${query.name}`;
}

function refusal(query: InvariantQuery, cause: string, error?: unknown): TidemarkError {
  const remedy =
    "Correct its SQL under `invariants` in the agent's file: one SELECT with one row and one column, of tables that are named alone or by a database that is backed up.";
  const fields = {
    code: 'not-ready',
    operation: 'ask an invariant',
    subject: subjectOf(query),
    cause,
    remedy,
  } as const;
  return new TidemarkError(fields, { cause: error });
}

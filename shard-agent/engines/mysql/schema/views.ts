/** Views as the server's catalogue lists them, and whether it can still open each of them. */
import { isServerError } from '../connection/failure.ts';
import { isNamed } from '../connection/exact-names.ts';
import { quoteName, quoteText } from '../connection/quoting.ts';
import type { Wire } from '../connection/wire.ts';

export interface View {
  readonly database: string;
  readonly name: string;
  /** Why it cannot be used, in the server's words; undefined when it can. */
  readonly reason?: string;
}

/** How the server comments a view that can be used. Anything else is the reason why it cannot, in any language. */
const soundView = 'VIEW';

/** The account may not use what the view reads: that says nothing about the view. Of tables, columns, routines, databases. */
const mayNot: readonly number[] = [1142, 1143, 1370, 1044, 1227];
/** Somebody else has locked what it reads. */
const locked = 1205;
const lockWaitS = 2;

/**
 * Of these databases, in the order of their names. Each is opened as a query would open it, which reads no row: the server's own comment
 * knows nothing of what lies behind the first view or routine.
 */
export async function readViews(wire: Wire, databases: readonly string[]): Promise<View[]> {
  const comments = await readComments(wire, databases);
  // Without columns that need the table opened: MariaDB lists a view that cannot be opened as a table otherwise.
  const rows = await wire.query(
    'SELECT TABLE_SCHEMA AS d, TABLE_NAME AS n FROM information_schema.TABLES ' +
      `WHERE ${isNamed('TABLE_SCHEMA', databases)} AND TABLE_TYPE = 'VIEW' ORDER BY TABLE_SCHEMA, TABLE_NAME`,
  );
  const views = rows.map((row) => ({ database: row['d'] ?? '', name: row['n'] ?? '' }));
  const tried = await tryViews(wire, views);
  return views.map((view) => {
    const comment = comments.get(idOf(view));
    const reason = comment === undefined || comment === soundView ? tried.get(idOf(view)) : comment;
    return reason === undefined ? view : { ...view, reason };
  });
}

function idOf({ database, name }: View): string {
  return `${database}\0${name}`;
}

/** TABLE_ROWS is asked for since MariaDB opens no view without. */
async function readComments(wire: Wire, databases: readonly string[]): Promise<Map<string, string>> {
  const rows = await wire.query(
    'SELECT TABLE_SCHEMA AS d, TABLE_NAME AS n, TABLE_COMMENT AS c, TABLE_ROWS FROM information_schema.TABLES ' +
      `WHERE ${isNamed('TABLE_SCHEMA', databases)} AND TABLE_TYPE = 'VIEW'`,
  );
  return new Map(rows.map((row) => [`${row['d']}\0${row['n']}`, row['c'] ?? '']));
}

/** What the server says of those that it does not open, or whose definition it does not show. */
async function tryViews(wire: Wire, views: readonly View[]): Promise<Map<string, string>> {
  const reasons = new Map<string, string>();
  if (views.length === 0) return reasons;
  await wire.run(`SET SESSION lock_wait_timeout = ${lockWaitS}`);
  try {
    for (const view of views) {
      const name = `${quoteName(view.database)}.${quoteName(view.name)}`;
      const error = await refusalOf(wire, [
        `PREPARE tidemark_try FROM ${quoteText(`SELECT * FROM ${name}`)}`,
        `SHOW CREATE VIEW ${name}`,
      ]);
      if (error?.errno === locked) break;
      if (error !== undefined) reasons.set(idOf(view), error.message);
    }
    await wire.run('DEALLOCATE PREPARE tidemark_try').catch((error: unknown) => {
      // None of them could be prepared.
      if (!isServerError(error, 1243)) throw error;
    });
  } finally {
    if (wire.alive) await wire.run('SET SESSION lock_wait_timeout = DEFAULT');
  }
  return reasons;
}

async function refusalOf(
  wire: Wire,
  statements: readonly string[],
): Promise<{ readonly errno: number; readonly message: string } | undefined> {
  for (const sql of statements) {
    try {
      await wire.results(sql);
    } catch (error) {
      if (!isServerError(error)) throw error;
      if (!mayNot.includes(error.errno)) return error;
    }
  }
  return undefined;
}

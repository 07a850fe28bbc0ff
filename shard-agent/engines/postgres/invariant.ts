/** One question with one answer, asked inside a cut, a staging or a check, in the same way everywhere. */
import { TidemarkError } from '../../../proto/errors.ts';
import type { InvariantQuery } from '../../../topology/agent-file.ts';
import {
  databaseError,
  isOfTheContent,
  serverWords,
  Session,
  sqlState,
  type PostgresConfig,
} from './connection/connection.ts';

export interface InvariantPlace {
  /** The database, or its staging. */
  readonly connectTo: string;
  /** Opens a read-only transaction. */
  readonly begin: readonly string[];
  /** How long the server may take; 0: as long as it wants. */
  readonly limitMs?: number;
}

const remedy =
  "Correct its SQL under `invariants` in the agent's file: one SELECT, with one row and one column.";
const qualify =
  'Invariants are asked with an empty search path: qualify the table, for example public.accounts, and functions, types and operators that are not the server’s own likewise.';

/** A table, function, type, operator or schema of that name is not there. */
const notFound = new Set(['42P01', '42883', '42704', '3F000']);

/**
 * The server's own text for the one value, null for SQL NULL. The transaction is read-only and rolled back, and the search
 * path is empty. The query is one statement, for it is sent as one that is parsed by itself; and it can only read, for it is
 * the query of a cursor. Throws `not-ready` when it is anything else or does not give exactly one row with one column.
 */
export async function answerInvariant(
  config: PostgresConfig,
  query: InvariantQuery,
  { connectTo, begin, limitMs = 0 }: InvariantPlace,
): Promise<string | null> {
  const session = await Session.open(config, connectTo, 'invariant');
  const subject = `database ${query.database}: invariant ${query.name}`;
  try {
    // A cursor is planned to give its first rows soon; here all of them are wanted.
    const settings = ['SET LOCAL cursor_tuple_fraction = 1', `SET LOCAL statement_timeout = ${limitMs}`];
    await session.script([...begin, ...settings].join('; '));
    await session.statement(`DECLARE answer NO SCROLL CURSOR FOR\n${query.sql}`);
    // Not more than it takes to see that there are too many.
    const { rows, fields } = await session.statement('FETCH FORWARD 2 FROM answer');
    const [field] = fields;
    if (rows.length === 1 && field !== undefined && fields.length === 1) return rows[0]?.[field.name] ?? null;
    const count = rows.length > 1 ? 'more than one row' : `${rows.length} rows`;
    throw refusal(subject, `it gave ${count} of ${fields.length} columns`);
  } catch (error) {
    if (error instanceof TidemarkError) throw error;
    if (!isOfTheContent(error)) throw databaseError(error, 'ask an invariant', subject);
    throw refusal(subject, serverWords(error), error);
  } finally {
    await session.close();
  }
}

function refusal(subject: string, cause: string, error?: unknown): TidemarkError {
  const unqualified = notFound.has(sqlState(error) ?? '');
  return new TidemarkError(
    {
      code: 'not-ready',
      operation: 'ask an invariant',
      subject,
      cause,
      remedy: unqualified ? qualify : remedy,
    },
    { cause: error },
  );
}

/** Throws `not-ready` when the query's database is not among those that are backed up. */
export function requireBackedUp(query: InvariantQuery, databases: readonly string[]): void {
  if (databases.includes(query.database)) return;
  throw new TidemarkError({
    code: 'not-ready',
    operation: 'ask an invariant',
    subject: `invariant ${query.name}`,
    cause: `database ${query.database} is not backed up`,
    remedy: "Correct `invariants` in the agent's file.",
  });
}

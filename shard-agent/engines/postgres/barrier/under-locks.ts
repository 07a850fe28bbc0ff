/** What must be true under the locks before a snapshot is taken. */
import { fingerprintQuery, type Catalogue } from '../catalogue.ts';
import type { Session } from '../connection/connection.ts';
import { withinDeadline } from './hold-deadline.ts';
import { hiddenWriterQuery, type WriterQueryOptions } from './writers.ts';

/** Why an attempt in one database failed without being an error. */
export interface Refusal {
  readonly reason: string;
  /** The tables or columns are not the plan's any more. */
  readonly catalogueChanged: boolean;
}

/** A refusal, and which processes are in the way where no lock names them. */
export interface HiddenRefusal extends Refusal {
  readonly pids: readonly number[];
}

/** In this order: nobody in doubt, the plan's catalogue, no writer that no lock shows. Undefined when all is well. */
export async function verifyUnderLocks(
  locker: Session,
  catalogue: Catalogue,
  options: WriterQueryOptions & { readonly deadlineMs: number },
): Promise<HiddenRefusal | undefined> {
  const answers = await locker.script(
    withinDeadline(
      options.deadlineMs,
      `SELECT gid FROM pg_catalog.pg_prepared_xacts WHERE database = pg_catalog.current_database();
       ${fingerprintQuery}; ${hiddenWriterQuery(options)}`,
    ),
  );
  const [prepared, print, hidden] = answers.slice(2, 5);
  if (prepared === undefined || print === undefined || hidden === undefined)
    throw new Error('an answer is missing');
  if (prepared.rows.length > 0) {
    const gids = prepared.rows.map((row) => row['gid']).join(', ');
    return { reason: `transactions are in doubt: ${gids}`, catalogueChanged: false, pids: [] };
  }
  if (print.rows[0]?.['fingerprint'] !== catalogue.fingerprint) {
    return {
      reason: `the catalogue of database ${catalogue.database} is not the plan's: a table was changed`,
      catalogueChanged: true,
      pids: [],
    };
  }
  if (hidden.rows.length > 0) {
    const pids = hidden.rows.map((row) => Number(row['pid']));
    return {
      reason: 'a transaction writes where no table lock reaches: a new table, a large object or a catalogue',
      catalogueChanged: false,
      pids,
    };
  }
  return undefined;
}

/** Why the locks of one database were not granted. */
import { TidemarkError } from '../../../../proto/errors.ts';
import { databaseError, serverWords, sqlState } from '../connection/connection.ts';
import type { Refusal } from './under-locks.ts';

/** What makes an attempt fail. Throws what no further attempt can change. */
export function lockRefusal(error: unknown, database: string, drainMs: number): Refusal {
  const subject = `database ${database}`;
  switch (sqlState(error)) {
    case '57014': // query_canceled: statement_timeout or a cancel
      return { reason: `open transactions did not end within ${drainMs} ms`, catalogueChanged: false };
    case '40P01': // deadlock_detected
    case '55P03': // lock_not_available
      return { reason: serverWords(error), catalogueChanged: false };
    case '42P01': // undefined_table
    case '3F000': // invalid_schema_name
      return { reason: `the catalogue has changed: ${serverWords(error)}`, catalogueChanged: true };
    case '42501': // insufficient_privilege: on a table that came after the check
      throw new TidemarkError({
        code: 'privilege-missing',
        operation: 'take the locks',
        subject,
        cause: serverWords(error),
        remedy: 'Run `tidemark-agent check` on that host: it prints the statement.',
      });
    case '53200': // out_of_memory: the lock table is full
      throw new TidemarkError({
        code: 'not-ready',
        operation: 'take the locks',
        subject,
        cause: serverWords(error),
        remedy: 'ALTER SYSTEM SET max_locks_per_transaction = 256; then restart the server.',
      });
    default:
      throw databaseError(error, 'take the locks', subject);
  }
}

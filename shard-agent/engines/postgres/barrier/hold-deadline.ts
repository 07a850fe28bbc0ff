/**
 * The server's own end of a hold, whatever becomes of this process: one moment, counted on the server's clock from the
 * beginning of the locking transaction. `statement_timeout` and `idle_in_transaction_session_timeout` each count from the
 * moment at which the session begins to work or to wait, so that together they would allow twice the time. Therefore each is set
 * to what is left, before a statement that may take long and after it.
 */

/** How much longer than the hold limit the server waits before it takes the locks back by itself. */
const graceMs = 250;

/** From the beginning of the transaction, when `agoMs` of the hold have passed already. */
export function holdDeadlineMs(holdLimitMs: number, agoMs: number): number {
  return Math.max(1, Math.ceil(holdLimitMs - agoMs)) + graceMs;
}

/** One statement: both time-outs end at the deadline. A clock that was set meanwhile does not lengthen them beyond the whole. */
export function untilDeadline(deadlineMs: number): string {
  const passedMs = `pg_catalog.date_part('epoch', pg_catalog.clock_timestamp() - pg_catalog.transaction_timestamp()) * 1000`;
  return `SELECT pg_catalog.set_config('statement_timeout', rest, true),
      pg_catalog.set_config('idle_in_transaction_session_timeout', rest, true)
    FROM (SELECT GREATEST(1, LEAST(${deadlineMs}, pg_catalog.ceil(${deadlineMs} - ${passedMs})))::int4::text AS rest) left_over`;
}

/**
 * Statements in one message, together no longer than to the deadline. A message has one timer, which keeps on from its
 * first statement with the time-out of then, unless the time-out is switched off in between.
 */
export function withinDeadline(deadlineMs: number, statements: string): string {
  return `SET LOCAL statement_timeout = 0; ${untilDeadline(deadlineMs)}; ${statements}; ${untilDeadline(deadlineMs)}`;
}

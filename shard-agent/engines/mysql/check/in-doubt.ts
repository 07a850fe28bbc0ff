/** XA transactions that were prepared and that nobody finishes: while one is there, no barrier is reached. */
import type { CheckOrder, Finding } from '../../../engine.ts';
import { finding } from '../../../findings.ts';
import { Blockers } from '../barrier/blockers.ts';
import { isServerError } from '../connection/failure.ts';
import type { Wire } from '../connection/wire.ts';

/** As long as a barrier tries by default: one that is older has been forgotten, and with `locks` it stops a backup. */
const forgottenSeconds = 30;
/** As many as a person reads. */
const named = 20;

/** Those that nobody is connected to; then those of sessions, where the server keeps account of them. */
const olderThan = (seconds: number): string[] => [
  `SELECT COUNT(*) FROM information_schema.INNODB_TRX
   WHERE trx_mysql_thread_id = 0 AND trx_started <= NOW() - INTERVAL ${seconds} SECOND`,
  `SELECT COUNT(*) FROM performance_schema.events_transactions_current
   WHERE XA_STATE = 'PREPARED' AND TIMER_WAIT >= ${seconds} * 1000000000000`,
];

/** As XA COMMIT takes them. */
export async function preparedTransactions(wire: Wire): Promise<string[]> {
  const found = await new Blockers(wire, () => new Set()).inDoubt();
  return found.map(({ transaction }) => transaction);
}

/**
 * Names those that were there at the beginning of the check, `before`, and still are: an application that commits in two phases
 * finishes them within moments. The server says how many are old and not which, so only when all are old, they stop a backup.
 */
export async function inDoubtFindings(
  wire: Wire,
  order: CheckOrder,
  before: readonly string[],
  seconds = forgottenSeconds,
): Promise<Finding[]> {
  const now = await preparedTransactions(wire);
  const lasting = now.filter((transaction) => before.includes(transaction));
  if (lasting.length === 0) return [];
  let old = 0;
  for (const sql of olderThan(seconds)) old += await countIfShown(wire, sql);
  const all = old >= now.length;
  const cause = all ? `it was prepared more than ${seconds} s ago` : 'it is prepared';
  return lasting
    .slice(0, named)
    .map((transaction) =>
      finding(
        'not-ready',
        `XA transaction ${transaction}`,
        `${cause} and nobody finishes it: while it is there, the shards cannot be brought to one instant`,
        `XA COMMIT ${transaction}; where its other parts were committed, else XA ROLLBACK ${transaction};`,
        !(order.locks && all),
      ),
    );
}

async function countIfShown(wire: Wire, sql: string): Promise<number> {
  try {
    return Number((await wire.value(sql)) ?? 0);
  } catch (error) {
    // Not shown to this account, or not kept by this server.
    if (isServerError(error, 1044, 1054, 1109, 1142, 1143, 1146, 1227)) return 0;
    throw error;
  }
}

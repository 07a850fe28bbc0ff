/** Prepared transactions that nobody finishes: while one is there, no barrier is reached. */
import type { CheckOrder, Finding } from '../../../engine.ts';
import { finding } from '../../../findings.ts';
import { formatDuration } from '../../../../topology/units.ts';
import { during, quoteText, type PostgresConfig, type Session } from '../connection/connection.ts';
import { subjectOf } from '../server.ts';

/** An application that commits in two phases finishes them within moments; one that is older is worth a warning. */
const noticedMs = 1_000;
/** As long as a barrier tries by default: one that is older has been forgotten, and with `locks` it stops a backup. */
const forgottenMs = 30_000;

/** Shows at most as many as a person reads. */
export async function inDoubtFindings(
  session: Session,
  config: PostgresConfig,
  order: CheckOrder,
  databases: readonly string[],
  agesMs: { readonly noticed: number; readonly forgotten: number } = {
    noticed: noticedMs,
    forgotten: forgottenMs,
  },
): Promise<Finding[]> {
  const rows = await during('look for prepared transactions', subjectOf(config), () =>
    session.rows(
      `SELECT gid, owner, database, (EXTRACT(epoch FROM pg_catalog.clock_timestamp() - prepared) * 1000)::int8 AS age_ms
       FROM pg_catalog.pg_prepared_xacts
       WHERE prepared < pg_catalog.clock_timestamp() - pg_catalog.make_interval(secs => $1 / 1000.0)
         AND database = ANY ($2) ORDER BY prepared LIMIT 20`,
      [agesMs.noticed, databases],
    ),
  );
  return rows.map((row) => {
    const gid = quoteText(row['gid'] ?? '');
    const ageMs = Number(row['age_ms']);
    return finding(
      'not-ready',
      `database ${row['database']}: prepared transaction ${row['gid']}`,
      `${row['owner']} prepared it ${formatDuration(ageMs)} ago and nobody has finished it: while it is there, the shards cannot be brought to one instant`,
      `In database ${row['database']}, as ${row['owner']} or a superuser: COMMIT PREPARED ${gid}; where its other parts were committed, else ROLLBACK PREPARED ${gid};`,
      !order.locks || ageMs < agesMs.forgotten,
    );
  });
}

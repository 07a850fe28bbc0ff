/**
 * A mark on a running server: an advisory lock of one open transaction. `pg_locks` shows the locks of all databases to every
 * account. A transaction and not a session holds it, so that a pooler between cannot leave it behind in a connection of its own.
 */
import { TidemarkError } from '../../../proto/errors.ts';
import { markLimitMs, type HeldMark } from '../../engine.ts';
import { openAny } from './check/check.ts';
import { during, type PostgresConfig, type Session } from './connection/connection.ts';
import { subjectOf } from './server.ts';

/** Advisory locks of one 64-bit key, as the marks they may be: https://www.postgresql.org/docs/current/view-pg-locks.html. */
const standing = `SELECT mark FROM (
    SELECT pg_catalog.lpad(pg_catalog.to_hex((classid::bigint << 32) | objid::bigint), 16, '0') AS mark
    FROM pg_catalog.pg_locks WHERE locktype = 'advisory' AND objsubid = 1 AND granted) held
  WHERE mark = ANY ($1)`;

export async function setMark(config: PostgresConfig, mark: string): Promise<HeldMark> {
  const session = await openAny(config, 'mark');
  try {
    await during('mark the server', subjectOf(config), async () => {
      const answers = await session.script(
        `BEGIN READ ONLY; SET LOCAL idle_in_transaction_session_timeout = ${markLimitMs};
         SELECT pg_catalog.pg_try_advisory_xact_lock(${keyOf(mark)}) AS held`,
      );
      if (answers.at(-1)?.rows[0]?.['held'] !== 't') throw lost(config, 'its advisory lock is held already');
    });
    return { release: () => release(session, config) };
  } catch (error) {
    await session.close();
    throw error;
  }
}

export async function seeMarks(config: PostgresConfig, marks: readonly string[]): Promise<string[]> {
  const session = await openAny(config, 'mark');
  try {
    const rows = await during('look for marks', subjectOf(config), () => session.rows(standing, [marks]));
    return rows.map((row) => row['mark'] ?? '');
  } finally {
    await session.close();
  }
}

/** The end that proves: a transaction that was ended before, and its lock with it, does not answer COMMIT. */
async function release(session: Session, config: PostgresConfig): Promise<void> {
  try {
    const answers = await during('take the mark off', subjectOf(config), () => session.script('COMMIT'));
    if (answers.at(-1)?.command !== 'COMMIT') throw lost(config, 'its transaction had ended before');
  } finally {
    await session.close();
  }
}

function keyOf(mark: string): string {
  return `(${BigInt.asIntN(64, BigInt(`0x${mark}`))})::bigint`;
}

function lost(config: PostgresConfig, cause: string): TidemarkError {
  return new TidemarkError({
    code: 'database-failed',
    operation: 'mark the server',
    subject: subjectOf(config),
    cause,
  });
}

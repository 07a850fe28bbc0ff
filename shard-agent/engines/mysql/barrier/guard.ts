/**
 * The guard against DDL, held from prepare to the end of the copy: without it an online schema change gives wrong rows
 * without an error. It lives as long as its session.
 */
import { TidemarkError } from '../../../../proto/errors.ts';
import { Blockers } from './blockers.ts';
import { openSession } from '../connection/connection.ts';
import type { Dialect } from '../dialect.ts';
import { failure, isServerError } from '../connection/failure.ts';
import type { Endpoint } from '../connection/handshake.ts';
import type { Wire } from '../connection/wire.ts';

/** Running DDL is waited for so long; the next backup may be luckier. */
const waitS = 10;

export class DdlGuard {
  readonly #wire: Wire;
  readonly #dialect: Dialect;

  /** Throws `table-locked` when DDL, or another backup, does not end in time. */
  static async take(endpoint: Endpoint, limitMs: number): Promise<DdlGuard> {
    const { wire, dialect } = await openSession(
      endpoint,
      { name: 'guard' },
      { limitMs, extra: [`lock_wait_timeout = ${waitS}`] },
    );
    try {
      for (const statement of dialect.takeGuard) await wire.run(statement);
      return new DdlGuard(wire, dialect);
    } catch (error) {
      const running = isServerError(error, 1205) ? await runningDdl(wire) : undefined;
      await wire.close();
      if (running === undefined) throw failure(error, 'keep schema changes out of the copy', 'the server');
      throw new TidemarkError(
        {
          code: 'table-locked',
          operation: 'keep schema changes out of the copy',
          subject: 'the server',
          cause: `a schema change or another backup did not end within ${waitS} s: ${running}`,
        },
        { cause: error },
      );
    }
  }

  private constructor(wire: Wire, dialect: Dialect) {
    this.#wire = wire;
    this.#dialect = dialect;
  }

  get threadId(): number {
    return this.#wire.threadId;
  }

  /** Throws `schema-changed` when the guard is known to be lost. */
  require(): void {
    if (!this.#wire.alive) throw lost('its session has ended');
  }

  /** Asks the server whether the guard's session lives. */
  async check(): Promise<void> {
    try {
      await this.#wire.run('DO 0');
    } catch (error) {
      throw lost(error instanceof Error ? error.message : String(error));
    }
  }

  /** Never throws. */
  async release(): Promise<void> {
    if (this.#wire.alive) await this.#wire.run(this.#dialect.releaseGuard).catch(() => undefined);
    await this.#wire.close();
  }
}

function lost(why: string): TidemarkError {
  return new TidemarkError({
    code: 'schema-changed',
    operation: 'keep schema changes out of the copy',
    subject: 'the guard against schema changes',
    cause: `it was lost, and with it the proof that tables are what they were: ${why}`,
  });
}

/** Statements that change tables, or hold a backup's guard, as the list of connections shows them. */
async function runningDdl(wire: Wire): Promise<string> {
  const rows = await wire.query(
    'SELECT ID AS id, USER AS user, TIME AS s, COALESCE(INFO, STATE) AS what FROM information_schema.PROCESSLIST ' +
      "WHERE ID <> CONNECTION_ID() AND (INFO REGEXP '^[[:space:]]*(ALTER|CREATE|DROP|RENAME|TRUNCATE|OPTIMIZE|BACKUP|LOCK)' " +
      "OR STATE LIKE '%backup lock%') ORDER BY TIME DESC LIMIT 5",
  );
  if (rows.length === 0) {
    const holders = await new Blockers(wire, () => new Set()).lockHolders();
    if (holders.length === 0) return 'who it is cannot be seen; perhaps the session of another backup';
    return holders
      .map(
        ({ processId, user, state, statement }) => `process ${processId} of ${user}, ${state}: ${statement}`,
      )
      .join('; ');
  }
  return rows
    .map((row) => `process ${row['id']} of ${row['user']}, for ${row['s']} s: ${row['what']?.slice(0, 200)}`)
    .join('; ');
}

/**
 * The claim on a server's restores: an advisory lock that belongs to one session.
 *
 * The server keeps advisory locks by database, and two agents of one server may be able to connect to different databases.
 * Therefore the lock is taken in the database at hand, and then pg_locks, which shows the locks of all databases to
 * everybody, must show no other session with the same key. Two that ask in different databases at the same moment may see
 * each other; both give the lock back then and try again after a random pause.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { TidemarkError } from '../../../../proto/errors.ts';
import type { ClaimOutcome, RestoreClaim } from '../../../engine.ts';
import { openAny } from '../check/check.ts';
import { during, serverWords, type PostgresConfig, type Session } from '../connection/connection.ts';
import { openMaintenance, subjectOf } from '../server.ts';

/** `tidm` in ASCII, and the number of what is claimed. */
const key = { classId: 0x7469_646d, objectId: 1 } as const;

const attempts = 6;
const longestPauseMs = 50;
const operation = 'claim the restores of the server';

export async function claimRestores(config: PostgresConfig, signal: AbortSignal): Promise<ClaimOutcome> {
  signal.throwIfAborted();
  const session = await openForClaim(config);
  const stop = (): void => session.destroy();
  signal.addEventListener('abort', stop, { once: true });
  try {
    const holder = await during(operation, subjectOf(config), () => take(session, config, signal));
    signal.throwIfAborted();
    if (holder === undefined)
      return { outcome: 'claimed', claim: new PostgresClaim(session, subjectOf(config)) };
    await session.close();
    return { outcome: 'held', holder };
  } catch (error) {
    await session.close();
    signal.throwIfAborted();
    throw error;
  } finally {
    signal.removeEventListener('abort', stop);
  }
}

/** Not in a database that a restore would rename or drop, where there is a choice. */
async function openForClaim(config: PostgresConfig): Promise<Session> {
  const purpose = 'restore claim';
  const configured = config.database.databases ?? [];
  if (!configured.includes('postgres')) return openAny(config, purpose);
  try {
    return await openMaintenance(config, purpose, configured);
  } catch (error) {
    if (error instanceof TidemarkError && error.code === 'database-unreachable') throw error;
    return openAny(config, purpose);
  }
}

/** Undefined when this session has the claim now; else who has it. */
async function take(
  session: Session,
  config: PostgresConfig,
  signal: AbortSignal,
): Promise<string | undefined> {
  await requireNoPooler(session, config);
  let holder = 'a session that has ended since';
  for (let attempt = 0; attempt < attempts; attempt += 1) {
    const taken = (
      await session.row(`SELECT pg_catalog.pg_try_advisory_lock(${key.classId}, ${key.objectId}) AS taken`)
    )['taken'];
    const other = await findOther(session);
    if (taken === 't' && other === undefined) return undefined;
    if (taken === 't')
      await session.row(`SELECT pg_catalog.pg_advisory_unlock(${key.classId}, ${key.objectId})`);
    if (other !== undefined) {
      holder = other;
      // In this database there is one answer; only in another may both have stepped back.
      if (taken !== 't') return holder;
    }
    await sleep(Math.random() * longestPauseMs, undefined, { signal });
  }
  return holder;
}

async function findOther(session: Session): Promise<string | undefined> {
  const [row] = await session.rows(
    `SELECT l.pid, a.usename, a.datname, COALESCE(a.client_addr::text, 'the local socket') AS client, a.application_name,
       a.backend_start
     FROM pg_catalog.pg_locks l LEFT JOIN pg_catalog.pg_stat_activity a ON a.pid = l.pid
     WHERE l.locktype = 'advisory' AND l.classid = ${key.classId} AND l.objid = ${key.objectId} AND l.objsubid = 2
       AND l.granted AND l.pid <> pg_catalog.pg_backend_pid()
     ORDER BY l.pid LIMIT 1`,
  );
  if (row === undefined) return undefined;
  const since = row['backend_start'] === null ? '' : `, since ${row['backend_start']}`;
  const from = row['backend_start'] === null ? '' : ` from ${row['client']}`;
  return `process ${row['pid']} on the server, user ${row['usename'] ?? 'unknown'}${from} in database ${row['datname']}${since}`;
}

async function requireNoPooler(session: Session, config: PostgresConfig): Promise<void> {
  const { pid } = await session.row('SELECT pg_catalog.pg_backend_pid() AS pid');
  if (Number(pid) === session.greetedPid) return;
  throw new TidemarkError({
    code: 'shard-refused',
    operation,
    subject: subjectOf(config),
    cause: `the connection goes through a pooler: it was greeted by process ${session.greetedPid} and is served by process ${pid}`,
    remedy: "Set host and port in the agent's file to the server's own, not to the pooler's.",
  });
}

class PostgresClaim implements RestoreClaim {
  readonly #session: Session;
  readonly #subject: string;
  readonly #lost = new AbortController();
  #released: Promise<void> | undefined;

  constructor(session: Session, subject: string) {
    this.#session = session;
    this.#subject = subject;
    session.onLost((reason) => {
      if (this.#released === undefined) this.#lost.abort(this.#gone(serverWords(reason)));
    });
  }

  get lost(): AbortSignal {
    return this.#lost.signal;
  }

  async confirm(): Promise<void> {
    const rows = await this.#session
      .rows(
        `SELECT 1 FROM pg_catalog.pg_locks WHERE locktype = 'advisory' AND classid = ${key.classId}
           AND objid = ${key.objectId} AND objsubid = 2 AND granted AND pid = pg_catalog.pg_backend_pid()`,
      )
      .catch((error: unknown) => {
        throw this.#gone(serverWords(error));
      });
    if (rows.length === 0) throw this.#gone('the server no longer shows it');
  }

  release(): Promise<void> {
    // An ended session has no locks, but the server may take a moment to end it: unlock first.
    this.#released ??= this.#session
      .script('SELECT pg_catalog.pg_advisory_unlock_all()')
      .catch(() => undefined)
      .then(() => this.#session.close());
    return this.#released;
  }

  #gone(cause: string): TidemarkError {
    return new TidemarkError({
      code: 'database-unreachable',
      operation: 'keep the claim on the restores of the server',
      subject: this.#subject,
      cause,
    });
  }
}

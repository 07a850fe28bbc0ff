/**
 * The claim on a server's restores: a named lock (GET_LOCK) that belongs to one session. Such locks are the whole server's,
 * whatever database a session uses, and are in no binary log.
 */
import { TidemarkError } from '../../../../proto/errors.ts';
import type { ClaimOutcome, RestoreClaim } from '../../../engine.ts';
import { describeEndpoint, openSession } from '../connection/connection.ts';
import { attempt } from '../connection/failure.ts';
import type { Endpoint } from '../connection/handshake.ts';
import type { Wire } from '../connection/wire.ts';

const lockName = 'tidemark.restores';
/** The session is silent while it holds the claim: the server must not end it for that. The longest it knows, a year. */
const limitMs = 31_536_000_000;
const attempts = 3;
const operation = 'claim the restores of the server';

export async function claimRestores(endpoint: Endpoint, signal: AbortSignal): Promise<ClaimOutcome> {
  signal.throwIfAborted();
  const { wire } = await openSession(endpoint, { name: 'restore claim' }, { limitMs });
  const stop = (): void => wire.destroy();
  signal.addEventListener('abort', stop, { once: true });
  try {
    const subject = describeEndpoint(endpoint);
    const holder = await attempt(operation, subject, () => take(wire, subject));
    signal.throwIfAborted();
    if (holder === undefined) return { outcome: 'claimed', claim: new MysqlClaim(wire, subject) };
    await wire.close();
    return { outcome: 'held', holder };
  } catch (error) {
    await wire.close();
    signal.throwIfAborted();
    throw error;
  } finally {
    signal.removeEventListener('abort', stop);
  }
}

/** Undefined when this session has the claim now; else who has it. */
async function take(wire: Wire, subject: string): Promise<string | undefined> {
  for (let attempt = 0; attempt < attempts; attempt += 1) {
    const [row] = await wire.query(
      `SELECT GET_LOCK('${lockName}', 0) AS taken, IS_USED_LOCK('${lockName}') AS holder, CONNECTION_ID() AS own`,
    );
    if (Number(row?.['own']) !== wire.threadId) throw pooled(wire, subject, row?.['own'] ?? 'nobody');
    if (row?.['taken'] === '1') return undefined;
    // Null: it was given back between the two questions.
    const holder = row?.['holder'];
    if (holder !== undefined && holder !== null) return describeHolder(wire, holder);
  }
  return 'sessions that took it and gave it back while this one asked';
}

/** The list of connections shows those of other accounts to PROCESS alone. */
async function describeHolder(wire: Wire, id: string): Promise<string> {
  const [row] = await wire.query(
    `SELECT USER AS user, HOST AS host FROM information_schema.PROCESSLIST WHERE ID = ${Number(id)}`,
  );
  const who = row === undefined ? '' : `, user ${row['user']} from ${row['host']}`;
  return `connection ${id} on the server${who}`;
}

function pooled(wire: Wire, subject: string, own: string): TidemarkError {
  return new TidemarkError({
    code: 'shard-refused',
    operation,
    subject,
    cause: `the connection goes through a pooler or proxy (greeted as ${wire.threadId}, known to the server as ${own})`,
  });
}

class MysqlClaim implements RestoreClaim {
  readonly #wire: Wire;
  readonly #subject: string;
  readonly #lost = new AbortController();
  #released: Promise<void> | undefined;

  constructor(wire: Wire, subject: string) {
    this.#wire = wire;
    this.#subject = subject;
    void wire.gone.then((reason) => {
      if (this.#released === undefined) this.#lost.abort(this.#gone(reason.message));
    });
  }

  get lost(): AbortSignal {
    return this.#lost.signal;
  }

  async confirm(): Promise<void> {
    const own = await this.#wire
      .value(`SELECT IS_USED_LOCK('${lockName}') = CONNECTION_ID()`)
      .catch((error: unknown) => {
        throw this.#gone(error instanceof Error ? error.message : String(error));
      });
    if (own !== '1') throw this.#gone('the server says that another session has it, or none');
  }

  release(): Promise<void> {
    // An ended session has no locks, but the server may take a moment to end it: unlock first.
    this.#released ??= this.#wire
      .run(`DO RELEASE_LOCK('${lockName}')`)
      .catch(() => undefined)
      .then(() => this.#wire.close());
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

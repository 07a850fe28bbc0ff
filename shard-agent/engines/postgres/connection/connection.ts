/** One session with a PostgreSQL server: pg does the handshake and the SQL, every value stays the server's own text. */
import type { Socket } from 'node:net';
import pg from 'pg';
import { TidemarkError } from '../../../../proto/errors.ts';
import type { DatabaseConfig, ToolPaths } from '../../../../topology/agent-file.ts';
import { type Awaited, type Sighting, StallWatch, statementWords } from '../../../stall-watch.ts';
import { bytesOfDatabase, learnBytes, nameByBytes } from './database-bytes.ts';
import { sightBackend } from './probe.ts';
import { openWire, type SessionWire, type Wire } from './wire.ts';

export interface PostgresConfig {
  readonly database: DatabaseConfig;
  readonly password: string | undefined;
  readonly tools: ToolPaths;
  /** Sessions begin so that no event trigger sees them. For superusers of PostgreSQL 17 and later: see quietConfig. */
  readonly eventTriggersOff?: boolean;
}

export type Row = Readonly<Record<string, string | null>>;

export interface Answer {
  /** The command tag's first word: `COMMIT`, `ROLLBACK`, `SELECT`. */
  readonly command: string;
  readonly rows: readonly Row[];
  readonly fields: readonly { readonly name: string }[];
}

const connectTimeoutMs = 10_000;
const closeTimeoutMs = 1_000;

/**
 * What makes text leave and enter a server unchanged, as pg_dump sets it, and `lc_monetary`, on which the text of
 * `money` depends. No timeouts; a host that vanishes is noticed by keepalives; row security must fail, never filter.
 */
const settings = [
  // First: what follows may take longer than a database or role allows.
  'statement_timeout = 0',
  "client_encoding = 'UTF8'",
  // A database or role may have one that every session begins with.
  'role = none',
  "search_path = ''",
  'lock_timeout = 0',
  'idle_in_transaction_session_timeout = 0',
  'idle_session_timeout = 0',
  "default_transaction_isolation = 'read committed'",
  'default_transaction_deferrable = off',
  "default_tablespace = ''",
  'default_table_access_method = heap',
  'row_security = off',
  'extra_float_digits = 3',
  'array_nulls = on',
  'synchronize_seqscans = off',
  "TimeZone = 'UTC'",
  "DateStyle = 'ISO, YMD'",
  "IntervalStyle = 'postgres'",
  "bytea_output = 'hex'",
  "lc_monetary = 'C'",
  'xmloption = content',
  'standard_conforming_strings = on',
  'quote_all_identifiers = off',
  'transform_null_equals = off',
  'client_min_messages = warning',
  'jit = off',
  'max_parallel_workers_per_gather = 0',
  'tcp_keepalives_idle = 10',
  'tcp_keepalives_interval = 5',
  'tcp_keepalives_count = 3',
];

/** A setting from PostgreSQL 17 on. */
const noTransactionTimeout = `SELECT pg_catalog.set_config(name, '0', false) FROM (VALUES ('transaction_timeout')) s (name)
  WHERE pg_catalog.current_setting(name, true) IS NOT NULL`;

/** What a session must know of the server before it asks anything. In `postgres`, names that all databases share are read right. */
const server = `SELECT pg_catalog.current_setting('server_version_num') AS version, pg_catalog.current_setting('server_encoding') AS encoding,
  (SELECT pg_catalog.pg_encoding_to_char(encoding) FROM pg_catalog.pg_database WHERE datname IN ('postgres', 'template1')
   ORDER BY datname LIMIT 1) AS names`;

/** Statements of one session run one after the other, whoever asks. Every failure is a TidemarkError. */
export class Session {
  readonly database: string;
  readonly #client: pg.Client;
  readonly #wire: SessionWire | undefined;
  readonly #watch: StallWatch;
  /** The statement that the driver waits for. */
  #asked: string | undefined;
  #queue: Promise<unknown> = Promise.resolve();
  #lost: Error | undefined;
  readonly #whenLost = Promise.withResolvers<Error>();
  #closing: Promise<void> | undefined;

  private constructor(
    config: PostgresConfig,
    database: string,
    client: pg.Client,
    wire: SessionWire | undefined,
  ) {
    this.database = database;
    this.#client = client;
    this.#wire = wire;
    client.on('error', (error) => this.#lose(error));
    client.on('end', () => {
      this.#watch.end();
      this.#lose(new Error('the server closed the connection'));
    });
    this.#watch = new StallWatch(config.database.stallLimitMs, {
      subject: `${config.database.host}:${config.database.port}: database ${database}`,
      progress: () => progressOf(this.#socket),
      awaited: () => this.#awaited(),
      probe: (signal) => sightServer(config, this.greetedPid, signal),
      stalled: (error) => void this.#socket.destroy(error),
    });
  }

  /** Set when the session was opened for COPY. */
  get wire(): Wire | undefined {
    return this.#wire;
  }

  get #socket(): Socket {
    return (this.#client as unknown as { connection: { stream: Socket } }).connection.stream;
  }

  #awaited(): Awaited | undefined {
    const flow = this.#wire?.flow;
    if (flow !== undefined) return flow.awaitsServer() ? { doing: flow.doing, flowing: true } : undefined;
    return this.#asked === undefined ? undefined : { doing: statementWords(this.#asked), flowing: false };
  }

  /** With `copy`, the session has a wire of its own for COPY. Throws `database-unreachable`, or what the server said. */
  static async open(
    config: PostgresConfig,
    database: string,
    purpose: string,
    options: { copy?: boolean } = {},
  ): Promise<Session> {
    try {
      return await Session.#open(config, database, purpose, options);
    } catch (error) {
      const { cause } = error as TidemarkError;
      const again =
        sqlState(cause) === '3D000' && // invalid_catalog_name
        (await learnBytes(config, database, (name) => Session.#open(config, name, purpose, {})));
      if (!again) throw error;
      return Session.#open(config, database, purpose, options);
    }
  }

  static async #open(
    config: PostgresConfig,
    database: string,
    purpose: string,
    options: { copy?: boolean },
  ): Promise<Session> {
    const { host, port, user } = config.database;
    const wire = options.copy === true ? openWire({ coalesce: !host.startsWith('/') }) : undefined;
    const client = new pg.Client({
      host,
      port,
      user,
      database,
      password: config.password,
      ssl: false,
      keepAlive: true,
      application_name: `tidemark ${purpose}`,
      connectionTimeoutMillis: connectTimeoutMs,
      ...(config.eventTriggersOff === true ? { options: '-c event_triggers=off' } : {}),
      types: { getTypeParser: () => (text: unknown) => text },
      ...(wire === undefined ? {} : { stream: () => wire.socket }),
    });
    const session = new Session(config, database, client, wire);
    const bytes = bytesOfDatabase(config, database);
    if (bytes !== undefined) nameByBytes(client, bytes);
    try {
      await client.connect();
      // One round trip for all of it: a restore opens a dozen sessions before its first row.
      const sets = settings.map((line) => `SET ${line}`);
      const answers = await session.script([...sets, noTransactionTimeout, server].join('; '));
      const said = answers.at(-1)?.rows[0];
      session.majorVersion = Math.trunc(Number(said?.['version']) / 10_000);
      session.encoding = said?.['encoding'] ?? '';
      session.namesEncoding = said?.['names'] ?? 'UTF8';
      return session;
    } catch (error) {
      await session.close();
      throw connectionError(error, config, database);
    }
  }

  /** 14 to 18. */
  majorVersion = 0;
  /** Of the database. */
  encoding = '';
  /** Of what all databases share: see shared-names.ts. */
  namesEncoding = 'UTF8';

  /** The process id the server gave in its greeting. A pooler gives one of its own. */
  get greetedPid(): number {
    return Number((this.#client as unknown as { processID: number | null }).processID ?? 0);
  }

  /** False once the connection is gone. */
  get alive(): boolean {
    return this.#lost === undefined && this.#closing === undefined;
  }

  /** Calls `listener` once when the connection is gone, at once if it is gone already; also after `close`. */
  onLost(listener: (reason: Error) => void): void {
    void this.#whenLost.promise.then(listener);
  }

  #lose(reason: Error): void {
    this.#lost ??= reason;
    this.#whenLost.resolve(reason);
  }

  /** Runs one statement, or several without values, in one message; one answer for each. */
  async script(sql: string, values?: readonly unknown[]): Promise<readonly Answer[]> {
    const answers = await this.#inTurn(sql, () =>
      values === undefined ? this.#client.query(sql) : this.#client.query(sql, [...values]),
    );
    return Array.isArray(answers) ? (answers as Answer[]) : [answers as Answer];
  }

  /** Runs exactly one statement: it is sent to be parsed by itself, and the server refuses a text that holds several. */
  async statement(sql: string): Promise<Answer> {
    const config: pg.QueryConfig & { queryMode: 'extended' } = { text: sql, queryMode: 'extended' };
    return (await this.#inTurn(sql, () => this.#client.query(config))) as Answer;
  }

  async #inTurn(sql: string, ask: () => Promise<unknown>): Promise<unknown> {
    const result = this.#queue.then(async () => {
      if (this.#lost !== undefined) throw this.#lost;
      this.#asked = sql;
      try {
        return await ask();
      } finally {
        this.#asked = undefined;
      }
    });
    this.#queue = result.catch(() => undefined);
    return result;
  }

  /** Rows of the last statement. Throws the driver's own error, for callers that look at its code. */
  async rows(sql: string, values?: readonly unknown[]): Promise<readonly Row[]> {
    return (await this.script(sql, values)).at(-1)?.rows ?? [];
  }

  /** The one row a statement must give. */
  async row(sql: string, values?: readonly unknown[]): Promise<Row> {
    const [row] = await this.rows(sql, values);
    if (row === undefined) throw new Error(`no row from: ${sql.slice(0, 200)}`);
    return row;
  }

  /** Ends the session in order, or by closing the socket when that takes longer than a second. Idempotent, never throws. */
  close(): Promise<void> {
    this.#closing ??= this.#end();
    return this.#closing;
  }

  /** Closes the socket now. The server notices when it next reads or writes. */
  destroy(): void {
    this.#watch.end();
    this.#socket.destroy();
  }

  async #end(): Promise<void> {
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<void>((resolve) => {
      timer = setTimeout(() => {
        this.destroy();
        resolve();
      }, closeTimeoutMs);
    });
    await Promise.race([this.#client.end().catch(() => this.destroy()), late]);
    clearTimeout(timer);
    this.#watch.end();
  }
}

/** What a second connection sees of the server, and of its process `pid` where one is meant. Throws when it does not answer. */
export function sightServer(
  config: PostgresConfig,
  pid: number | undefined,
  signal: AbortSignal,
): Promise<Sighting> {
  return sightBackend(config, pid, signal, (error) =>
    sqlState(error) === undefined ? undefined : serverWords(error),
  );
}

/** Grows with every byte that the server has sent or taken. */
function progressOf(socket: Socket): number {
  return socket.bytesRead + socket.bytesWritten - socket.writableLength;
}

/** The five-letter SQLSTATE of a server's error, or undefined when it was no server's. */
export function sqlState(error: unknown): string | undefined {
  const code = (error as { code?: unknown } | null)?.code;
  return typeof code === 'string' && /^[0-9A-Z]{5}$/.test(code) ? code : undefined;
}

/** What a function, type or cast of the database's own says, not that the server has no room, is stopped, or is gone. */
export function isOfTheContent(error: unknown): boolean {
  const state = sqlState(error);
  return state !== undefined && !/^(08|53|57|58|XX)/.test(state);
}

/** What a server's error says, with its detail. */
export function serverWords(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const { detail } = error as { detail?: unknown };
  // A refused connection on every address of a host has no words, only a code.
  const message = error.message === '' ? (systemCode(error) ?? error.name) : error.message;
  return typeof detail === 'string' && detail !== '' ? `${message} (${detail})` : message;
}

function systemCode(error: Error): string | undefined {
  const { code } = error as { code?: unknown };
  return typeof code === 'string' ? code : undefined;
}

/** A driver's error as `database-failed`, or `database-unreachable` when the connection is gone. */
export function databaseError(error: unknown, operation: string, subject: string): TidemarkError {
  if (error instanceof TidemarkError) return error;
  const state = sqlState(error);
  const gone = state === undefined || state.startsWith('08') || state.startsWith('57P');
  const code = gone ? 'database-unreachable' : 'database-failed';
  return new TidemarkError({ code, operation, subject, cause: serverWords(error) }, { cause: error });
}

/** Runs `action` and names its failure. */
export async function during<T>(operation: string, subject: string, action: () => Promise<T>): Promise<T> {
  try {
    return await action();
  } catch (error) {
    throw databaseError(error, operation, subject);
  }
}

function connectionError(error: unknown, config: PostgresConfig, database: string): TidemarkError {
  if (error instanceof TidemarkError) return error;
  const { host, port, user } = config.database;
  const operation = `connect as ${user}`;
  const subject = `${host}:${port}: database ${database}`;
  // The driver's own words for a server that takes the connection and says nothing.
  const unanswered = error instanceof Error && error.message === 'timeout expired';
  const cause = unanswered
    ? `a new connection got no answer within ${connectTimeoutMs / 1000} s`
    : serverWords(error);
  switch (sqlState(error)) {
    case '3D000':
      return new TidemarkError(
        {
          code: 'database-failed',
          operation,
          subject,
          cause,
          remedy: `Create database ${database}, or take it off \`database.databases\` in the agent's file.`,
        },
        { cause: error },
      );
    case '55000': // the database is not accepting connections
      return new TidemarkError(
        {
          code: 'database-failed',
          operation,
          subject,
          cause,
          remedy: /invalid database/.test(cause)
            ? `DROP DATABASE ${quoteName(database)};`
            : `ALTER DATABASE ${quoteName(database)} ALLOW_CONNECTIONS true; or take it off \`database.databases\` in the agent's file.`,
        },
        { cause: error },
      );
    case '42501':
      return new TidemarkError(
        {
          code: 'privilege-missing',
          operation,
          subject,
          cause,
          remedy: `GRANT CONNECT ON DATABASE ${quoteName(database)} TO ${quoteName(user)};`,
        },
        { cause: error },
      );
    case '53300':
      return new TidemarkError(
        {
          code: 'not-ready',
          operation,
          subject,
          cause,
          remedy: tooManyRemedy(cause, database, user),
        },
        { cause: error },
      );
    default:
      return new TidemarkError({ code: 'database-unreachable', operation, subject, cause }, { cause: error });
  }
}

/** Which of the three limits it was. A limit of -1 is none. */
function tooManyRemedy(cause: string, database: string, user: string): string {
  if (/for database/.test(cause))
    return `ALTER DATABASE ${quoteName(database)} CONNECTION LIMIT -1; or a higher one, or lower copy.lanes in the topology.`;
  if (/for role/.test(cause))
    return `ALTER ROLE ${quoteName(user)} CONNECTION LIMIT -1; or a higher one, or lower copy.lanes in the topology.`;
  return 'End idle sessions, or raise max_connections (ALTER SYSTEM SET max_connections = …; then restart), or lower copy.lanes in the topology.';
}

/** A name as SQL writes it. */
export function quoteName(name: string): string {
  return `"${name.replaceAll('"', '""')}"`;
}

export function quoteTable(schema: string, name: string): string {
  return `${quoteName(schema)}.${quoteName(name)}`;
}

/** A text as SQL writes it, whatever standard_conforming_strings is. */
export function quoteText(text: string): string {
  const doubled = text.replaceAll("'", "''");
  return doubled.includes('\\') ? `E'${doubled.replaceAll('\\', '\\\\')}'` : `'${doubled}'`;
}

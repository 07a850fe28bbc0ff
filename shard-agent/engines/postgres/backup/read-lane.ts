/** A lane of the copy: one connection whose transactions see the cut. */
import { TidemarkError } from '../../../../proto/errors.ts';
import type { TableLine } from '../../../../repository/manifest-entries.ts';
import type { RawSink, ReadLane, ReadTask } from '../../../engine.ts';
import { isStall } from '../../../stall-watch.ts';
import {
  databaseError,
  quoteTable,
  quoteText,
  serverWords,
  Session,
  type PostgresConfig,
} from '../connection/connection.ts';
import { copyOut } from './copy-out.ts';
import { copyOutStatement, type TableDetails } from './plan.ts';
import { ServerError } from '../connection/wire.ts';

/** The transaction in which a lane, or an invariant, sees the cut. */
export function beginInSnapshot(snapshot: string): string[] {
  return [
    'BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY',
    `SET TRANSACTION SNAPSHOT ${quoteText(snapshot)}`,
  ];
}

/** So many share one, for a database may have thousands of small tables; the locks it keeps are bounded by it. */
const tasksInTransaction = 50;

export class PostgresReadLane implements ReadLane {
  readonly #config: PostgresConfig;
  readonly #tableOf: (table: number) => TableLine | undefined;
  readonly #snapshotOf: (database: string) => string;
  readonly #whoAlters: (database: string, oid: number) => Promise<string>;
  readonly #copyLimitMs: number;
  #session: Session | undefined;
  /** What is open on the session: the snapshot it sees, and the tasks it has done. */
  #transaction: { snapshot: string; tasks: number } | undefined;
  #dead: TidemarkError | undefined;

  constructor(options: {
    config: PostgresConfig;
    tableOf: (table: number) => TableLine | undefined;
    snapshotOf: (database: string) => string;
    whoAlters: (database: string, oid: number) => Promise<string>;
    copyLimitMs: number;
  }) {
    this.#config = options.config;
    this.#tableOf = options.tableOf;
    this.#snapshotOf = options.snapshotOf;
    this.#whoAlters = options.whoAlters;
    this.#copyLimitMs = options.copyLimitMs;
  }

  /** Connects to the database and tries the snapshot. */
  async open(database: string): Promise<void> {
    if (this.#session?.database === database && this.#session.alive) return;
    await this.#session?.close();
    this.#transaction = undefined;
    this.#session = await Session.open(this.#config, database, 'lane', { copy: true });
    const limit = Math.min(2_147_483_647, Math.ceil(this.#copyLimitMs));
    await this.#session.script(
      // A range is read by its block numbers, never by scanning the whole table.
      `SET enable_seqscan = off; SET statement_timeout = ${limit}; SET idle_in_transaction_session_timeout = ${limit}`,
    );
  }

  async read(task: ReadTask, sink: RawSink, signal: AbortSignal): Promise<void> {
    if (this.#dead !== undefined) throw this.#dead;
    const table = this.#tableOf(task.table);
    if (table === undefined) throw new Error(`no table ${task.table} in the plan`);
    const subject = `${table.database}: ${table.schema}.${table.name}`;
    if (signal.aborted) {
      throw new TidemarkError({
        code: 'interrupted',
        operation: 'read',
        subject,
        cause: 'the operation was ended',
      });
    }
    const session = await this.#ready(table.database, subject);
    const snapshot = this.#snapshotOf(table.database);
    const begin = this.#transaction === undefined ? beginInSnapshot(snapshot) : [];
    // One message, one round trip. Waiting for the lock would hang behind the exporter.
    const lock = `LOCK TABLE ONLY ${quoteTable(table.schema, table.name)} IN ACCESS SHARE MODE NOWAIT`;
    const sql = [...begin, lock, copyOutStatement(table, task)].join('; ');
    this.#transaction ??= { snapshot, tasks: 0 };
    try {
      if (session.wire === undefined) throw new Error('the session has no wire');
      const binary = table.format === 'copy-binary';
      const doing = `COPY of ${table.schema}.${table.name}`;
      await copyOut(session.wire, { sql, binary, doing }, sink, signal);
    } catch (error) {
      if (!(error instanceof ServerError) || error.severity === 'FATAL')
        throw this.#giveUp(session, error, subject);
      await this.#rollback(session).catch(() => session.destroy());
      throw await this.#refusal(error, error.statementsDone - begin.length, table);
    }
    this.#transaction.tasks += 1;
    if (this.#transaction.tasks < tasksInTransaction) return;
    await this.#rollback(session).catch((error: unknown) => {
      throw this.#giveUp(session, error, subject);
    });
  }

  async close(): Promise<void> {
    await this.#session?.close();
  }

  /** A session with the database, in no transaction or in one that sees the cut. */
  async #ready(database: string, subject: string): Promise<Session> {
    try {
      await this.open(database);
      const session = this.#session as Session;
      const stale =
        this.#transaction !== undefined && this.#transaction.snapshot !== this.#snapshotOf(database);
      if (stale) await this.#rollback(session);
      return session;
    } catch (error) {
      throw this.#lost(error, subject);
    }
  }

  async #rollback(session: Session): Promise<void> {
    this.#transaction = undefined;
    await session.script('ROLLBACK');
  }

  /** `at` tells the statement that was refused: below 0 those that import the snapshot, 0 the lock, 1 the COPY. */
  async #refusal(error: ServerError, at: number, table: TableLine): Promise<TidemarkError> {
    const subject = `${table.database}: ${table.schema}.${table.name}`;
    // 22023, 42704: the snapshot is not (any more) there to be imported.
    if (at < 0 && ['22023', '42704', '0A000'].includes(error.code)) return this.#lost(error, subject);
    if (at !== 0 || error.code !== '55P03') return databaseError(error, 'read', subject);
    const { oid } = table.engine as unknown as TableDetails;
    return new TidemarkError(
      {
        code: 'table-locked',
        operation: 'read',
        subject,
        cause: await this.#whoAlters(table.database, oid).catch(serverWords),
      },
      { cause: error },
    );
  }

  /** After an error the wire is in the middle of a message: the connection is closed and the next task opens another,
   * unless it was the connection that failed. */
  #giveUp(session: Session, error: unknown, subject: string): unknown {
    const wasAlive = session.alive && !session.wire?.socket.destroyed;
    session.destroy();
    this.#session = undefined;
    this.#transaction = undefined;
    if (error instanceof TidemarkError) return error;
    return wasAlive && !(error instanceof ServerError) ? error : this.#lost(error, subject);
  }

  #lost(error: unknown, subject: string): TidemarkError {
    this.#dead = isStall(error)
      ? error
      : new TidemarkError(
          { code: 'snapshot-lost', operation: 'read', subject, cause: serverWords(error) },
          { cause: error },
        );
    return this.#dead;
  }
}

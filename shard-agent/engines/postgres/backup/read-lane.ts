/** A lane of the copy: one connection whose transactions see the cut. */
import { TidemarkError } from '../../../../proto/errors.ts';
import type { TableLine } from '../../../../repository/manifest-entries.ts';
import type { RawSink, ReadLane, ReadTask } from '../../../engine.ts';
import {
  databaseError,
  quoteTable,
  quoteText,
  serverWords,
  Session,
  sqlState,
  type PostgresConfig,
} from '../connection/connection.ts';
import { copyOut } from './copy-out.ts';
import { copyOutStatement, type TableDetails } from './plan.ts';
import { ServerError } from '../connection/wire.ts';

/** The transaction in which a lane, or an invariant, sees the cut. */
export function beginInSnapshot(snapshot: string): string {
  return `BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY; SET TRANSACTION SNAPSHOT ${quoteText(snapshot)}`;
}

export class PostgresReadLane implements ReadLane {
  readonly #config: PostgresConfig;
  readonly #tableOf: (table: number) => TableLine | undefined;
  readonly #snapshotOf: (database: string) => string;
  readonly #whoAlters: (database: string, oid: number) => Promise<string>;
  readonly #copyLimitMs: number;
  #session: Session | undefined;
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
    this.#session = await Session.open(this.#config, database, 'lane', { copy: true });
    await this.#session.script(
      // A range is read by its block numbers, never by scanning the whole table.
      `SET enable_seqscan = off; SET statement_timeout = ${Math.min(2_147_483_647, Math.ceil(this.#copyLimitMs))}`,
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
    const session = await this.#begin(table, subject);
    let refused: ServerError | undefined;
    try {
      if (session.wire === undefined) throw new Error('the session has no wire');
      const copy = { sql: copyOutStatement(table, task), binary: table.format === 'copy-binary' };
      await copyOut(session.wire, copy, sink, signal);
    } catch (error) {
      if (!(error instanceof ServerError) || error.severity === 'FATAL')
        throw this.#giveUp(session, error, subject);
      refused = error;
    }
    await session.script('ROLLBACK').catch((error: unknown) => {
      if (refused === undefined) throw this.#giveUp(session, error, subject);
    });
    if (refused !== undefined) throw databaseError(refused, 'read', subject);
  }

  async close(): Promise<void> {
    await this.#session?.close();
  }

  /** Begins in the cut's snapshot and takes the table's lock without waiting: waiting would hang behind the exporter. */
  async #begin(table: TableLine, subject: string): Promise<Session> {
    try {
      await this.open(table.database);
    } catch (error) {
      throw this.#lost(error, subject);
    }
    const session = this.#session as Session;
    try {
      await session.script(
        `${beginInSnapshot(this.#snapshotOf(table.database))};
         LOCK TABLE ONLY ${quoteTable(table.schema, table.name)} IN ACCESS SHARE MODE NOWAIT`,
      );
      return session;
    } catch (error) {
      const state = sqlState(error);
      if (!session.alive || state === undefined || state.startsWith('57P'))
        throw this.#giveUp(session, error, subject);
      await session.script('ROLLBACK').catch(() => session.destroy());
      // 22023, 42704: the snapshot is not (any more) there to be imported.
      if (state === '22023' || state === '42704' || state === '0A000') throw this.#lost(error, subject);
      if (state !== '55P03') throw databaseError(error, 'read', subject);
      const { oid } = table.engine as unknown as TableDetails;
      throw new TidemarkError(
        {
          code: 'table-locked',
          operation: 'read',
          subject,
          cause: await this.#whoAlters(table.database, oid).catch(serverWords),
        },
        { cause: error },
      );
    }
  }

  /** After an error the wire is in the middle of a message: the connection is closed and the next task opens another,
   * unless it was the connection that failed. */
  #giveUp(session: Session, error: unknown, subject: string): unknown {
    const wasAlive = session.alive && !session.wire?.socket.destroyed;
    session.destroy();
    this.#session = undefined;
    if (error instanceof TidemarkError) return error;
    return wasAlive && !(error instanceof ServerError) ? error : this.#lost(error, subject);
  }

  #lost(error: unknown, subject: string): TidemarkError {
    this.#dead = new TidemarkError(
      { code: 'snapshot-lost', operation: 'read', subject, cause: serverWords(error) },
      { cause: error },
    );
    return this.#dead;
  }
}

/** A lane of a restore: one connection that loads chunks, each in a transaction of its own. */
import { TidemarkError } from '../../../../proto/errors.ts';
import type { ChunkLine, TableLine } from '../../../../repository/manifest-entries.ts';
import type { WriteLane } from '../../../engine.ts';
import {
  databaseError,
  quoteName,
  quoteText,
  Session,
  type PostgresConfig,
} from '../connection/connection.ts';
import { copyIn } from './copy-in.ts';
import { copyInStatement } from '../backup/plan.ts';
import { ServerError } from '../connection/wire.ts';

/** What a lane asks of its restore. */
export interface RestoreOfLane {
  /** What the database is called while it is made. */
  readonly stagingOf: (database: string) => string;
  /** See evaluationSettings. */
  readonly evaluationOf: (database: string) => readonly { name: string; value: string }[];
  /** Waited for after each chunk, with no transaction open. */
  readonly committed: (table: TableLine, chunk: ChunkLine, signal: AbortSignal) => Promise<void>;
}

export class PostgresWriteLane implements WriteLane {
  readonly #config: PostgresConfig;
  readonly #restore: RestoreOfLane;
  #session: Session | undefined;

  constructor(config: PostgresConfig, restore: RestoreOfLane) {
    this.#config = config;
    this.#restore = restore;
  }

  async load(
    table: TableLine,
    chunk: ChunkLine,
    source: AsyncIterable<Buffer>,
    signal: AbortSignal,
  ): Promise<number> {
    const subject = `${table.database}: ${table.schema}.${table.name}`;
    const session = await this.#open(table.database);
    try {
      if (session.wire === undefined) throw new Error('the session has no wire');
      const copy = {
        sql: `BEGIN; ${copyInStatement(table)}`,
        doing: `COPY into ${table.schema}.${table.name}`,
      };
      const rows = await copyIn(session.wire, copy, source, signal);
      if (rows !== chunk.rows) {
        throw new TidemarkError({
          code: 'bad-bytes',
          operation: 'load a chunk',
          subject: `${subject}: ${chunk.object}`,
          cause: `the server took ${rows} rows, the manifest says ${chunk.rows}`,
        });
      }
      const [answer] = await session.script('COMMIT');
      if (answer?.command !== 'COMMIT') throw new Error(`COMMIT was answered with ${answer?.command}`);
    } catch (error) {
      await this.#undo(session);
      throw error instanceof ServerError ? databaseError(error, 'load a chunk', subject) : error;
    }
    await this.#restore.committed(table, chunk, signal);
    return chunk.rows;
  }

  async close(): Promise<void> {
    await this.#session?.close();
  }

  async #open(database: string): Promise<Session> {
    const staging = this.#restore.stagingOf(database);
    if (this.#session?.database === staging && this.#session.alive) return this.#session;
    await this.#session?.close();
    const session = await Session.open(this.#config, staging, 'lane', { copy: true });
    this.#session = session;
    // Whether a chunk's commit is durable does not matter until the mark says `loaded`, and that commit is.
    await session.script('SET default_transaction_read_only = off; SET synchronous_commit = off');
    for (const { name, value } of this.#restore.evaluationOf(database))
      await session.script(`SET ${quoteName(name)} TO ${quoteText(value)}`);
    return session;
  }

  /** Nothing of the chunk may stay: the transaction is rolled back, or its connection is closed. */
  async #undo(session: Session): Promise<void> {
    const rolledBack = await session.script('ROLLBACK').then(
      () => true,
      () => false,
    );
    if (rolledBack) return;
    session.destroy();
    this.#session = undefined;
  }
}

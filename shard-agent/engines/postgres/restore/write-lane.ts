/** A lane of a restore: one connection that loads chunks, each in a transaction of its own. */
import type { ChunkLine, TableLine } from '../../../../repository/manifest-entries.ts';
import type { StoredShard, WriteLane } from '../../../engine.ts';
import type { TableDetails } from '../backup/plan.ts';
import {
  databaseError,
  quoteName,
  quoteTable,
  quoteText,
  Session,
  type PostgresConfig,
} from '../connection/connection.ts';
import { ServerError } from '../connection/wire.ts';
import type { DatabaseProperties } from '../database/properties.ts';
import { loadChunk } from './load-chunk.ts';
import { ownerOf, type OwnerPath, pathOf } from './owner-path.ts';
import { type AgainLane, type RefusedChunk, type RefusedChunks, refusedContent } from './refused-chunks.ts';

/** What a lane asks of its restore. */
export interface RestoreOfLane {
  /** What the database is called while it is made. */
  readonly stagingOf: (database: string) => string;
  readonly propertiesOf: (database: string) => Pick<DatabaseProperties, 'settings'>;
  /** See evaluationSettings. */
  readonly evaluationOf: (database: string) => readonly { name: string; value: string }[];
  readonly refused: RefusedChunks;
  readonly openChunk: StoredShard['openChunk'];
  /** Waited for after each chunk, with no transaction open. */
  readonly committed: (table: TableLine, chunk: ChunkLine, signal: AbortSignal) => Promise<void>;
}

export class PostgresWriteLane implements WriteLane, AgainLane {
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
    const { refused } = this.#restore;
    const owner = refused.ownerOf(table);
    const words = await this.#try(table, chunk, source, owner, signal);
    if (words === undefined) {
      await this.#restore.committed(table, chunk, signal);
      return chunk.rows;
    }
    const again =
      owner === undefined ? await this.#loadAsOwner(table, chunk, words, signal) : { plain: words };
    if (again === undefined) await this.#restore.committed(table, chunk, signal);
    else refused.wait({ table, chunk, owner: undefined, asOwner: undefined, ...again });
    return chunk.rows;
  }

  async loadAgain(
    table: TableLine,
    chunk: ChunkLine,
    signal: AbortSignal,
  ): Promise<RefusedChunk | undefined> {
    const source = this.#restore.openChunk(table, chunk);
    const plain = await this.#try(table, chunk, source, undefined, signal);
    return plain === undefined ? undefined : this.#loadAsOwner(table, chunk, plain, signal);
  }

  /** `plain`: why it was refused before. */
  async #loadAsOwner(
    table: TableLine,
    chunk: ChunkLine,
    plain: string,
    signal: AbortSignal,
  ): Promise<RefusedChunk | undefined> {
    const owner = await this.#ownerPath(table);
    if (owner === undefined) return { table, chunk, plain, owner, asOwner: undefined };
    const source = this.#restore.openChunk(table, chunk);
    const asOwner = await this.#try(table, chunk, source, owner, signal);
    if (asOwner !== undefined) return { table, chunk, plain, owner, asOwner };
    this.#restore.refused.needsOwner(table, owner);
    return undefined;
  }

  /** Of the table that the rows are loaded into. */
  async #ownerPath(table: TableLine): Promise<OwnerPath | undefined> {
    const { loadInto = table } = table.engine as unknown as TableDetails;
    const session = await this.#open(table.database);
    try {
      const role = await ownerOf(session, quoteTable(loadInto.schema, loadInto.name));
      if (role === undefined) return undefined;
      return await pathOf(session, this.#restore.propertiesOf(table.database), role);
    } catch (error) {
      throw databaseError(error, 'look for the search path of an owner', subjectOf(table));
    }
  }

  /** Undefined when the chunk is loaded, else why the server refused its rows; nothing of it stays then. Throws all else. */
  async #try(
    table: TableLine,
    chunk: ChunkLine,
    source: AsyncIterable<Buffer>,
    owner: OwnerPath | undefined,
    signal: AbortSignal,
  ): Promise<string | undefined> {
    const session = await this.#open(table.database);
    try {
      await loadChunk({ session, table, chunk, source, owner, signal });
      return undefined;
    } catch (error) {
      await this.#undo(session);
      const refused = error instanceof ServerError ? refusedContent(error) : undefined;
      if (refused !== undefined) return refused;
      throw error instanceof ServerError ? databaseError(error, 'load a chunk', subjectOf(table)) : error;
    }
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

function subjectOf({ database, schema, name }: TableLine): string {
  return `${database}: ${schema}.${name}`;
}

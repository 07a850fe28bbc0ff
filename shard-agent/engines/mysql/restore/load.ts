/** One lane of a restore: chunks go in by LOAD DATA LOCAL, large ones in a transaction of their own. */
import { TidemarkError } from '../../../../proto/errors.ts';
import type { ChunkLine, TableLine } from '../../../../repository/manifest-entries.ts';
import type { WriteLane } from '../../../engine.ts';
import { quoteName } from '../connection/quoting.ts';
import type { Dialect } from '../dialect.ts';
import { ConnectionLost, failure } from '../connection/failure.ts';
import { endExpression, historySettings } from '../schema/history.ts';
import type { OkPacket } from '../connection/packets.ts';
import { signedMode } from '../schema/unsigned-subtraction.ts';
import { isByNumber } from '../stored-type.ts';
import { LoadedTables } from './loaded-tables.ts';
import { TableTurns } from './table-turns.ts';
import type { Wire } from '../connection/wire.ts';

/**
 * Settings of a lane: rows are those of a table that stood already, so nothing about them is asked again. Unique checks
 * stay on: without them MySQL loads no faster, and MariaDB (10.6+) fills an empty table in a way that costs twice the CPU,
 * never ends when one value is larger than its redo log has room for (10.11: a value of 200 MiB, a log of 16 MiB), and
 * locks the whole table, which two lanes deadlock over.
 */
export function laneSettings(dialect: Dialect): string[] {
  return [
    'foreign_key_checks = 0',
    // Zero dates and impossible dates stand in tables; 0 in an AUTO_INCREMENT column is a value. Keys follow the data with
    // the options they were shown with.
    `sql_mode = '${laneModes(dialect).join(',')}'`,
    'max_error_count = 65535',
    ...(dialect.family === 'mariadb' ? ['check_constraint_checks = 0', ...historySettings(dialect)] : []),
  ];
}

function laneModes(dialect: Dialect): string[] {
  return ['NO_AUTO_VALUE_ON_ZERO', 'ALLOW_INVALID_DATES', ...dialect.tableModes];
}

/** Types a column with AUTO_INCREMENT may have. */
const counted = /^(?:(?:tiny|small|medium|big)?int|float|double)\b/;

/**
 * Columns in the order of the data; those whose bytes would be taken for something else go through a variable. With one
 * of them, what may be an AUTO_INCREMENT column goes through SET too: a server that runs a SET forgets that the data
 * gave that column a 0, and counts instead.
 */
export function loadStatement(dialect: Dialect, table: TableLine, staging: string): string {
  const types = Array.isArray(table.engine['types']) ? (table.engine['types'] as string[]) : [];
  const expressionOf = (type: string, variable: string): string | undefined =>
    isByNumber(type)
      ? `CAST(${variable} AS UNSIGNED)`
      : (endExpression(dialect, type, variable) ?? dialect.loadExpression(type, variable));
  const any = types.some((type) => expressionOf(type, '') !== undefined);
  const targets: string[] = [];
  const sets: string[] = [];
  for (const [index, column] of table.columns.entries()) {
    const variable = `@c${index}`;
    const type = types[index] ?? '';
    const expression = expressionOf(type, variable) ?? (any && counted.test(type) ? variable : undefined);
    targets.push(expression === undefined ? quoteName(column) : variable);
    if (expression !== undefined) sets.push(`${quoteName(column)} = ${expression}`);
  }
  // A table whose columns are all computed still has a number of rows.
  const list = targets.length === 0 ? '@nothing' : targets.join(', ');
  const set = sets.length === 0 ? '' : ` SET ${sets.join(', ')}`;
  return (
    `LOAD DATA LOCAL INFILE 'tidemark' INTO TABLE ${quoteName(staging)}.${quoteName(table.name)} ` +
    `CHARACTER SET binary FIELDS TERMINATED BY '\\t' ESCAPED BY '\\\\' LINES TERMINATED BY '\\n' (${list})${set}`
  );
}

/** A table smaller than this shares a transaction with others: of a few rows the commit, flushed to disk, is most of the work. */
const smallTableBytes = 1024 * 1024;
/** What one such transaction may hold. */
const sharedChunks = 100;
const sharedBytes = 8 * 1024 * 1024;

export class MysqlWriteLane implements WriteLane {
  readonly #wire: Wire;
  readonly #dialect: Dialect;
  readonly #staging: ReadonlyMap<string, string>;
  readonly #loaded: LoadedTables;
  readonly #turns: TableTurns;
  #notes = true;
  /** The session has the mode in which differences are signed. */
  #signed = false;
  /** Chunks in the open transaction. */
  #open: ChunkLine[] = [];

  /** `staging`: of each database. `loaded` and `turns` are shared by all lanes of the restore. */
  constructor(
    wire: Wire,
    dialect: Dialect,
    staging: ReadonlyMap<string, string>,
    loaded: LoadedTables,
    turns: TableTurns = new TableTurns(),
  ) {
    this.#wire = wire;
    this.#dialect = dialect;
    this.#staging = staging;
    this.#loaded = loaded;
    this.#turns = turns;
  }

  async load(
    table: TableLine,
    chunk: ChunkLine,
    source: AsyncIterable<Buffer>,
    signal: AbortSignal,
  ): Promise<number> {
    const subject = `${table.database}.${table.name}`;
    const abort = (): void => this.#wire.destroy('the load was ended');
    signal.addEventListener('abort', abort, { once: true });
    if (signal.aborted) abort();
    try {
      return await this.#turns.run(table.database, table.name, () =>
        this.#transaction(table, chunk, source, subject),
      );
    } catch (error) {
      if (signal.aborted && error instanceof ConnectionLost) {
        const cause = 'the load was ended';
        throw new TidemarkError({ code: 'interrupted', operation: 'load a chunk', subject, cause });
      }
      // What the source threw is its own: a digest that differs, for one.
      if (error instanceof TidemarkError || !isOurs(error)) throw error;
      throw failure(error, 'load a chunk', subject);
    } finally {
      signal.removeEventListener('abort', abort);
    }
  }

  /**
   * Commits what the last chunks have left open, and builds the indexes of tables that are complete with them. Nothing else
   * does: not `load`, not the end of the last of them.
   */
  async commit(): Promise<void> {
    if (this.#open.length === 0) return;
    await this.#wire.run('COMMIT');
    const committed = this.#open.splice(0);
    for (const { table, rows } of committed) await this.#loaded.committed(this.#wire, table, rows);
  }

  async #transaction(
    table: TableLine,
    chunk: ChunkLine,
    source: AsyncIterable<Buffer>,
    subject: string,
  ): Promise<number> {
    const staging = this.#staging.get(table.database);
    if (staging === undefined) {
      const cause = `the set has no database ${table.database}`;
      throw new TidemarkError({ code: 'bad-bytes', operation: 'load a chunk', subject, cause });
    }
    await this.#setNotes(computedColumns(table).length === 0);
    await this.#setSigned(table.engine['subtracts'] === true);
    const shared = isSmallTable(chunk) && !this.#turns.isAlone(table.database, table.name);
    if (!shared) await this.commit();
    await this.#wire.run(this.#open.length === 0 ? 'START TRANSACTION' : 'SAVEPOINT before_chunk');
    try {
      const ok = await this.#wire.loadLocal(loadStatement(this.#dialect, table, staging), source);
      await this.#requireUnaltered(ok, table, subject);
      if (ok.affectedRows !== chunk.rows) {
        const cause = `the server took ${ok.affectedRows} rows of a chunk of ${chunk.rows}`;
        throw new TidemarkError({ code: 'bad-bytes', operation: 'load a chunk', subject, cause });
      }
      this.#open.push(chunk);
      const bytes = this.#open.reduce((sum, { rawBytes }) => sum + rawBytes, 0);
      if (!shared || this.#open.length >= sharedChunks || bytes >= sharedBytes) await this.commit();
      return ok.affectedRows;
    } catch (error) {
      // A connection that is gone has taken the transaction with it.
      const undo = this.#open.length === 0 ? 'ROLLBACK' : 'ROLLBACK TO before_chunk';
      if (this.#wire.alive) await this.#wire.run(undo).catch(() => this.#wire.destroy());
      throw error;
    }
  }

  /** What is computed may be rounded for each row anew, with a note for each. */
  async #setNotes(notes: boolean): Promise<void> {
    if (notes === this.#notes) return;
    await this.#wire.run(`SET SESSION sql_notes = ${notes ? 1 : 0}`);
    this.#notes = notes;
  }

  async #setSigned(signed: boolean): Promise<void> {
    if (signed === this.#signed) return;
    const modes = [...laneModes(this.#dialect), ...(signed ? [signedMode] : [])];
    await this.#wire.run(`SET SESSION sql_mode = '${modes.join(',')}'`);
    this.#signed = signed;
  }

  /** LOAD DATA LOCAL changes or skips what does not fit, and warns: then the copy would not be the original. */
  async #requireUnaltered(ok: OkPacket, table: TableLine, subject: string): Promise<void> {
    if (ok.warnings === 0) return;
    const warnings = await this.#wire.query('SHOW WARNINGS');
    const types = Array.isArray(table.engine['types']) ? (table.engine['types'] as string[]) : [];
    const enums = table.columns.filter((_, index) => types[index]?.startsWith('enum') === true);
    const computed = computedColumns(table);
    const about = (row: Record<string, string | null>, names: readonly string[]): boolean =>
      names.some((name) => row['Message']?.includes(`column '${name}'`) === true);
    const harmless = (row: Record<string, string | null>): boolean =>
      // The empty value an enum has for what once was invalid: stored as it was, with this warning.
      (row['Code'] === '1265' && about(row, enums)) ||
      // What the server computes from the same columns is the same as it was, also where it is cut off.
      about(row, computed) ||
      (row['Code'] === '1292' && computed.length > 0 && !/ for column /.test(row['Message'] ?? '')) ||
      // More history than its partitions are meant for, as on the source.
      row['Code'] === '4114';
    const altering = warnings.find((row) => !harmless(row));
    if (altering === undefined && warnings.length === ok.warnings) return;
    throw new TidemarkError({
      code: 'database-failed',
      operation: 'load a chunk',
      subject,
      cause: `the server would have changed ${ok.warnings} values: ${altering?.['Message'] ?? ok.info}`,
    });
  }
}

/**
 * All of a table and little. Of a table with more chunks another lane loads the next one, and would wait for locks that an
 * open transaction keeps.
 */
function isSmallTable({ range, rawBytes }: ChunkLine): boolean {
  return range['key'] === undefined && range['part'] === 0 && rawBytes < smallTableBytes;
}

/** Names of the columns that are not in the data. */
function computedColumns(table: TableLine): readonly string[] {
  return Array.isArray(table.engine['computed']) ? (table.engine['computed'] as string[]) : [];
}

function isOurs(error: unknown): boolean {
  return error instanceof Error && (error.name === 'ServerError' || error.name === 'ConnectionLost');
}

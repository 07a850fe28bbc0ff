/** One lane: reads the ranges it is given from its snapshot, row by row as the bytes come. */
import { TidemarkError } from '../../../../proto/errors.ts';
import type { RawSink, ReadLane, ReadTask } from '../../../engine.ts';
import type { Column, Table } from '../catalogue.ts';
import { quoteName } from '../connection/quoting.ts';
import { ConnectionLost, failure, isServerError } from '../connection/failure.ts';
import { ofAllTime } from '../schema/history.ts';
import { type Bound, rangeCondition } from './ranges.ts';
import { isByNumber } from '../stored-type.ts';
import { TsvRows } from './tsv.ts';
import type { Wire } from '../connection/wire.ts';

/** What a task's `range` holds: enough to read the same rows again. */
export interface StoredRange {
  readonly key?: readonly string[];
  readonly from?: Bound;
  readonly to?: Bound;
  /** Only the first so many, of a whole table: of a rehearsal. */
  readonly rows?: number;
}

/** FLOAT loses digits as text; as DOUBLE it keeps them, and comes back the same. */
function selectColumn(column: Pick<Column, 'name' | 'dataType'>): string {
  const name = quoteName(column.name);
  if (column.dataType === 'float') return `CAST(${name} AS DOUBLE)`;
  return isByNumber(column.dataType) ? `CAST(${name} AS UNSIGNED)` : name;
}

/** Columns that are read and loaded, in order. */
export function storedColumns(table: Table): Table['columns'] {
  return [...table.columns.filter((column) => !column.generated), ...table.history];
}

function selectTask(table: Table, range: StoredRange): string {
  const columns = storedColumns(table).map(selectColumn);
  // A table whose columns are all computed still has a number of rows.
  const list = columns.length === 0 ? "''" : columns.join(', ');
  const all = table.history.length > 0 ? ofAllTime : '';
  const from = `FROM ${quoteName(table.database)}.${quoteName(table.name)}${all}`;
  if (table.key === undefined || (range.from === undefined && range.to === undefined))
    return `SELECT ${list} ${from}${range.rows === undefined ? '' : ` LIMIT ${range.rows}`}`;
  const force = `FORCE INDEX (${quoteName(table.key.index)})`;
  return `SELECT ${list} ${from} ${force}${rangeCondition(table.key, range.from, range.to)}`;
}

export class MysqlReadLane implements ReadLane {
  readonly #wire: Wire;
  readonly #tables: readonly Table[];
  /** Throws when the guard against DDL has been lost: then what is read may belong to another table. */
  readonly #guarded: () => void;

  constructor(wire: Wire, tables: readonly Table[], guarded: () => void) {
    this.#wire = wire;
    this.#tables = tables;
    this.#guarded = guarded;
  }

  async read(task: ReadTask, sink: RawSink, signal: AbortSignal): Promise<void> {
    const table = this.#tables[task.table];
    const subject = `${table?.database}.${table?.name}`;
    if (table === undefined) {
      throw new TidemarkError({
        code: 'internal',
        operation: 'read',
        subject,
        cause: `no table ${task.table}`,
      });
    }
    this.#guarded();
    const abort = (): void => this.#wire.destroy('the read was ended');
    signal.addEventListener('abort', abort, { once: true });
    if (signal.aborted) abort();
    try {
      const rows = new TsvRows(sink);
      await this.#wire.stream(selectTask(table, task.range as StoredRange), rows);
      await rows.finish();
      this.#guarded();
    } catch (error) {
      throw readFailure(error, subject, signal);
    } finally {
      signal.removeEventListener('abort', abort);
    }
  }
}

function readFailure(error: unknown, subject: string, signal: AbortSignal): TidemarkError {
  if (error instanceof TidemarkError) return error;
  if (signal.aborted && error instanceof ConnectionLost) {
    if (signal.reason instanceof TidemarkError) return signal.reason;
    return new TidemarkError({
      code: 'interrupted',
      operation: 'read',
      subject,
      cause: 'the read was ended',
    });
  }
  // The table is another than the snapshot knows.
  if (isServerError(error, 1412)) {
    return new TidemarkError(
      { code: 'schema-changed', operation: 'read', subject, cause: error.message },
      { cause: error },
    );
  }
  return failure(error, 'read', subject, 'snapshot-lost');
}

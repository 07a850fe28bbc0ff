/** From the catalogue to tables with numbers and tasks with block ranges. Plain data; touches no server. */
import type { TableLine } from '../../../../repository/manifest-entries.ts';
import type { ReadTask } from '../../../engine.ts';
import type { Catalogue, CatalogueTable, TableName } from '../catalogue.ts';
import { quoteName, quoteTable, quoteText } from '../connection/connection.ts';
import { inReadOrder, type TableSize } from '../../../task-order.ts';
import { rowFormat } from './row-format.ts';

/** What a table's line keeps under `engine`. */
export interface TableDetails {
  readonly oid: number;
  readonly encoding: string;
  readonly condition: string;
  /** Rows are loaded into this ancestor, which puts each where it belongs on that server. */
  readonly loadInto?: TableName;
}

/** Heap blocks [fromBlock, toBlock); null: to the end of the table, wherever that is. */
export interface BlockRange {
  readonly fromBlock: number;
  readonly toBlock: number | null;
  /** Only the first so many rows, of a whole table: of a rehearsal. */
  readonly rows?: number;
}

export interface Plan {
  readonly catalogues: readonly Catalogue[];
  readonly tables: readonly TableLine[];
  readonly tasks: readonly ReadTask[];
  readonly estimatedBytes: number;
}

/**
 * Tables are numbered over all databases in the order given. Tasks come database by database, the largest database
 * first (a lane's connection belongs to one database), and within it table by table, so that the last are of small tables.
 */
export function makePlan(catalogues: readonly Catalogue[], chunkBytes: number, sampleRows?: number): Plan {
  const tables: TableLine[] = [];
  const perDatabase: { bytes: number; tasks: ReadTask[] }[] = [];
  for (const catalogue of catalogues) {
    const tasks: ReadTask[] = [];
    const sizes = new Map<number, TableSize>();
    for (const table of catalogue.tables) {
      if (table.partitioned) continue;
      const number = tables.length;
      tables.push(tableLine(catalogue, table, number));
      if (sampleRows === undefined) tasks.push(...tableTasks(table, number, chunkBytes));
      else if (sampleRows > 0) tasks.push(sampleTask(table, number, sampleRows));
      sizes.set(number, { bytes: table.bytes, rows: Math.max(0, table.rows) });
    }
    const bytes = sum(tasks.map((task) => task.estimatedBytes));
    perDatabase.push({ bytes, tasks: inReadOrder(tasks, sizes, chunkBytes) });
  }
  perDatabase.sort((a, b) => b.bytes - a.bytes);
  return {
    catalogues,
    tables,
    tasks: perDatabase.flatMap((database) => database.tasks),
    estimatedBytes: sum(perDatabase.map((database) => database.bytes)),
  };
}

function tableLine(catalogue: Catalogue, table: CatalogueTable, number: number): TableLine {
  const engine: TableDetails = {
    oid: table.oid,
    encoding: catalogue.encoding,
    condition: table.condition,
    ...(table.loadInto === undefined ? {} : { loadInto: table.loadInto }),
  };
  return {
    kind: 'table',
    table: number,
    database: catalogue.database,
    schema: table.schema,
    name: table.name,
    format: rowFormat(table, catalogue.encoding),
    columns: table.columns,
    engine: { ...engine },
  };
}

/**
 * Ranges of so many blocks that one holds about `chunkBytes` with its share of TOAST. The last range is open: pages
 * that came after the plan are read too.
 */
export function tableTasks(
  table: Pick<CatalogueTable, 'pages' | 'bytes' | 'condition' | 'whole'>,
  number: number,
  chunkBytes: number,
): ReadTask[] {
  const bytesPerBlock = table.pages === 0 ? 0 : table.bytes / table.pages;
  const blocks = bytesPerBlock === 0 ? 0 : Math.max(1, Math.floor(chunkBytes / bytesPerBlock));
  const undivided = blocks === 0 || table.condition !== '' || table.whole === true;
  const ranges = undivided ? 1 : Math.max(1, Math.ceil(table.pages / blocks));
  return Array.from({ length: ranges }, (_, task) => {
    const last = task === ranges - 1;
    const range: BlockRange = { fromBlock: task * blocks, toBlock: last ? null : (task + 1) * blocks };
    const share = ranges === 1 ? table.pages : Math.min(blocks, table.pages - task * blocks);
    return {
      table: number,
      task,
      estimatedBytes: table.pages === 0 ? table.bytes : Math.round(share * bytesPerBlock),
      range: { ...range },
    };
  });
}

/** As many bytes of one table are read for a rehearsal, about. */
const sampleBytes = 1 << 20;

/** The first rows of a table: fewer where they are large, at least one. */
function sampleTask(table: CatalogueTable, number: number, sampleRows: number): ReadTask {
  const rowBytes = table.rows > 0 ? table.bytes / table.rows : 0;
  const fitting = rowBytes === 0 ? sampleRows : Math.max(1, Math.floor(sampleBytes / rowBytes));
  const rows = Math.min(sampleRows, fitting);
  const range: BlockRange = { fromBlock: 0, toBlock: null, rows };
  return {
    table: number,
    task: 0,
    estimatedBytes: Math.min(table.bytes, rows * rowBytes),
    range: { ...range },
  };
}

/**
 * The statement that reads one range. The data leaves in the database's own encoding, so nothing is converted, while
 * the statement itself is UTF-8. ONLY: children and partitions are tables of their own.
 */
export function copyOutStatement(table: TableLine, task: ReadTask): string {
  const { condition } = table.engine as unknown as TableDetails;
  const { fromBlock, toBlock, rows } = task.range as unknown as BlockRange;
  const name = quoteTable(table.schema, table.name);
  const columns = table.columns.map(quoteName).join(', ');
  const options = optionsOf(table);
  const whole = fromBlock === 0 && toBlock === null && condition === '' && rows === undefined;
  if (whole && columns !== '') return `COPY ${name} (${columns}) TO STDOUT WITH ${options}`;
  const bounds = [
    ...(fromBlock > 0 ? [`ctid >= '(${fromBlock},0)'`] : []),
    ...(toBlock !== null ? [`ctid < '(${toBlock},0)'`] : []),
  ].join(' AND ');
  const where = condition !== '' ? condition : bounds === '' ? '' : `WHERE ${bounds}`;
  const limit = rows === undefined ? '' : ` LIMIT ${rows}`;
  return `COPY (SELECT ${columns} FROM ONLY ${name} ${where}${limit}) TO STDOUT WITH ${options}`;
}

/** The statement that loads a chunk of the table. */
export function copyInStatement(table: TableLine): string {
  const { loadInto = table } = table.engine as unknown as TableDetails;
  const columns = table.columns.length === 0 ? '' : ` (${table.columns.map(quoteName).join(', ')})`;
  return `COPY ${quoteTable(loadInto.schema, loadInto.name)}${columns} FROM STDIN WITH ${optionsOf(table)}`;
}

/** Texts in binary rows are in the session's encoding, which is then the database's too: see rowFormat. */
function optionsOf({ format, engine }: TableLine): string {
  const { encoding } = engine as unknown as TableDetails;
  return format === 'copy-binary' ? '(FORMAT binary)' : `(FORMAT text, ENCODING ${quoteText(encoding)})`;
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, number) => total + number, 0);
}

/** What stands in the databases to be copied, read under the DDL guard: it cannot change before the copy has ended. */
import type { Finding } from '../../engine.ts';
import { isNamed } from './connection/exact-names.ts';
import { quoteName, quoteText } from './connection/quoting.ts';
import { type DatabaseOptions, readDatabaseOptions } from './schema/database-options.ts';
import type { Dialect } from './dialect.ts';
import { historyOf, type PeriodColumn } from './schema/history.ts';
import { defaultSequenceFindings } from './schema/default-sequences.ts';
import { libraryFindings } from './schema/libraries.ts';
import { tablesThatSubtract } from './schema/unsigned-subtraction.ts';
import { storedType } from './stored-type.ts';
import { tableFiles } from './backup/table-files.ts';
import type { Wire } from './connection/wire.ts';

export interface Column {
  readonly name: string;
  /** Lower case, without length, as the set names it: `varchar`, `enum by number`. */
  readonly dataType: string;
  readonly charset: string | undefined;
  readonly collation: string | undefined;
  readonly nullable: boolean;
  /** The server computes it: neither read nor loaded. */
  readonly generated: boolean;
  /** MariaDB: of a geometry column, which no SHOW CREATE TABLE tells; absent when it has none. */
  readonly referenceSystem?: string;
}

/** A unique index over whole, never null columns: rows can be told apart and ranged by it. */
export interface UniqueKey {
  readonly index: string;
  readonly columns: readonly Column[];
}

export interface Table {
  readonly database: string;
  readonly name: string;
  readonly kind: 'table' | 'sequence';
  readonly engine: string;
  /** As the server estimates them. */
  readonly rows: number;
  readonly dataBytes: number;
  readonly indexBytes: number;
  readonly collation: string;
  readonly columns: readonly Column[];
  /** What tells a row's time, where former rows are copied too. */
  readonly history: readonly Column[];
  readonly key: UniqueKey | undefined;
  /** An expression of it may give a negative difference of unsigned numbers. */
  readonly subtracts: boolean;
}

export interface Database {
  readonly name: string;
  readonly options: DatabaseOptions;
}

export interface Catalogue {
  readonly databases: readonly Database[];
  readonly tables: readonly Table[];
  /** What cannot be copied as it stands (not warnings), and what is copied in part (warnings). */
  readonly findings: readonly Finding[];
}

/** The server's own databases, as every server names them. */
const ownDatabases = ['mysql', 'information_schema', 'performance_schema', 'sys'];
/** These are the server's in any case: nobody can make a table in them. */
const everywhereOwn = ['information_schema', 'performance_schema'];
/** A database of MySQL Cluster's servers, and the engine of its tables. Elsewhere anybody may use the name. */
const clusterDatabase = 'ndbinfo';
/** Engines whose rows belong to a consistent snapshot; BLACKHOLE has none. */
const snapshotEngines = ['innodb', 'rocksdb', 'blackhole'];

/** Smaller files say little: the server makes them larger a few MiB at a time. */
const lateFileBytes = 32 * 1024 * 1024;

/**
 * How MariaDB lists a folder among those of its databases whose name it would write otherwise: `lost+found`, `.cache`. It makes no
 * database of such a name.
 */
export const formerName = /^#mysql50#/i;

/** Staging of a restore: `tidemark_<restore>_<n>`. */
export const stagingName = /^tidemark_[0-9a-z]{1,24}_\d+$/;

export function textList(names: readonly string[]): string {
  return names.length === 0 ? "''" : names.map(quoteText).join(', ');
}

/** The databases named, or all that are neither the server's own, a restore's staging nor a mere folder. In name order. */
export async function listDatabases(wire: Wire, wanted: readonly string[] | undefined): Promise<Database[]> {
  const found = await readDatabaseOptions(wire);
  const own = wanted === undefined ? await readOwnDatabases(wire) : () => false;
  return [...found]
    .map(([name, options]) => ({ name, options }))
    .filter(({ name }) => !formerName.test(name))
    .filter(({ name }) =>
      wanted === undefined ? !own(name) && !stagingName.test(name) : wanted.includes(name),
    );
}

/** Tells the server's own databases. Where case counts, `SYS` is somebody's and `sys` the server's. */
async function readOwnDatabases(wire: Wire): Promise<(name: string) => boolean> {
  const folds = (await wire.value('SELECT @@lower_case_table_names')) !== '0';
  const cluster = await wire.value(
    `SELECT 1 FROM information_schema.ENGINES WHERE ENGINE = '${clusterDatabase}' AND SUPPORT IN ('YES', 'DEFAULT')`,
  );
  const own = cluster === undefined ? ownDatabases : [...ownDatabases, clusterDatabase];
  return (name) =>
    own.includes(folds ? name.toLowerCase() : name) || everywhereOwn.includes(name.toLowerCase());
}

/** Reads tables, columns and keys of these databases. A few statements, whatever the number of tables. */
export async function readCatalogue(
  wire: Wire,
  dialect: Dialect,
  databases: readonly Database[],
): Promise<Catalogue> {
  const names = databases.map((database) => database.name);
  const rows = await wire.query(
    'SELECT TABLE_SCHEMA AS d, TABLE_NAME AS t, TABLE_TYPE AS kind, ENGINE AS engine, TABLE_ROWS AS row_count, ' +
      'DATA_LENGTH AS data_bytes, INDEX_LENGTH AS index_bytes, TABLE_COLLATION AS collation, TABLE_COMMENT AS comment, ' +
      'CREATE_OPTIONS AS options ' +
      `FROM information_schema.TABLES WHERE ${isNamed('TABLE_SCHEMA', names)} AND TABLE_TYPE NOT LIKE '%VIEW' ` +
      "AND TABLE_TYPE NOT LIKE 'TEMPORARY%' ORDER BY TABLE_SCHEMA, TABLE_NAME",
  );
  const columns = await readColumns(wire, dialect, names);
  const keys = await readKeys(wire, dialect, names, columns);
  const files = await tableFiles(wire, dialect);
  const subtracting = await tablesThatSubtract(wire, dialect, names);
  const tables: Table[] = [];
  const findings: Finding[] = [];
  const views = rows.some(({ engine }) => engine === null) ? await readViewNames(wire, names) : new Set();
  for (const row of rows) {
    const id = `${row['d']}\0${row['t']}`;
    // MariaDB lists a view that it cannot open as a table without an engine.
    if (views.has(id)) continue;
    const versioned = row['kind'] === 'SYSTEM VERSIONED';
    const history = versioned ? historyOf(dialect, columns.get(id)?.periods ?? []) : { columns: [] };
    const table: Table = {
      database: row['d'] ?? '',
      name: row['t'] ?? '',
      kind: row['kind'] === 'SEQUENCE' ? 'sequence' : 'table',
      engine: row['engine'] ?? '',
      rows: Number(row['row_count'] ?? 0),
      dataBytes: dataBytes(row, files.get(id) ?? 0),
      indexBytes: Number(row['index_bytes'] ?? 0),
      collation: row['collation'] ?? '',
      columns: columns.get(id)?.all ?? [],
      history: 'columns' in history ? history.columns : [],
      key: keys.get(id),
      subtracts: subtracting.has(id),
    };
    tables.push(table);
    findings.push(...findingsOf(table, row['comment'] ?? '', 'lost' in history ? history.lost : undefined));
  }
  findings.push(
    ...(await libraryFindings(wire, names)),
    ...(await defaultSequenceFindings(wire, dialect, names)),
    ...(await heldElsewhere(wire, dialect, names)),
  );
  return { databases, tables, findings };
}

/** Told without opening any of them, and so of those too that cannot be opened. */
async function readViewNames(wire: Wire, names: readonly string[]): Promise<ReadonlySet<string>> {
  const rows = await wire.query(
    'SELECT TABLE_SCHEMA AS d, TABLE_NAME AS t FROM information_schema.TABLES ' +
      `WHERE ${isNamed('TABLE_SCHEMA', names)} AND TABLE_TYPE = 'VIEW'`,
  );
  return new Set(rows.map((row) => `${row['d']}\0${row['t']}`));
}

/** Statistics may be far behind a load; then the size of the table's file, which indexes share, is the better guess. */
function dataBytes(row: Record<string, string | null>, fileBytes: number): number {
  const data = Number(row['data_bytes'] ?? 0);
  const known = data + Number(row['index_bytes'] ?? 0);
  return fileBytes > lateFileBytes && fileBytes > 2 * known ? fileBytes : data;
}

function findingsOf(table: Table, comment: string, lostHistory: string | undefined): Finding[] {
  const subject = `${table.database}.${table.name}`;
  const name = `${quoteName(table.database)}.${quoteName(table.name)}`;
  if (table.engine === '') {
    const cause = `the server cannot open this table: ${comment}`;
    return [{ code: 'not-supported', subject, cause, remedy: `CHECK TABLE ${name};`, warning: false }];
  }
  if (table.kind === 'table' && !snapshotEngines.includes(table.engine.toLowerCase())) {
    return [
      {
        code: 'not-supported',
        subject,
        cause: `its engine ${table.engine} takes no part in a consistent snapshot`,
        remedy: `ALTER TABLE ${name} ENGINE = InnoDB;`,
        warning: false,
      },
    ];
  }
  if (lostHistory === undefined) return [];
  return [
    {
      code: 'not-supported',
      subject,
      cause: `it keeps its history (system versioning), and the set holds its current rows only: ${lostHistory}`,
      remedy: 'Copy the history by hand where it is needed.',
      warning: true,
    },
  ];
}

interface Columns {
  readonly all: Column[];
  /** Bounds of the system's period, which are among them. */
  readonly periods: PeriodColumn[];
}

async function readColumns(
  wire: Wire,
  dialect: Dialect,
  names: readonly string[],
): Promise<Map<string, Columns>> {
  const systems = dialect.family === 'mariadb' ? await readReferenceSystems(wire, names) : undefined;
  const rows = await wire.results(
    'SELECT TABLE_SCHEMA, TABLE_NAME, COLUMN_NAME, DATA_TYPE, CHARACTER_SET_NAME, COLLATION_NAME, IS_NULLABLE, ' +
      'GENERATION_EXPRESSION, COLUMN_TYPE FROM information_schema.COLUMNS ' +
      `WHERE ${isNamed('TABLE_SCHEMA', names)} ORDER BY TABLE_SCHEMA, TABLE_NAME, ORDINAL_POSITION`,
  );
  const tables = new Map<string, Columns>();
  for (const row of rows.at(-1)?.rows ?? []) {
    const [database, table, name, dataType, charset, collation, nullable, expression, columnType] = row.map(
      (value) => value?.toString('utf8') ?? undefined,
    );
    const id = `${database}\0${table}`;
    const list = tables.get(id) ?? { all: [], periods: [] };
    if (expression === 'ROW START' || expression === 'ROW END') {
      list.periods.push({ name: name ?? '', dataType: dataType ?? '', bound: expression });
    }
    list.all.push({
      name: name ?? '',
      dataType: storedType((dataType ?? '').toLowerCase(), columnType ?? ''),
      charset,
      collation,
      nullable: nullable === 'YES',
      generated: expression !== undefined && expression !== '',
      ...referenceSystemOf(systems?.get(`${id}\0${name}`)),
    });
    tables.set(id, list);
  }
  return tables;
}

function referenceSystemOf(system: string | undefined): Pick<Column, 'referenceSystem'> {
  return system === undefined ? {} : { referenceSystem: system };
}

/** By database, table and column, where there is one. */
async function readReferenceSystems(wire: Wire, names: readonly string[]): Promise<Map<string, string>> {
  const rows = await wire.query(
    'SELECT G_TABLE_SCHEMA AS d, G_TABLE_NAME AS t, G_GEOMETRY_COLUMN AS c, SRID AS s ' +
      `FROM information_schema.GEOMETRY_COLUMNS WHERE ${isNamed('G_TABLE_SCHEMA', names)} AND SRID <> 0`,
  );
  return new Map(rows.map((row) => [`${row['d']}\0${row['t']}\0${row['c']}`, row['s'] ?? '']));
}

/**
 * Of each table the primary key, else its first unique index over whole columns that are never null. Only of those that the server
 * reads by when it is told to: not of hidden ones, nor of MariaDB's unique hashes, which have no order.
 */
async function readKeys(
  wire: Wire,
  dialect: Dialect,
  names: readonly string[],
  columns: ReadonlyMap<string, Columns>,
): Promise<Map<string, UniqueKey>> {
  const rows = await wire.query(
    'SELECT TABLE_SCHEMA AS d, TABLE_NAME AS t, INDEX_NAME AS i, COLUMN_NAME AS c, SUB_PART AS part ' +
      `FROM information_schema.STATISTICS WHERE ${isNamed('TABLE_SCHEMA', names)} AND NON_UNIQUE = 0 AND ${dialect.readableIndex} ` +
      'ORDER BY TABLE_SCHEMA, TABLE_NAME, INDEX_NAME, SEQ_IN_INDEX',
  );
  const indexes = new Map<string, Map<string, (Column | undefined)[]>>();
  for (const row of rows) {
    const id = `${row['d']}\0${row['t']}`;
    const ofTable = indexes.get(id) ?? new Map<string, (Column | undefined)[]>();
    indexes.set(id, ofTable);
    const parts = ofTable.get(row['i'] ?? '') ?? [];
    ofTable.set(row['i'] ?? '', parts);
    const column = columns.get(id)?.all.find((candidate) => candidate.name === row['c']);
    const whole = row['part'] === null && column !== undefined && !column.nullable && !column.generated;
    parts.push(whole ? column : undefined);
  }
  const keys = new Map<string, UniqueKey>();
  for (const [id, ofTable] of indexes) {
    const usable = [...ofTable].flatMap(([index, parts]) => {
      const whole = parts.filter((part) => part !== undefined);
      return whole.length === parts.length ? [{ index, columns: whole }] : [];
    });
    // Without a primary key InnoDB orders the rows by another index or none; only the primary order is sure to be theirs.
    const key = usable.find(({ index }) => index === 'PRIMARY') ?? usable[0];
    if (key !== undefined) keys.set(id, key);
  }
  return keys;
}

/** Tables of other databases, whose writers a backup would hold up. */
async function heldElsewhere(wire: Wire, dialect: Dialect, names: readonly string[]): Promise<Finding[]> {
  if (dialect.family === 'mysql') return [];
  const findings: Finding[] = [];
  const rows = await wire.query(
    'SELECT TABLE_SCHEMA AS d, TABLE_NAME AS t, ENGINE AS e FROM information_schema.TABLES ' +
      `WHERE NOT ${isNamed('TABLE_SCHEMA', [...names, ...ownDatabases])} AND TABLE_TYPE = 'BASE TABLE' ` +
      "AND ENGINE IN ('MyISAM', 'Aria', 'CSV', 'MRG_MyISAM') LIMIT 20",
  );
  for (const row of rows) {
    findings.push({
      code: 'not-supported',
      subject: `${row['d']}.${row['t']}`,
      cause: `writers of this ${row['e']} table, though it is not copied, wait as long as the copy lasts: the guard against schema changes holds them`,
      remedy: `ALTER TABLE ${quoteName(row['d'] ?? '')}.${quoteName(row['t'] ?? '')} ENGINE = InnoDB;`,
      warning: true,
    });
  }
  return findings;
}

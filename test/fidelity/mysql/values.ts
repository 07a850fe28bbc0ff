/** Every row of a database, as hashes the server computes from the bits it stores: no text is rounded, cut or converted. */
import type { TestServer } from '../../servers/server.ts';
import type { Fact } from '../fact.ts';

/**
 * For every base table and sequence: how many rows, a hash of all rows whatever their order, and one of each column, so
 * that a difference names it. Duplicate rows count. Of a system-versioned table all history, with its times. Throws when a
 * value could not be hashed as a whole.
 */
export async function valuesOf(server: TestServer, database: string): Promise<Fact[]> {
  const facts: Fact[] = [];
  for (const [table, { columns, versioned }] of await tablesOf(server, database)) {
    facts.push(await rowsOf(server, database, table, columns, versioned));
  }
  return facts;
}

interface Column {
  readonly name: string;
  readonly type: string;
}

interface Table {
  readonly columns: Column[];
  readonly versioned: boolean;
}

/** Nothing a server's configuration says may change what is hashed. */
function sessionOf(server: TestServer): string {
  const own =
    server.family === 'mysql'
      ? 'show_gipk_in_create_table_and_information_schema = ON, max_execution_time = 0'
      : 'max_statement_time = 0, system_versioning_asof = DEFAULT';
  return (
    "SET NAMES utf8mb4; SET SESSION sql_mode = '', time_zone = '+00:00', div_precision_increment = 4, " +
    `sql_select_limit = 18446744073709551615, sql_big_selects = 1, ${own};`
  );
}

const rowEnd = 'row end';

async function tablesOf(server: TestServer, database: string): Promise<Map<string, Table>> {
  const rows = await server.run(
    sessionOf(server) +
      'SELECT t.TABLE_NAME AS t, t.TABLE_TYPE AS kind, c.COLUMN_NAME AS c, c.DATA_TYPE AS type, ' +
      'c.GENERATION_EXPRESSION AS expression ' +
      'FROM information_schema.TABLES t JOIN information_schema.COLUMNS c USING (TABLE_SCHEMA, TABLE_NAME) ' +
      `WHERE CAST(t.TABLE_SCHEMA AS BINARY) = ${quoted(database)} AND CAST(c.TABLE_SCHEMA AS BINARY) = ${quoted(database)} AND CAST(t.TABLE_NAME AS BINARY) = CAST(c.TABLE_NAME AS BINARY) AND t.TABLE_TYPE NOT LIKE '%VIEW' AND t.TABLE_TYPE NOT LIKE 'TEMPORARY%' ` +
      'ORDER BY CAST(TABLE_NAME AS BINARY), c.ORDINAL_POSITION',
  );
  const tables = new Map<string, Table>();
  const timed = new Set<string>();
  for (const row of rows) {
    const name = String(row['t']);
    const table = tables.get(name) ?? { columns: [], versioned: row['kind'] === 'SYSTEM VERSIONED' };
    const bound = /^ROW (START|END)$/i.exec(typeof row['expression'] === 'string' ? row['expression'] : '');
    const type = String(row['type']).toLowerCase();
    table.columns.push({
      name: String(row['c']),
      type: bound?.[1] === 'END' && type === 'timestamp' ? rowEnd : type,
    });
    tables.set(name, table);
    if (bound !== null) timed.add(name);
  }
  for (const [name, { columns, versioned }] of tables) {
    // Where nobody declared them the times stand in columns of these names, which no catalogue lists.
    if (versioned && !timed.has(name)) {
      columns.push({ name: 'row_start', type: 'timestamp' }, { name: 'row_end', type: rowEnd });
    }
  }
  return tables;
}

async function rowsOf(
  server: TestServer,
  database: string,
  table: string,
  columns: readonly Column[],
  versioned: boolean,
): Promise<Fact> {
  const hashes = columns.map((column) => hashOf(column));
  const row = `SHA2(CONCAT(${hashes.join(', ')}), 256)`;
  const from = `FROM ${name(database)}.${name(table)}${versioned ? ' FOR SYSTEM_TIME ALL' : ''}`;
  const sums = [1, 17, 33, 49].map((at) => sumOf(row, at)).join(", ' ', ");
  // A hash that is NULL stands for a value the server could not take as a whole: longer than max_allowed_packet.
  const totals = [
    'CAST(COUNT(*) AS CHAR) AS n',
    `CAST(SUM(${row} IS NULL) AS CHAR) AS lost`,
    `CONCAT(${sums}) AS h`,
  ];
  const each = hashes.map((hash, index) => `CAST(${sumOf(hash, 1)} AS CHAR) AS c${index}`);
  const [answer] = await server.run(`${sessionOf(server)} SELECT ${[...totals, ...each].join(', ')} ${from}`);
  const subject = `rows of ${name(table)}`;
  if (answer === undefined || Number(answer['lost'] ?? 0) > 0) {
    throw new Error(
      `${subject} in ${name(database)} of ${server.family} ${server.version}: ${String(answer?.['lost'])} could not be hashed`,
    );
  }
  const says = [
    `${String(answer['n'])} rows, ${String(answer['h'])}`,
    ...columns.map((column, index) => `  ${name(column.name)} ${column.type} ${String(answer[`c${index}`])}`),
  ];
  return { schema: '', subject, says: says.join('\n') };
}

/** 64 characters that tell this column's value, or its NULL, from all others. */
function hashOf(column: Column): string {
  const value = name(column.name);
  return `IF(${value} IS NULL, REPEAT('n', 64), SHA2(${bytesOf(column.type, value)}, 256))`;
}

/** 64 bits of the hashes of all rows added up: the order does not matter, the number of equal ones does. */
function sumOf(hash: string, at: number): string {
  return `COALESCE(SUM(CAST(CONV(SUBSTR(${hash}, ${at}, 16), 16, 10) AS DECIMAL(20, 0))), 0)`;
}

function bytesOf(type: string, value: string): string {
  switch (type) {
    case 'float':
    case 'double':
      // A point holds the eight bytes of its coordinates: the sign of zero and the last bit too.
      return `ST_AsBinary(POINT(${value}, 0))`;
    case 'enum':
    case 'set':
      return `CONCAT(CAST(${value} AS UNSIGNED), ':', HEX(CAST(${value} AS BINARY)))`;
    case 'bit':
      return `CONCAT(CAST(${value} AS UNSIGNED))`;
    case 'json':
      // The text does not tell a DECIMAL from a DOUBLE or a DATE from a string; the size of what is stored does.
      return `CONCAT(JSON_TYPE(${value}), JSON_STORAGE_SIZE(JSON_EXTRACT(${value}, '$')), ':', CAST(${value} AS CHAR))`;
    case 'uuid':
    case 'inet4':
    case 'inet6':
      return `CONCAT(${value}, ':', HEX(${value}))`;
    case 'geometry':
    case 'point':
    case 'linestring':
    case 'polygon':
    case 'multipoint':
    case 'multilinestring':
    case 'multipolygon':
    case 'geometrycollection':
    case 'geomcollection':
      return `CONCAT(ST_SRID(${value}), ':', HEX(${value}))`;
    case 'vector':
      return `HEX(${value})`;
    case rowEnd:
      // A row that is current ends where the server's time does: later on MariaDB 11.5 and newer.
      return `IF(${value} IN ('2038-01-19 03:14:07.999999', '2106-02-07 06:28:15.999999'), 'current', CONCAT(${value}))`;
    default:
      return isText(type) ? `CAST(${value} AS BINARY)` : `CONCAT(${value})`;
  }
}

function isText(type: string): boolean {
  return /char|text|blob|binary/.test(type);
}

function name(text: string): string {
  return `\`${text.replaceAll('`', '``')}\``;
}

function quoted(text: string): string {
  return `'${text.replaceAll("'", "''").replaceAll('\\', '\\\\')}'`;
}

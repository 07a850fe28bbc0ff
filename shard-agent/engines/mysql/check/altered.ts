/** What comes back otherwise than it was, since no statement of the server's shows it as it is. Must not happen in silence. */
import type { Finding } from '../../../engine.ts';
import type { Database } from '../catalogue.ts';
import { isNamed, sameName } from '../connection/exact-names.ts';
import { quoteName } from '../connection/quoting.ts';
import type { Dialect } from '../dialect.ts';
import { isServerError } from '../connection/failure.ts';
import { mayHideCharacters } from '../stored-type.ts';
import { spread } from '../connection/side-by-side.ts';
import type { Wire } from '../connection/wire.ts';

/** The time a statement was given has passed: MySQL's error, and MariaDB's. */
const tooLong = [3024, 1969];
/** Character sets with characters that the server's catalogues do not show. */
const wideSets = ['utf8mb4', 'utf16', 'utf16le', 'utf32', 'gb18030'];

interface ColumnRow {
  readonly database: string;
  readonly table: string;
  readonly name: string;
  readonly dataType: string;
  readonly columnType: string;
  readonly default: string;
  readonly wide: boolean;
}

/** Looking through rows: over these sessions at once, so long for all columns together; a look is no copy. */
export interface LookOrder {
  readonly wires: readonly Wire[];
  readonly limitMs: number;
}

/** A condition that is true of rows whose value would be altered. */
interface Look {
  readonly column: ColumnRow;
  /** What the condition needs beside the table, which is called `t`. */
  readonly join: string;
  readonly condition: string;
  /** A number of the row, by which rows are divided among sessions; without it they are not. */
  readonly number?: string;
  readonly altered: string;
  readonly remedy: string;
}

/** Warnings, one for each column. Reads the rows of columns that may be concerned, for a bounded time. */
export async function alteredFindings(
  wire: Wire,
  dialect: Dialect,
  databases: readonly Database[],
  order: LookOrder,
): Promise<Finding[]> {
  const columns = await readColumns(wire, databases);
  const findings = columns.flatMap((column) => shownOtherwise(column));
  if (dialect.family === 'mariadb') findings.push(...(await lostBackslashes(wire, databases)));
  const json = columns.filter((column) => column.dataType === 'json');
  const keys =
    order.wires.length > 1 && json.length > 0 ? await readKeys(wire, json) : new Map<string, string>();
  const looks = columns.flatMap((column) => lookOf(column, keys.get(tableOf(column))));
  const until = performance.now() + order.limitMs;
  const held = new Map<Look, Held>();
  await spread(order.wires, inParts(looks, order.wires.length), async (session, { look, rows }) => {
    const left = Math.floor(until - performance.now());
    const found = left < 1 ? 'unknown' : await holds(session, dialect, look, rows, left);
    held.set(look, worst(held.get(look), found));
  });
  for (const look of looks) {
    const found = held.get(look);
    if (found === 'no') continue;
    const says = found === 'yes' ? 'it holds' : 'it was not looked through to its end, and may hold';
    findings.push(warning(look.column, `${says} ${look.altered}`, look.remedy));
  }
  return findings;
}

type Held = 'yes' | 'unknown' | 'no';

function worst(one: Held | undefined, other: Held): Held {
  if (one === 'yes' || other === 'yes') return 'yes';
  return one === 'unknown' ? one : other;
}

/** A look through some of a column's rows. */
interface LookPart {
  readonly look: Look;
  /** The condition that tells them, with what joins it to another; empty for all rows. */
  readonly rows: string;
}

/** Where there are several sessions, each look that costs much is for all of them: reading rows is cheap, what is asked of them is not. */
function inParts(looks: readonly Look[], sessions: number): LookPart[] {
  return looks.flatMap((look) =>
    look.number === undefined || sessions < 2
      ? [{ look, rows: '' }]
      : Array.from({ length: sessions }, (_, part) => ({
          look,
          rows: `${look.number} % ${sessions} = ${part} AND `,
        })),
  );
}

function namesOf(databases: readonly Database[]): string[] {
  return databases.map(({ name }) => name);
}

async function readColumns(wire: Wire, databases: readonly Database[]): Promise<ColumnRow[]> {
  const rows = await wire.query(
    'SELECT c.TABLE_SCHEMA AS d, c.TABLE_NAME AS t, c.COLUMN_NAME AS c, c.DATA_TYPE AS dt, c.COLUMN_TYPE AS ct, ' +
      'c.COLUMN_DEFAULT AS v, c.CHARACTER_SET_NAME AS cs FROM information_schema.COLUMNS c ' +
      'JOIN information_schema.TABLES t ' +
      `ON ${sameName('t.TABLE_SCHEMA', 'c.TABLE_SCHEMA')} AND ${sameName('t.TABLE_NAME', 'c.TABLE_NAME')} ` +
      `WHERE ${isNamed('c.TABLE_SCHEMA', namesOf(databases))} AND t.TABLE_TYPE NOT LIKE '%VIEW' ` +
      "AND (c.DATA_TYPE IN ('json', 'float', 'double') OR c.COLUMN_TYPE LIKE '%?%' OR c.COLUMN_DEFAULT LIKE '%?%') " +
      'ORDER BY c.TABLE_SCHEMA, c.TABLE_NAME, c.ORDINAL_POSITION',
  );
  return rows.map((row) => ({
    database: row['d'] ?? '',
    table: row['t'] ?? '',
    name: row['c'] ?? '',
    dataType: (row['dt'] ?? '').toLowerCase(),
    columnType: row['ct'] ?? '',
    default: row['v'] ?? '',
    wide: wideSets.includes(row['cs'] ?? ''),
  }));
}

function tableOf({ database, table }: Pick<ColumnRow, 'database' | 'table'>): string {
  return `${quoteName(database)}.${quoteName(table)}`;
}

/** Of the tables that have one, a number of the row's key: it divides rows evenly, as their sizes, which are often alike, do not. */
async function readKeys(wire: Wire, columns: readonly ColumnRow[]): Promise<Map<string, string>> {
  const rows = await wire.query(
    'SELECT TABLE_SCHEMA AS d, TABLE_NAME AS t, COLUMN_NAME AS c FROM information_schema.COLUMNS ' +
      `WHERE ${isNamed('TABLE_SCHEMA', [...new Set(columns.map(({ database }) => database))])} ` +
      `AND ${isNamed('TABLE_NAME', [...new Set(columns.map(({ table }) => table))])} AND COLUMN_KEY = 'PRI'`,
  );
  const keys = new Map<string, string[]>();
  for (const row of rows) {
    const table = tableOf({ database: row['d'] ?? '', table: row['t'] ?? '' });
    keys.set(table, [...(keys.get(table) ?? []), `CRC32(t.${quoteName(row['c'] ?? '')})`]);
  }
  return new Map([...keys].map(([table, numbers]) => [table, `(${numbers.join(' + ')})`]));
}

function shownOtherwise(column: ColumnRow): Finding[] {
  const table = tableOf(column);
  if (column.wide && mayHideCharacters(column.columnType)) {
    const cause = `a member with a character beyond U+FFFF is shown with a question mark, and comes back so: ${column.columnType}`;
    return [
      warning(
        column,
        cause,
        `Where no member has a true \`?\`: after a restore, ALTER TABLE ${table} with the members.`,
      ),
    ];
  }
  // MariaDB alone shows a default in quotes, and no default of MySQL's is shown otherwise than it is.
  if (column.wide && column.default.startsWith("'") && mayHideCharacters(column.default)) {
    const cause = `a default with a character beyond U+FFFF is shown with a question mark, and comes back so: ${column.default}`;
    return [
      warning(
        column,
        cause,
        `Where it has no true \`?\`: after a restore, ALTER TABLE ${table} with the default.`,
      ),
    ];
  }
  return [];
}

/**
 * MariaDB writes a literal with an introducer into a table's definition, and shows it, with its backslashes as they are,
 * and reads them as escapes: the literal is another one after each ALTER TABLE, and after a restore.
 */
async function lostBackslashes(wire: Wire, databases: readonly Database[]): Promise<Finding[]> {
  const names = namesOf(databases);
  const rows = await wire.query(
    "SELECT TABLE_SCHEMA AS d, TABLE_NAME AS t, COLUMN_NAME AS c, CONCAT_WS(' ', COLUMN_DEFAULT, GENERATION_EXPRESSION) AS x " +
      `FROM information_schema.COLUMNS WHERE ${isNamed('TABLE_SCHEMA', names)} ` +
      "AND LOCATE(CHAR(92), CONCAT_WS(' ', COLUMN_DEFAULT, GENERATION_EXPRESSION)) > 0 " +
      'UNION ALL SELECT CONSTRAINT_SCHEMA, TABLE_NAME, CONSTRAINT_NAME, CHECK_CLAUSE FROM information_schema.CHECK_CONSTRAINTS ' +
      `WHERE ${isNamed('CONSTRAINT_SCHEMA', names)} AND LOCATE(CHAR(92), CHECK_CLAUSE) > 0 ORDER BY 1, 2, 3`,
  );
  return rows
    .filter((row) => /\b_\w+'[^']*\\/.test(row['x'] ?? ''))
    .map((row) => ({
      code: 'not-supported',
      subject: `${row['d']}.${row['t']}.${row['c']}`,
      cause: `the server forgets backslashes of a literal with an introducer at each ALTER TABLE, and at a restore: ${row['x']}`,
      remedy: "Write the literal without an introducer, as CONVERT(x'...' USING ...).",
      warning: true,
    }));
}

/**
 * Of JSON: the document, and what it is when its text is read again, made once for each row. Four times in one condition, and
 * with texts compared by collation, it took the server 1.9 s for 40 MB of documents; so it takes 0.6 s.
 */
function lookOf(column: ColumnRow, key: string | undefined): Look[] {
  const value = `t.${quoteName(column.name)}`;
  if (column.dataType === 'json') {
    return [
      {
        column,
        join: ` JOIN LATERAL (SELECT CAST(CAST(${value} AS CHAR) AS JSON) AS plain) AS again`,
        condition:
          `again.plain <> ${value} OR JSON_STORAGE_SIZE(again.plain) <> JSON_STORAGE_SIZE(JSON_EXTRACT(${value}, '$')) ` +
          `OR JSON_TYPE(again.plain) <> JSON_TYPE(${value}) OR CAST(again.plain AS BINARY) <> CAST(${value} AS BINARY)`,
        number: key ?? `JSON_STORAGE_SIZE(${value})`,
        altered:
          'documents with a DECIMAL, DATE or other type inside, as functions make them: they come back as plain numbers and strings',
        remedy: 'Store such values as JSON numbers and strings where that matters.',
      },
    ];
  }
  const digits = /^(?:float|double)\(\d+,(\d+)\)/.exec(column.columnType)?.[1];
  if (digits === undefined) return [];
  const precision = column.dataType === 'float' ? '1.2e-7' : '2.3e-16';
  return [
    {
      column,
      join: '',
      condition: `ABS(${value} - ROUND(${value}, ${digits})) > ABS(${value}) * ${precision}`,
      altered: `values with more digits than ${column.columnType} declares, from before it did: they come back rounded`,
      remedy: `ALTER TABLE ${tableOf(column)} MODIFY it to ${column.dataType} without digits.`,
    },
  ];
}

async function holds(
  wire: Wire,
  dialect: Dialect,
  { column, join, condition }: Look,
  rows: string,
  limitMs: number,
): Promise<Held> {
  const table = tableOf(column);
  const from = `1 FROM ${table} AS t${join} WHERE ${rows}(${condition}) LIMIT 1`;
  const sql =
    dialect.family === 'mysql'
      ? `SELECT /*+ MAX_EXECUTION_TIME(${limitMs}) */ ${from}`
      : `SET STATEMENT max_statement_time = ${(limitMs / 1000).toFixed(3)} FOR SELECT ${from}`;
  try {
    return (await wire.value(sql)) === undefined ? 'no' : 'yes';
  } catch (error) {
    if (isServerError(error, ...tooLong)) return 'unknown';
    throw error;
  }
}

function warning(column: ColumnRow, cause: string, remedy: string): Finding {
  const subject = `${column.database}.${column.table}.${column.name}`;
  return { code: 'not-supported', subject, cause, remedy, warning: true };
}

/** What comes back otherwise than it was, since no statement of the server's shows it as it is. Must not happen in silence. */
import type { Finding } from '../../../engine.ts';
import { type Database, textList } from '../catalogue.ts';
import { quoteName } from '../connection/quoting.ts';
import type { Dialect } from '../dialect.ts';
import { isServerError } from '../connection/failure.ts';
import { mayHideCharacters } from '../stored-type.ts';
import type { Wire } from '../connection/wire.ts';

/** For all columns together: a look is no copy. */
const lookMs = 5000;
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

/** A condition that is true of rows whose value would be altered. */
interface Look {
  readonly column: ColumnRow;
  readonly condition: string;
  readonly altered: string;
  readonly remedy: string;
}

/** Warnings, one for each column. Reads the rows of columns that may be concerned, for a bounded time. */
export async function alteredFindings(
  wire: Wire,
  dialect: Dialect,
  databases: readonly Database[],
): Promise<Finding[]> {
  const columns = await readColumns(wire, databases);
  const findings = columns.flatMap((column) => shownOtherwise(column));
  if (dialect.family === 'mariadb') findings.push(...(await lostBackslashes(wire, databases)));
  const until = performance.now() + lookMs;
  for (const look of columns.flatMap((column) => lookOf(column))) {
    const left = Math.floor(until - performance.now());
    const found = left < 1 ? undefined : await holds(wire, dialect, look, left);
    if (found === false) continue;
    const held = found === true ? 'it holds' : 'it was not looked through to its end, and may hold';
    findings.push(warning(look.column, `${held} ${look.altered}`, look.remedy));
  }
  return findings;
}

async function readColumns(wire: Wire, databases: readonly Database[]): Promise<ColumnRow[]> {
  const rows = await wire.query(
    'SELECT c.TABLE_SCHEMA AS d, c.TABLE_NAME AS t, c.COLUMN_NAME AS c, c.DATA_TYPE AS dt, c.COLUMN_TYPE AS ct, ' +
      'c.COLUMN_DEFAULT AS v, c.CHARACTER_SET_NAME AS cs FROM information_schema.COLUMNS c ' +
      'JOIN information_schema.TABLES t ON t.TABLE_SCHEMA = c.TABLE_SCHEMA AND t.TABLE_NAME = c.TABLE_NAME ' +
      `WHERE c.TABLE_SCHEMA IN (${textList(databases.map(({ name }) => name))}) AND t.TABLE_TYPE NOT LIKE '%VIEW' ` +
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

function shownOtherwise(column: ColumnRow): Finding[] {
  const table = `${quoteName(column.database)}.${quoteName(column.table)}`;
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
  const names = textList(databases.map(({ name }) => name));
  const rows = await wire.query(
    "SELECT TABLE_SCHEMA AS d, TABLE_NAME AS t, COLUMN_NAME AS c, CONCAT_WS(' ', COLUMN_DEFAULT, GENERATION_EXPRESSION) AS x " +
      `FROM information_schema.COLUMNS WHERE TABLE_SCHEMA IN (${names}) ` +
      "AND LOCATE(CHAR(92), CONCAT_WS(' ', COLUMN_DEFAULT, GENERATION_EXPRESSION)) > 0 " +
      'UNION ALL SELECT CONSTRAINT_SCHEMA, TABLE_NAME, CONSTRAINT_NAME, CHECK_CLAUSE FROM information_schema.CHECK_CONSTRAINTS ' +
      `WHERE CONSTRAINT_SCHEMA IN (${names}) AND LOCATE(CHAR(92), CHECK_CLAUSE) > 0 ORDER BY 1, 2, 3`,
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

function lookOf(column: ColumnRow): Look[] {
  const value = quoteName(column.name);
  if (column.dataType === 'json') {
    const plain = `CAST(CAST(${value} AS CHAR) AS JSON)`;
    return [
      {
        column,
        condition:
          `${plain} <> ${value} OR CAST(${plain} AS CHAR) <> CAST(${value} AS CHAR) ` +
          `OR JSON_TYPE(${plain}) <> JSON_TYPE(${value}) OR JSON_STORAGE_SIZE(${plain}) <> JSON_STORAGE_SIZE(JSON_EXTRACT(${value}, '$'))`,
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
      condition: `ABS(${value} - ROUND(${value}, ${digits})) > ABS(${value}) * ${precision}`,
      altered: `values with more digits than ${column.columnType} declares, from before it did: they come back rounded`,
      remedy: `ALTER TABLE ${quoteName(column.database)}.${quoteName(column.table)} MODIFY it to ${column.dataType} without digits.`,
    },
  ];
}

/** Undefined when there was no time to say. */
async function holds(
  wire: Wire,
  dialect: Dialect,
  { column, condition }: Look,
  limitMs: number,
): Promise<boolean | undefined> {
  const from = `1 FROM ${quoteName(column.database)}.${quoteName(column.table)} WHERE ${condition} LIMIT 1`;
  const sql =
    dialect.family === 'mysql'
      ? `SELECT /*+ MAX_EXECUTION_TIME(${limitMs}) */ ${from}`
      : `SET STATEMENT max_statement_time = ${(limitMs / 1000).toFixed(3)} FOR SELECT ${from}`;
  try {
    return (await wire.value(sql)) !== undefined;
  } catch (error) {
    if (isServerError(error, ...tooLong)) return undefined;
    throw error;
  }
}

function warning(column: ColumnRow, cause: string, remedy: string): Finding {
  const subject = `${column.database}.${column.table}.${column.name}`;
  return { code: 'not-supported', subject, cause, remedy, warning: true };
}

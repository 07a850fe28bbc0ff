/**
 * Defaults of binary columns on MariaDB, which older servers word as text and newer ones in hex: both are compared as the
 * bytes that the server itself makes of them.
 */
import type { TestServer } from '../../servers/server.ts';

type Row = Readonly<Record<string, string | null>>;

/** By table and column. */
export type BinaryDefaults = ReadonlyMap<string, string>;

const literal = /'(?:[^'\\]|''|\\[^])*'|x'[\da-f]*'/;

export async function readBinaryDefaults(
  server: TestServer,
  ask: (sql: string) => Promise<readonly Row[]>,
  database: string,
): Promise<BinaryDefaults> {
  const found = new Map<string, string>();
  if (server.family !== 'mariadb') return found;
  const columns = await ask(
    'SELECT TABLE_NAME AS t, COLUMN_NAME AS c FROM information_schema.COLUMNS ' +
      `WHERE TABLE_SCHEMA = ${text(database)} AND DATA_TYPE IN ('binary', 'varbinary') AND COLUMN_DEFAULT REGEXP '^x?\\''`,
  );
  for (const { t: table, c: column } of columns) {
    const [row] = await ask(
      `SELECT HEX(DEFAULT(d.${quoted(column ?? '')})) AS bytes ` +
        `FROM (SELECT 1) AS one LEFT JOIN ${quoted(database)}.${quoted(table ?? '')} AS d ON FALSE`,
    );
    found.set(key(table, column), `the bytes ${row?.['bytes']}`);
  }
  return found;
}

/** The row of information_schema.COLUMNS with the bytes in place of the words. */
export function withBinaryDefault(row: Row, defaults: BinaryDefaults): Row {
  const bytes = defaults.get(key(row['TABLE_NAME'], row['COLUMN_NAME']));
  return bytes === undefined || row['COLUMN_DEFAULT'] === undefined ? row : { ...row, COLUMN_DEFAULT: bytes };
}

/** A line of SHOW CREATE TABLE, each of which is one column, with the bytes in place of the words. */
export function withBinaryDefaults(shown: string, table: string, defaults: BinaryDefaults): string {
  if (defaults.size === 0) return shown;
  return shown
    .split('\n')
    .map((line) => {
      const name = /^ {2}`((?:[^`]|``)*)` (?:var)?binary\(/.exec(line)?.[1];
      const bytes = name === undefined ? undefined : defaults.get(key(table, name.replaceAll('``', '`')));
      if (bytes === undefined) return line;
      return line.replace(new RegExp(` DEFAULT (?:${literal.source})`), () => ` DEFAULT ${bytes}`);
    })
    .join('\n');
}

function key(table: string | null | undefined, column: string | null | undefined): string {
  return `${table}\0${column}`;
}

function quoted(name: string): string {
  return `\`${name.replaceAll('`', '``')}\``;
}

function text(value: string): string {
  return `'${value.replaceAll('\\', '\\\\').replaceAll("'", "''")}'`;
}

/**
 * Tables whose expressions subtract unsigned numbers. Under the mode NO_UNSIGNED_SUBTRACTION the difference may be negative, without it that is an
 * error, and the server does not tell under which of them a table was made. With the mode both kinds can be made and filled.
 */
import type { Dialect } from '../dialect.ts';
import { isNamed, sameName } from '../connection/exact-names.ts';
import type { Wire } from '../connection/wire.ts';

export const signedMode = 'NO_UNSIGNED_SUBTRACTION';

/** `database\0table` of each. */
export async function tablesThatSubtract(
  wire: Wire,
  dialect: Dialect,
  databases: readonly string[],
): Promise<ReadonlySet<string>> {
  const unsigned = idsOf(
    await wire.query(
      'SELECT DISTINCT TABLE_SCHEMA AS d, TABLE_NAME AS t FROM information_schema.COLUMNS ' +
        `WHERE ${isNamed('TABLE_SCHEMA', databases)} AND COLUMN_TYPE LIKE '%unsigned%'`,
    ),
  );
  if (unsigned.size === 0) return unsigned;
  const found = new Set<string>();
  for (const sql of [...expressions(dialect, databases), ...ofFamily[dialect.family](databases)]) {
    for (const id of idsOf(await wire.query(sql))) if (unsigned.has(id)) found.add(id);
  }
  return found;
}

function idsOf(rows: readonly Readonly<Record<string, string | null>>[]): Set<string> {
  return new Set(rows.map((row) => `${row['d']}\0${row['t']}`));
}

function expressions(dialect: Dialect, databases: readonly string[]): string[] {
  const from = (table: string, condition: string): string =>
    `SELECT DISTINCT TABLE_SCHEMA AS d, TABLE_NAME AS t FROM information_schema.${table} ` +
    `WHERE ${isNamed('TABLE_SCHEMA', databases)} AND ${condition}`;
  // MySQL's columns that are unsigned themselves hold no negative difference. MariaDB stores no difference without the mode.
  const signed = dialect.family === 'mysql' ? " AND COLUMN_TYPE NOT LIKE '%unsigned%'" : '';
  return [
    from('COLUMNS', `GENERATION_EXPRESSION LIKE '%-%'${signed}`),
    from('PARTITIONS', "CONCAT_WS(' ', PARTITION_EXPRESSION, SUBPARTITION_EXPRESSION) LIKE '%-%'"),
  ];
}

const ofFamily: Readonly<Record<Dialect['family'], (databases: readonly string[]) => readonly string[]>> = {
  mariadb: (databases) => [
    'SELECT CONSTRAINT_SCHEMA AS d, TABLE_NAME AS t FROM information_schema.CHECK_CONSTRAINTS ' +
      `WHERE ${isNamed('CONSTRAINT_SCHEMA', databases)} AND CHECK_CLAUSE LIKE '%-%'`,
  ],
  mysql: (databases) => [
    'SELECT t.TABLE_SCHEMA AS d, t.TABLE_NAME AS t FROM information_schema.CHECK_CONSTRAINTS c ' +
      'JOIN information_schema.TABLE_CONSTRAINTS t ' +
      `ON ${sameName('t.CONSTRAINT_SCHEMA', 'c.CONSTRAINT_SCHEMA')} AND t.CONSTRAINT_NAME = c.CONSTRAINT_NAME ` +
      `WHERE ${isNamed('c.CONSTRAINT_SCHEMA', databases)} AND c.CHECK_CLAUSE LIKE '%-%'`,
    'SELECT DISTINCT TABLE_SCHEMA AS d, TABLE_NAME AS t FROM information_schema.STATISTICS ' +
      `WHERE ${isNamed('TABLE_SCHEMA', databases)} AND EXPRESSION LIKE '%-%'`,
  ],
};

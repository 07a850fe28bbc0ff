/** Tables that were given a place of their own on disk. A restore puts them in the default place, and it is said beforehand. */
import type { Finding } from '../../../engine.ts';
import { finding } from '../../../findings.ts';
import { replaceUnquoted } from './create-table.ts';
import type { Dialect } from '../dialect.ts';
import { isServerError } from '../connection/failure.ts';
import { plainFileName } from '../backup/table-files.ts';
import type { Wire } from '../connection/wire.ts';

export interface OwnPlace {
  readonly table: string;
  readonly place: string;
}

/** Warnings, one for each. */
export function placeFindings(places: readonly OwnPlace[]): Finding[] {
  return places.map(({ table, place }) => {
    const cause = `it stands ${place}: a restore puts it where tables stand by default`;
    const remedy = 'Move it after a restore where that matters: ALTER TABLE … TABLESPACE, or DATA DIRECTORY.';
    return finding('not-supported', table, cause, remedy, true);
  });
}

/** Of the tables of these databases. */
export async function ownPlaces(
  wire: Wire,
  dialect: Dialect,
  databases: readonly string[],
): Promise<OwnPlace[]> {
  const filed = await filedPlaces[dialect.family](wire).catch((error: unknown) => {
    // Without PROCESS, which `check` asks for by itself.
    if (isServerError(error, 1227, 1142, 1109)) return [];
    throw error;
  });
  const found = new Map<string, string>();
  for (const { name, place } of filed) {
    const [database, table] = plainFileName(name);
    if (databases.includes(database)) found.set(`${database}.${table ?? ''}`, place);
  }
  return [...found].map(([table, place]) => ({ table, place }));
}

/** By the name of a table's file. */
interface FiledPlace {
  readonly name: string;
  readonly place: string;
}

const filedPlaces: Readonly<Record<Dialect['family'], (wire: Wire) => Promise<FiledPlace[]>>> = {
  mysql: mysqlPlaces,
  mariadb: mariadbPlaces,
};

/**
 * Joined here: these views have no statistics, and joined by the server they took it, by the plan it happened to choose, 0.1 or 56 s
 * for 5,000 tables. Few tables stand in a place of their own.
 */
async function mysqlPlaces(wire: Wire): Promise<FiledPlace[]> {
  const rows = await wire.query(
    "SELECT FILE_ID AS id, FILE_NAME AS f FROM information_schema.FILES WHERE FILE_NAME NOT LIKE './%'",
  );
  const files = new Map(rows.map((row) => [row['id'] ?? '', row['f'] ?? '']));
  const single =
    files.size === 0 ? 'FALSE' : `SPACE_TYPE = 'Single' AND SPACE IN (${[...files.keys()].join(', ')})`;
  const tables = await wire.query(
    'SELECT NAME AS name, SPACE AS id, SPACE_TYPE AS type FROM information_schema.INNODB_TABLES ' +
      `WHERE (SPACE_TYPE = 'General' AND NAME NOT LIKE 'mysql/%') OR (${single})`,
  );
  const general = new Set(tables.flatMap((row) => (row['type'] === 'General' ? [row['id'] ?? ''] : [])));
  const spaces = await namesOfSpaces(wire, [...general]);
  return tables.map((row) => {
    const id = row['id'] ?? '';
    const place =
      row['type'] === 'General'
        ? `in the tablespace ${spaces.get(id) ?? id}`
        : `in the file ${files.get(id)}`;
    return { name: row['name'] ?? '', place };
  });
}

async function namesOfSpaces(wire: Wire, ids: readonly string[]): Promise<Map<string, string>> {
  if (ids.length === 0) return new Map();
  const rows = await wire.query(
    `SELECT SPACE AS id, NAME AS name FROM information_schema.INNODB_TABLESPACES WHERE SPACE IN (${ids.join(', ')})`,
  );
  return new Map(rows.map((row) => [row['id'] ?? '', row['name'] ?? '']));
}

async function mariadbPlaces(wire: Wire): Promise<FiledPlace[]> {
  const rows = await wire.query(
    'SELECT NAME AS name, FILENAME AS f FROM information_schema.INNODB_SYS_TABLESPACES ' +
      "WHERE NAME LIKE '%/%' AND FILENAME NOT LIKE './%'",
  );
  return rows.map((row) => ({ name: row['name'] ?? '', place: `in the file ${row['f']}` }));
}

const clauses = [
  / \/\*!50100 TABLESPACE `(?!innodb_)(?:[^`]|``)*` \*\//,
  / TABLESPACE = `?(?!innodb_)[^\s`,)]+`?/,
  / (?:DATA|INDEX) DIRECTORY ?= ?'(?:[^'\\]|''|\\[^])*'/,
];

/** What follows a table's columns, without the places that are another server's. */
export function withoutPlaces(tail: string): string {
  let text = tail;
  for (const clause of clauses) {
    for (
      let next = replaceUnquoted(text, clause, '');
      next !== text;
      next = replaceUnquoted(text, clause, '')
    ) {
      text = next;
    }
  }
  return text;
}

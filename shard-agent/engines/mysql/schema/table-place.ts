/** Tables that were given a place of their own on disk. A restore puts them in the default place, and it is said beforehand. */
import type { Finding } from '../../../engine.ts';
import { finding } from '../../../findings.ts';
import { replaceUnquoted } from './create-table.ts';
import type { Dialect } from '../dialect.ts';
import { isServerError } from '../connection/failure.ts';
import { plainFileName } from '../backup/table-files.ts';
import type { Wire } from '../connection/wire.ts';

/** Rows of a file name `name` and a place `place`. */
const queries: Readonly<Record<Dialect['family'], readonly string[]>> = {
  mysql: [
    "SELECT t.NAME AS name, CONCAT('in the tablespace ', s.NAME) AS place FROM information_schema.INNODB_TABLES t " +
      "JOIN information_schema.INNODB_TABLESPACES s USING (SPACE) WHERE t.SPACE_TYPE = 'General' AND s.NAME <> 'mysql'",
    "SELECT t.NAME AS name, CONCAT('in the file ', f.FILE_NAME) AS place FROM information_schema.INNODB_TABLES t " +
      "JOIN information_schema.FILES f ON f.FILE_ID = t.SPACE WHERE t.SPACE_TYPE = 'Single' AND f.FILE_NAME NOT LIKE './%'",
  ],
  mariadb: [
    "SELECT NAME AS name, CONCAT('in the file ', FILENAME) AS place FROM information_schema.INNODB_SYS_TABLESPACES " +
      "WHERE NAME LIKE '%/%' AND FILENAME NOT LIKE './%'",
  ],
};

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
  const found = new Map<string, string>();
  for (const sql of queries[dialect.family]) {
    const rows = await wire.query(sql).catch((error: unknown) => {
      // Without PROCESS, which `check` asks for by itself.
      if (isServerError(error, 1227, 1142, 1109)) return [];
      throw error;
    });
    for (const row of rows) {
      const [database, table] = plainFileName(row['name'] ?? '');
      if (databases.includes(database)) found.set(`${database}.${table ?? ''}`, row['place'] ?? '');
    }
  }
  return [...found].map(([table, place]) => ({ table, place }));
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

/** How a case of an object is written down: each in a database of its own, named after the item. */
import type { TestServer } from '../../../servers/server.ts';
import type { FidelityCase } from '../../case.ts';

export type Condition = (server: TestServer) => boolean;

export const onMysql: Condition = ({ family }) => family === 'mysql';
export const onMariadb: Condition = ({ family }) => family === 'mariadb';

/** MariaDB from this version on. */
export function onMariadbSince(major: number, minor: number): Condition {
  return (server) => onMariadb(server) && isSince(server, major, minor);
}

/** MySQL from this version on. */
export function onMysqlSince(major: number, minor: number): Condition {
  return (server) => onMysql(server) && isSince(server, major, minor);
}

function isSince({ version }: TestServer, major: number, minor: number): boolean {
  const [first = 0, second = 0] = version.split('.').map(Number);
  return first > major || (first === major && second >= minor);
}

export interface ObjectOptions {
  readonly exists?: Condition;
  readonly createDatabase?: (name: string) => string;
  /** More databases, whole: `{more}` in setup and proof is the first, `{more2}` the second. */
  readonly more?: number;
}

/** In `setup` and `proof`, `{db}` stands for the database's name. */
export function objectCase(
  item: string,
  setup: readonly string[],
  proof: readonly string[],
  options: ObjectOptions = {},
): FidelityCase {
  const database = `o_${item.toLowerCase().replaceAll(/[^a-z0-9]+/g, '_')}`.slice(0, 56).replace(/_$/, '');
  const moreDatabases = Array.from({ length: options.more ?? 0 }, (_, index) => `${database}_m${index + 1}`);
  const fill = (sql: string): string =>
    sql
      .replaceAll('{db}', database)
      .replaceAll('{more}', moreDatabases[0] ?? '')
      .replaceAll('{more2}', moreDatabases[1] ?? '');
  return {
    item,
    group: 'objects',
    database,
    setup: [...moreDatabases.map((name) => `CREATE DATABASE ${name}`), ...setup.map(fill)],
    proof: proof.map(fill),
    ...(options.createDatabase === undefined ? {} : { createDatabase: options.createDatabase(database) }),
    ...(moreDatabases.length === 0 ? {} : { moreDatabases }),
    ...(options.exists === undefined ? {} : { exists: options.exists }),
  };
}

/** True when information_schema's `table` has `count` rows of this database that meet the condition. */
export function counts(table: string, count: number, condition = '1'): string {
  const schema = schemaColumns[table] ?? 'TABLE_SCHEMA';
  return `SELECT COUNT(*) = ${count} FROM information_schema.${table} WHERE ${schema} = DATABASE() AND ${condition}`;
}

const schemaColumns: Readonly<Record<string, string>> = {
  ROUTINES: 'ROUTINE_SCHEMA',
  LIBRARIES: 'LIBRARY_SCHEMA',
  ROUTINE_LIBRARIES: 'ROUTINE_SCHEMA',
  TRIGGERS: 'TRIGGER_SCHEMA',
  EVENTS: 'EVENT_SCHEMA',
  CHECK_CONSTRAINTS: 'CONSTRAINT_SCHEMA',
  REFERENTIAL_CONSTRAINTS: 'CONSTRAINT_SCHEMA',
  PARAMETERS: 'SPECIFIC_SCHEMA',
  SCHEMATA: 'SCHEMA_NAME',
  SCHEMATA_EXTENSIONS: 'SCHEMA_NAME',
};

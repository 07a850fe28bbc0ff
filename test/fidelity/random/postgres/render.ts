/** A drawn schema as the statements that make it. */
import { allowancesOf } from '../allowances.ts';
import { oddName, postgresNames } from '../names.ts';
import { insensitive, literal, quoted } from './column-type.ts';
import { database, type Rendered } from '../round-trip.ts';
import { createDatabase, inEncoding } from './encodings.ts';
import { indexStatements } from './indexes.ts';
import { extraStatements } from './extras.ts';
import { isReferable, type Link, linksOf } from './links.ts';
import { partitionClause, partitionStatements } from './partitions.ts';
import type { SchemaModel } from './schema.ts';
import { settingAllowances } from './setting-allowances.ts';
import { changeOf, databaseStatement } from './settings.ts';
import { type Column, columnsOf, oddSchema, resolveTable, type Table } from './table.ts';

const rowsInStatement = 50;

export function renderSchema(model: SchemaModel): Rendered {
  const tables: Table[] = [];
  for (const [index, table] of model.tables.entries()) tables.push(resolveTable(table, index, tables));
  const parents = tables.filter(isReferable);
  const parented = new Set(tables.map(({ parent }) => parent));
  const links = tables.map((table) => linksOf(table, parents));
  const statements = [
    `CREATE SCHEMA ${quoted(oddSchema)}`,
    `CREATE COLLATION public.${quoted(insensitive)} (provider = icu, locale = 'und-u-ks-level2', deterministic = false)`,
    `CREATE FUNCTION public.swallow() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NULL; END'`,
    ...tables.flatMap((table) => table.create),
    ...tables.flatMap((table, at) => [
      ...createStatements(table, links[at] ?? []),
      // A column that came to a parent after its child did would stand elsewhere in the child: check says so of such.
      ...(parented.has(table) ? lateStatements(table) : []),
    ]),
    ...tables.flatMap((table, at) => insertStatements(table, links[at] ?? [])),
    ...tables.flatMap((table) => indexStatements(table)),
    ...tables.flatMap((table, at) => (links[at] ?? []).map((link) => link.constraint)),
    ...tables.flatMap((table) => (parented.has(table) ? [] : lateStatements(table))),
    ...tables.flatMap((table) => changeStatements(table)),
    ...tables.flatMap((table) => extraStatements(table)),
    ...model.around.database.map((setting) => databaseStatement(database, setting)),
  ].map((sql) => inEncoding(model.encoding, sql));
  return {
    createDatabase: createDatabase(database, model.encoding),
    chunkBytes: model.chunkBytes,
    lanes: model.lanes,
    surroundings: {
      source: model.around.source.map(changeOf),
      target: model.around.target.map(changeOf),
      allowances: allowancesOf(settingAllowances, model.around, statements),
    },
    tables: tables.length,
    rows: tables.reduce((sum, { model: table }) => sum + table.rows, 0),
    statements,
  };
}

function createStatements(table: Table, links: readonly Link[]): string[] {
  const { kind, model } = table;
  const columns = [
    ...table.own.filter(({ role }) => role !== 'late'),
    ...links.flatMap((link) => link.columns),
  ];
  const constraint = keyConstraint(table);
  const definitions = [
    ...columns.map(({ definition }) => definition),
    ...(constraint === undefined ? [] : [constraint]),
  ];
  const partition = partitionClause(table);
  const tails: Record<Table['kind'], string> = {
    plain: model.extras.includes('fillfactor') ? ' WITH (fillfactor = 37, autovacuum_enabled = false)' : '',
    unlogged: '',
    child: ` INHERITS (${table.parent?.sql ?? ''})`,
    range: partition,
    list: partition,
    hash: partition,
  };
  const create = `CREATE ${kind === 'unlogged' ? 'UNLOGGED ' : ''}TABLE ${table.sql} (\n  ${definitions.join(',\n  ')}\n)${tails[kind]}`;
  return [create, ...partitionStatements(table, columns)];
}

function keyConstraint({ keys, model, index, kind }: Table): string | undefined {
  if (keys.length === 0) return undefined;
  const name = `CONSTRAINT ${quoted(oddName(model.keyType.name, `p${index}`, postgresNames))}`;
  const names = keys.map((key) => key.name);
  const list = (index % 2 === 0 ? names : names.reverse()).join(', ');
  const include = kind === 'plain' && model.columns.length === 0 ? ` INCLUDE (${names[0]})` : '';
  switch (model.key) {
    case 'none':
    case 'not null':
      return undefined;
    case 'primary':
    case 'both':
      return `${name} PRIMARY KEY (${list})${include}`;
    case 'unique':
      return `${name} UNIQUE (${list})`;
    case 'deferrable':
      return `${name} UNIQUE (${list}) DEFERRABLE${index % 2 === 0 ? ' INITIALLY DEFERRED' : ''}`;
    case 'nulls not distinct':
      return `${name} UNIQUE NULLS NOT DISTINCT (${list})`;
  }
}

function insertStatements(table: Table, links: readonly Link[]): string[] {
  const { rows, extras } = table.model;
  const all = [
    ...columnsOf(table),
    ...links.flatMap((link) => link.columns.map((column) => ({ column, value: column.value }))),
  ];
  const named = all.flatMap(({ column, value }) => (value === undefined ? [] : [{ column, value }]));
  if (rows === 0) return [];
  if (named.length === 0) return [`INSERT INTO ${table.sql} SELECT FROM generate_series(1, ${rows})`];
  const list = named.map(({ column }) => column.name).join(', ');
  const statements: string[] = [];
  for (let first = 0; first < rows; first += rowsInStatement) {
    const count = Math.min(rowsInStatement, rows - first);
    const lines = Array.from(
      { length: count },
      (_, n) => `(${named.map(({ value }) => value(first + n)).join(', ')})`,
    );
    statements.push(`INSERT INTO ${table.sql} (${list}) VALUES\n${lines.join(',\n')}`);
  }
  // Rows that never came to be lie before those that did.
  if (extras.includes('deleted rows')) statements.unshift(`BEGIN; ${statements[0]}; ROLLBACK`);
  return statements;
}

function lateStatements(table: Table): string[] {
  const late = table.own.filter(({ role }) => role === 'late');
  return late.map(({ definition }) => `ALTER TABLE ${table.sql} ADD COLUMN ${definition}`);
}

/** What happens to columns once rows stand in the table. */
function changeStatements(table: Table): string[] {
  return table.own.flatMap((column, at) => {
    const { name, role, model } = column;
    if (role === 'dropped') return [`ALTER TABLE ${table.sql} DROP COLUMN ${name}`];
    const statements: string[] = [];
    if (role === 'not valid') {
      const check = quoted(oddName(model?.name ?? 0, `nv${table.index}_${at}`, postgresNames));
      statements.push(
        `ALTER TABLE ${table.sql} ADD CONSTRAINT ${check} CHECK (${name} IS NULL AND false) NOT VALID`,
      );
    }
    return [...statements, ...detailStatements(table, column)];
  });
}

const words = literal('100% "odd" \'comment\'\n\t\\ ; -- 😀');

function detailStatements(table: Table, { name, model, type }: Column): string[] {
  const alter = `ALTER TABLE ${table.sql} ALTER COLUMN ${name}`;
  const long = type.cast === 'text' || type.cast === 'bytea' || type.cast === 'jsonb';
  if (model?.detail === 3) return [`COMMENT ON COLUMN ${table.sql}.${name} IS ${words}`];
  // Nothing is stored of it.
  if (model?.role === 'virtual') return [];
  switch (model?.detail) {
    case 4:
      return [`${alter} SET STATISTICS 1234`];
    case 5:
      return long ? [`${alter} SET STORAGE EXTERNAL`] : [];
    case 6:
      return long ? [`${alter} SET COMPRESSION lz4`] : [];
    case 7:
      return [`${alter} SET (n_distinct = -0.25)`];
    default:
      return [];
  }
}

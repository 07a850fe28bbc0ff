/** A drawn schema as the statements that make it. */
import { oddName, postgresNames } from '../names.ts';
import { insensitive, literal, quoted } from './column-type.ts';
import { database, type Rendered } from '../round-trip.ts';
import { indexStatements } from './indexes.ts';
import { extraStatements } from './extras.ts';
import type { ReferenceModel, SchemaModel } from './schema.ts';
import { type Column, columnsOf, oddSchema, resolveTable, type Table } from './table.ts';

const rowsInStatement = 50;

export function renderSchema(model: SchemaModel): Rendered {
  const tables: Table[] = [];
  for (const [index, table] of model.tables.entries()) tables.push(resolveTable(table, index, tables));
  const parents = tables.filter(isReferable);
  const parented = new Set(tables.map(({ parent }) => parent));
  const links = tables.map((table) => linksOf(table, parents));
  return {
    createDatabase: `CREATE DATABASE ${database}`,
    chunkBytes: model.chunkBytes,
    lanes: model.lanes,
    tables: tables.length,
    rows: tables.reduce((sum, { model: table }) => sum + table.rows, 0),
    statements: [
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
    ],
  };
}

/** Its key may be referred to. */
function isReferable(table: Table): boolean {
  return ['primary', 'unique', 'nulls not distinct', 'both'].includes(table.model.key);
}

interface Link {
  readonly columns: readonly Column[];
  readonly constraint: string;
}

function linksOf(table: Table, parents: readonly Table[]): Link[] {
  return table.model.references.flatMap((reference, at) => {
    const fit = parents.filter((parent) => parent.kind !== 'unlogged' || table.kind === 'unlogged');
    const parent = fit[reference.parent % Math.max(1, fit.length)];
    return parent?.key === undefined ? [] : [linkTo(table, parent, parent.key, reference, at)];
  });
}

function linkTo(table: Table, parent: Table, key: Column, reference: ReferenceModel, at: number): Link {
  const name = quoted(oddName(reference.parent, `f${table.index}_${at}`, postgresNames));
  const { rows } = parent.model;
  const value = (row: number): string =>
    rows === 0 || (reference.nulls && row % 3 === 0)
      ? 'NULL'
      : (key.value?.((row * 7 + at) % rows) ?? 'NULL');
  const column: Column = {
    name,
    type: key.type,
    model: undefined,
    role: 'reference',
    definition: `${name} ${key.type.sql}`,
    value,
    inherited: value,
    indexable: true,
    nullable: true,
  };
  const partitioned = ['range', 'list', 'hash'].includes(table.kind);
  const forms: Record<ReferenceModel['form'], string> = {
    plain: '',
    deferred: ' DEFERRABLE INITIALLY DEFERRED',
    'not valid': partitioned ? '' : ' NOT VALID',
    cascade: ' ON UPDATE CASCADE ON DELETE SET NULL',
    full: ' MATCH FULL ON DELETE CASCADE',
  };
  const constraint = quoted(oddName(reference.parent, `fk${table.index}_${at}`, postgresNames));
  return {
    columns: [column],
    constraint: `ALTER TABLE ${table.sql} ADD CONSTRAINT ${constraint} FOREIGN KEY (${name}) REFERENCES ${parent.sql} (${key.name})${forms[reference.form]}`,
  };
}

function createStatements(table: Table, links: readonly Link[]): string[] {
  const { kind, key, model } = table;
  const columns = [
    ...table.own.filter(({ role }) => role !== 'late'),
    ...links.flatMap((link) => link.columns),
  ];
  const constraint = keyConstraint(table);
  const definitions = [
    ...columns.map(({ definition }) => definition),
    ...(constraint === undefined ? [] : [constraint]),
  ];
  const partition = key === undefined ? '' : ` PARTITION BY ${kind.toUpperCase()} (${key.name})`;
  const tails: Record<Table['kind'], string> = {
    plain: model.extras.includes('fillfactor') ? ' WITH (fillfactor = 37, autovacuum_enabled = false)' : '',
    unlogged: '',
    child: ` INHERITS (${table.parent?.sql ?? ''})`,
    range: partition,
    list: partition,
    hash: partition,
  };
  const create = `CREATE ${kind === 'unlogged' ? 'UNLOGGED ' : ''}TABLE ${table.sql} (\n  ${definitions.join(',\n  ')}\n)${tails[kind]}`;
  return [create, ...partitionStatements(table)];
}

function keyConstraint({ key, model, index, kind }: Table): string | undefined {
  if (key === undefined) return undefined;
  const name = `CONSTRAINT ${quoted(oddName(model.keyType.name, `p${index}`, postgresNames))}`;
  const include = kind === 'plain' && model.columns.length === 0 ? ` INCLUDE (${key.name})` : '';
  switch (model.key) {
    case 'none':
    case 'identity full':
      return undefined;
    case 'primary':
    case 'both':
      return `${name} PRIMARY KEY (${key.name})${include}`;
    case 'unique':
      return `${name} UNIQUE (${key.name})`;
    case 'deferrable':
      return `${name} UNIQUE (${key.name}) DEFERRABLE${index % 2 === 0 ? ' INITIALLY DEFERRED' : ''}`;
    case 'nulls not distinct':
      return `${name} UNIQUE NULLS NOT DISTINCT (${key.name})`;
  }
}

function partitionStatements(table: Table): string[] {
  const { kind, key } = table;
  if (key === undefined || !['range', 'list', 'hash'].includes(kind)) return [];
  const at = (n: number): string => literal(key.type.distinct?.(n) ?? '');
  const make = (n: number, bound: string, tail = ''): string =>
    `CREATE TABLE ${partitionName(table, n)} PARTITION OF ${table.sql} ${bound}${tail}`;
  if (kind === 'hash') {
    return [
      make(0, 'FOR VALUES WITH (MODULUS 2, REMAINDER 0)'),
      make(1, 'FOR VALUES WITH (MODULUS 4, REMAINDER 1)'),
      make(2, 'FOR VALUES WITH (MODULUS 4, REMAINDER 3)', ` PARTITION BY LIST (${key.name})`),
      `CREATE TABLE ${partitionName(table, 3)} PARTITION OF ${partitionName(table, 2)} DEFAULT`,
    ];
  }
  if (kind === 'list') {
    return [
      make(0, `FOR VALUES IN (${at(0)})`),
      make(1, `FOR VALUES IN (${at(1)}, NULL)`),
      make(2, 'DEFAULT'),
    ];
  }
  return [
    make(0, `FOR VALUES FROM (MINVALUE) TO (${at(1)})`),
    make(1, `FOR VALUES FROM (${at(1)}) TO (MAXVALUE)`),
    make(2, 'DEFAULT'),
  ];
}

function partitionName(table: Table, n: number): string {
  return `${quoted(table.schema)}.${quoted(oddName(table.model.name, `t${table.index}p${n}`, postgresNames))}`;
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
  return table.own.flatMap((column) => {
    const { name, role, model } = column;
    if (role === 'dropped') return [`ALTER TABLE ${table.sql} DROP COLUMN ${name}`];
    const statements: string[] = [];
    if (role === 'not valid') {
      const check = quoted(oddName(model?.name ?? 0, `nv${table.index}`, postgresNames) + name.length);
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
  switch (model?.detail) {
    case 3:
      return [`COMMENT ON COLUMN ${table.sql}.${name} IS ${words}`];
    case 4:
      return [`${alter} SET STATISTICS 1234`];
    case 5:
      return long ? [`${alter} SET STORAGE EXTERNAL`] : [];
    case 6:
      return long ? [`${alter} SET COMPRESSION lz4`] : [];
    case 7:
      return model.role === 'virtual' ? [] : [`${alter} SET (n_distinct = -0.25)`];
    default:
      return [];
  }
}

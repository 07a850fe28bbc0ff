/** A drawn schema of MySQL or MariaDB as the statements that make it. */
import { allowancesOf } from '../allowances.ts';
import { mysqlNames, oddName } from '../names.ts';
import { database, type Rendered } from '../round-trip.ts';
import { indexDefinitions } from './indexes.ts';
import { programStatements } from './programs.ts';
import type { SchemaModel } from './schema.ts';
import { settingAllowances } from './setting-allowances.ts';
import { changeOf } from './settings.ts';
import { type Column, fileNames, quoted, resolveTable, type Table, words } from './table.ts';

const rowsInStatement = 50;

export function renderSchema(model: SchemaModel): Rendered {
  const tables = model.tables.map((table, index) => resolveTable(table, index, model.family));
  const parents = tables.filter(isReferable);
  const links = tables.map((table) => linksOf(table, parents));
  const { charset, collation } = model.collation;
  const statements = [
    `SET sql_mode = 'STRICT_ALL_TABLES,ALLOW_INVALID_DATES,NO_AUTO_VALUE_ON_ZERO', time_zone = '+00:00'`,
    ...tables.map((table, at) => createStatement(table, links[at] ?? [], model.family)),
    ...tables.flatMap((table, at) => insertStatements(table, links[at] ?? [])),
    ...tables.flatMap((table, at) => (links[at] ?? []).map((link) => link.constraint)),
    ...tables.flatMap((table) => changeStatements(table)),
    ...tables.flatMap((table) => extraStatements(table)),
    ...programStatements(model.programs, model.family),
  ];
  return {
    createDatabase: `CREATE DATABASE ${database} CHARACTER SET ${charset} COLLATE ${collation}`,
    chunkBytes: model.chunkBytes,
    lanes: model.lanes,
    surroundings: {
      source: model.around.source.map(changeOf),
      target: model.around.target.map(changeOf),
      allowances: allowancesOf(settingAllowances, model.around, statements),
    },
    tables: tables.length,
    rows: model.tables.reduce((sum, { rows }) => sum + rows, 0),
    statements,
  };
}

/** InnoDB refers to keys of one whole column here, and to no partitioned table. */
function isReferable(table: Table): boolean {
  return ['primary', 'unique', 'auto'].includes(table.model.key) && table.partition === 'none';
}

interface Link {
  readonly column: Column;
  readonly constraint: string;
}

function linksOf(table: Table, parents: readonly Table[]): Link[] {
  if (table.partition !== 'none') return [];
  return table.model.references.flatMap((reference, at) => {
    const parent = parents[reference.parent % Math.max(1, parents.length)];
    const key = parent?.key;
    if (parent === undefined || key === undefined) return [];
    const name = quoted(oddName(reference.parent, `f${table.index}_${at}`, mysqlNames));
    const { rows } = parent.model;
    const value = (row: number): string =>
      rows === 0 || (reference.nulls && row % 3 === 0)
        ? 'NULL'
        : (key.value?.((row * 7 + at) % rows) ?? 'NULL');
    const action = [
      '',
      'ON DELETE CASCADE',
      'ON DELETE SET NULL ON UPDATE CASCADE',
      'ON UPDATE RESTRICT',
      'ON DELETE NO ACTION',
    ];
    const constraint = quoted(oddName(reference.parent, `fk${table.index}_${at}`, mysqlNames));
    const definition = key.definition
      .replace(key.name, () => name)
      .replace(/ NOT NULL(?: AUTO_INCREMENT)?$/, ' NULL');
    return [
      {
        column: { ...key, name, role: 'reference', definition, nullable: true, value },
        constraint: `ALTER TABLE ${table.sql} ADD CONSTRAINT ${constraint} FOREIGN KEY (${name}) REFERENCES ${parent.sql} (${key.name}) ${action[reference.action]}`,
      },
    ];
  });
}

function createStatement(table: Table, links: readonly Link[], family: SchemaModel['family']): string {
  const { model } = table;
  const columns = [
    ...table.columns.filter(({ role }) => role !== 'late'),
    ...links.map(({ column }) => column),
  ];
  const definitions = [
    ...columns.map(({ definition }) => definition),
    ...keyDefinitions(table),
    ...indexDefinitions(table, family),
  ];
  const has = (extra: string): boolean => (model.extras as readonly string[]).includes(extra);
  const options = [
    'ENGINE=InnoDB',
    ...(model.rowFormat === '' ? [] : [`ROW_FORMAT=${model.rowFormat}`]),
    ...(has('comment') ? [`COMMENT=${words}`] : []),
    ...(has('statistics') ? ['STATS_PERSISTENT=0 STATS_AUTO_RECALC=1 STATS_SAMPLE_PAGES=7'] : []),
    ...(has('charset')
      ? [`CHARACTER SET ${model.keyType.collation.charset} COLLATE ${model.keyType.collation.collation}`]
      : []),
    ...(has('auto increment') && model.key === 'auto' ? ['AUTO_INCREMENT=4711'] : []),
    ...(has('size') ? ['MAX_ROWS=1000000 AVG_ROW_LENGTH=77 CHECKSUM=1'] : []),
  ];
  return `CREATE TABLE ${table.sql} (\n  ${definitions.join(',\n  ')}\n) ${options.join(' ')}${partitionClause(table)}`;
}

function keyDefinitions(table: Table): string[] {
  const { key, model, index } = table;
  if (key === undefined) return [];
  const unique = quoted(oddName(model.name, `u${index}`, mysqlNames));
  const others = [...new Set(model.keyColumns)].flatMap((at) => {
    const column = table.columns[at];
    const usable = column !== undefined && column !== key && !column.nullable && column.type.index !== 'none';
    if (!usable || !['plain', 'default', 'checked'].includes(column.role) || column.type.index === 'spatial')
      return [];
    return [column.type.index === 'prefix' ? `${column.name}(7)` : column.name];
  });
  const before = others.slice(0, others.length >> 1);
  switch (model.key) {
    case 'none':
      return [];
    case 'primary':
    case 'auto':
      return [`PRIMARY KEY (${key.name})`];
    case 'unique':
    case 'unique nullable':
      return [`UNIQUE KEY ${unique} (${key.name})`];
    case 'primary of many':
      return [`PRIMARY KEY (${[...before, key.name, ...others.slice(before.length)].join(', ')})`];
    case 'descending':
      return [`PRIMARY KEY (${[`${key.name} DESC`, ...others].join(', ')})`];
  }
}

function partitionClause({ partition, key, model, index }: Table): string {
  if (key === undefined || partition === 'none') return '';
  const name = (n: number): string =>
    quoted(oddName(model.name, `p${index}_${n}`, { ...fileNames, most: 10 }));
  const ranges = `PARTITION ${name(0)} VALUES LESS THAN (0), PARTITION ${name(1)} VALUES LESS THAN (100), PARTITION ${name(2)} VALUES LESS THAN MAXVALUE`;
  switch (partition) {
    case 'key':
      return `\nPARTITION BY KEY (${key.name}) PARTITIONS 3`;
    case 'hash':
      return `\nPARTITION BY LINEAR HASH (${key.name}) PARTITIONS 3`;
    case 'range':
      return `\nPARTITION BY RANGE (${key.name}) (${ranges})`;
    case 'sub':
      return `\nPARTITION BY RANGE (${key.name}) SUBPARTITION BY KEY (${key.name}) SUBPARTITIONS 2 (${ranges})`;
  }
}

function insertStatements(table: Table, links: readonly Link[]): string[] {
  const { rows } = table.model;
  const named = [...table.columns, ...links.map(({ column }) => column)].flatMap(({ name, value }) =>
    value === undefined ? [] : [{ name, value }],
  );
  const statements: string[] = [];
  for (let first = 0; first < rows; first += rowsInStatement) {
    const count = Math.min(rowsInStatement, rows - first);
    const lines = Array.from(
      { length: count },
      (_, n) => `(${named.map(({ value }) => value(first + n)).join(', ')})`,
    );
    statements.push(
      `INSERT INTO ${table.sql} (${named.map(({ name }) => name).join(', ')}) VALUES\n${lines.join(',\n')}`,
    );
  }
  // A server adds 1 to the greatest BIGINT, and forgets the 0 of a partitioned table once it opens it anew.
  if (table.partition !== 'none' && table.model.key === 'auto') statements.push(`FLUSH TABLES ${table.sql}`);
  return statements;
}

/** What happens to columns once rows stand in the table. */
function changeStatements(table: Table): string[] {
  return table.columns.flatMap(({ role, name, definition }) => {
    if (role === 'dropped') return [`ALTER TABLE ${table.sql} DROP COLUMN ${name}`];
    if (role !== 'late') return [];
    return [`ALTER TABLE ${table.sql} ADD COLUMN ${definition}${table.index % 2 === 0 ? ' FIRST' : ''}`];
  });
}

function extraStatements({ model, sql, index, columns }: Table): string[] {
  // A server drops white space before the name of a view's column when it opens the view, and keeps it in the text.
  const seen = columns.filter(({ role, name }) => role !== 'dropped' && !/^`\s/.test(name));
  const list = seen.length === 0 ? '1 AS one' : seen.map(({ name }) => name).join(', ');
  const named = (short: string): string => quoted(oddName(model.name, `${short}${index}`, fileNames));
  return model.extras.flatMap((extra) => {
    if (extra === 'view')
      return [`CREATE SQL SECURITY INVOKER VIEW ${named('v')} AS SELECT ${list} FROM ${sql}`];
    if (extra === 'trigger') {
      return [
        `CREATE TRIGGER ${named('g')} BEFORE INSERT ON ${sql} FOR EACH ROW SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = 'no'`,
      ];
    }
    return [];
  });
}

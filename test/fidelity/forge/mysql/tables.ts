/** The application's tables on MySQL and MariaDB, with their keys, and their rows. */
import {
  type ApplicationTable,
  monthlyTables,
  rowsInTable,
  shortName,
  tableOf,
  tables,
} from '../application.ts';
import { databases, definitionOf, type Family, mysqlKinds, placeOf, quoted, valueOf } from './columns.ts';

const all = [...tables, ...monthlyTables];
const actions = ['ON DELETE CASCADE', '', 'ON DELETE RESTRICT ON UPDATE CASCADE', 'ON DELETE NO ACTION'];
const formats = ['', ' ROW_FORMAT=DYNAMIC', '', ' ROW_FORMAT=COMPRESSED', '', ' STATS_PERSISTENT=0'];

export function tableStatements(family: Family): string[] {
  return [
    `CREATE DATABASE ${databases.apart} CHARACTER SET utf8mb4 COLLATE utf8mb4_bin`,
    // As a dump would: tables refer to others that come later.
    'SET foreign_key_checks = 0',
    ...all.map((table, at) => createTable(table, at, family)),
    ...all.map((table) => fill(table, family)),
    'SET foreign_key_checks = 1',
    ...all.filter((_, at) => at % 40 === 7).map(alter),
  ];
}

function createTable(table: ApplicationTable, at: number, family: Family): string {
  const definitions = [
    `id bigint NOT NULL${table.month === undefined ? ' AUTO_INCREMENT' : ''}`,
    ...table.columns.map((column) => definitionOf(column, table, family)),
    'created_at datetime(6) NOT NULL DEFAULT CURRENT_TIMESTAMP(6)',
    'updated_at timestamp(3) NULL DEFAULT CURRENT_TIMESTAMP(3) ON UPDATE CURRENT_TIMESTAMP(3)',
    `PRIMARY KEY (id)`,
    ...keysOf(table, at),
    ...checksOf(table),
    ...foreignKeysOf(table, at),
  ];
  const options = `${formats[at % formats.length] ?? ''}${at % 9 === 0 ? ' CHARACTER SET latin1' : ''}${at % 13 === 0 && table.month === undefined ? ' AUTO_INCREMENT=1000' : ''}`;
  // What is not of Latin-1 has a character set of its own there.
  const body = at % 9 === 0 ? definitions.map(withCharset) : definitions;
  return `CREATE TABLE ${placeOf(table)} (\n  ${body.join(',\n  ')}\n) ENGINE=InnoDB${options} COMMENT='Of ${table.area}; it''s table ${at}'`;
}

function withCharset(definition: string): string {
  return definition.replace(
    /^(\S+ (?:varchar\(\d+\)|mediumtext|longtext))(?! CHARACTER)/,
    '$1 CHARACTER SET utf8mb4',
  );
}

function keysOf(table: ApplicationTable, at: number): string[] {
  const called = (...words: string[]): string => quoted(shortName(['index', table.name, ...words]));
  const keyed = (name: string): string => {
    const column = table.columns.find((one) => one.name === name);
    return (column === undefined ? undefined : mysqlKinds[column.kind].key?.(quoted(name))) ?? quoted(name);
  };
  const unique = table.unique.map(
    (columns) =>
      `UNIQUE KEY ${quoted(shortName(['unique', table.name, 'on', ...columns]))} (${columns.map(keyed).join(', ')})`,
  );
  const own = table.columns.flatMap(({ name, kind, nullable }) => {
    if (kind === 'reference') return [`KEY ${called('on', name)} (${quoted(name)})`];
    if (kind === 'target kind')
      return [
        `KEY ${called('of', name)} (${quoted(name)}, ${quoted(name.replace(/_kind$/, '_id'))}, created_at DESC)`,
      ];
    if (kind === 'place' && !nullable) return [`SPATIAL KEY ${called('at', name)} (${quoted(name)})`];
    const key = mysqlKinds[kind].key?.(quoted(name));
    return key === undefined ? [] : [`KEY ${called('by', name)} (${key}) COMMENT 'a ${kind}'`];
  });
  const ordered = table.indexes.map(
    (columns) => `KEY ${called('in_order_of', ...columns)} (${columns.map(keyed).join(', ')})`,
  );
  const words = table.columns
    .filter(({ kind }) => kind === 'title' || kind === 'text')
    .map(({ name }) => quoted(name));
  const full = table.columns.some(({ kind }) => kind === 'vector')
    ? [`FULLTEXT KEY ${called('words')} (${words.join(', ')})`]
    : [];
  return [
    ...unique,
    ...own,
    ...ordered,
    ...full,
    `KEY ${called('made')} (created_at${at % 2 === 0 ? ' DESC' : ''}, id)`,
  ];
}

function checksOf(table: ApplicationTable): string[] {
  return table.columns.flatMap(({ name, kind }) => {
    if (kind === 'color')
      return [
        `CONSTRAINT ${quoted(shortName([table.name, name, 'is a colour']))} CHECK (${quoted(name)} REGEXP '^#[0-9a-f]{6}$')`,
      ];
    if (kind === 'money')
      return [
        `CONSTRAINT ${quoted(shortName([table.name, name, 'is paid']))} CHECK (${quoted(name)} >= 0 AND ${quoted(name)} < 1000000000)`,
      ];
    return [];
  });
}

function foreignKeysOf(table: ApplicationTable, at: number): string[] {
  // Tables of one month keep no keys: they outlive what they tell of.
  if (table.month !== undefined) return [];
  return table.columns.flatMap(({ name, nullable, to }, index) => {
    if (to === undefined) return [];
    const drawn = actions[(at + index) % actions.length] ?? '';
    const action = nullable && drawn === '' ? 'ON DELETE SET NULL' : drawn;
    return [
      `CONSTRAINT ${quoted(shortName(['fk', table.name, name]))} FOREIGN KEY (${quoted(name)}) REFERENCES ${placeOf(tableOf(to))} (id) ${action}`,
    ];
  });
}

function fill(table: ApplicationTable, family: Family): string {
  const given = table.columns
    .map((column, at) => ({ column, at }))
    .filter(({ column }) => column.kind !== 'vector');
  const names = given.map(({ column }) => quoted(column.name));
  const rows = Array.from({ length: table.month === undefined ? rowsInTable : 3 }, (_, row) => {
    const n = row + 1;
    const made = `'${table.month ?? '2025-06'}-${String(n).padStart(2, '0')} 10:00:00.5'`;
    const values = given.map(({ column, at }) =>
      column.nullable && (n + at) % 4 === 0 ? 'NULL' : valueOf(column, n, table, family),
    );
    return `(${[String(n), ...values, made, made].join(', ')})`;
  });
  return `INSERT INTO ${placeOf(table)} (${['id', ...names, 'created_at', 'updated_at'].join(', ')}) VALUES\n${rows.join(',\n')}`;
}

/** What became of some tables later: columns that came and went at once. */
function alter(table: ApplicationTable): string {
  const place = placeOf(table);
  return [
    `ALTER TABLE ${place} ADD COLUMN hidden varchar(40) INVISIBLE DEFAULT 'unseen'`,
    `ALTER TABLE ${place} ADD COLUMN digits bigint GENERATED ALWAYS AS (MONTH(created_at)) VIRTUAL, ADD KEY (digits)`,
    `ALTER TABLE ${place} ADD COLUMN gone int`,
    `ALTER TABLE ${place} DROP COLUMN gone`,
  ].join(';\n');
}

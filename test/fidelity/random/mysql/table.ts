/** One drawn table with its columns worked out: their definitions, and the values of every row. */
import { Dice } from '../dice.ts';
import { mysqlNames, oddName } from '../names.ts';
import type { Collation } from './charset.ts';
import type { ColumnModel, TableModel, TypeModel } from './schema.ts';
import type { ColumnType } from './column-type.ts';

export interface Column {
  readonly name: string;
  readonly type: ColumnType;
  readonly collation: Collation;
  readonly role: ColumnModel['role'] | 'key' | 'reference';
  readonly definition: string;
  readonly nullable: boolean;
  /** Undefined: not named in an INSERT. */
  readonly value: ((row: number) => string) | undefined;
}

export interface Table {
  readonly index: number;
  readonly model: TableModel;
  readonly sql: string;
  readonly columns: readonly Column[];
  readonly key: Column | undefined;
  readonly partition: TableModel['partition'];
}

export function quoted(name: string): string {
  return `\`${name.replaceAll('`', '``')}\``;
}

/** A server makes files of tables' and partitions' names, five bytes for an odd character: they may not be as long as others. */
export const fileNames = { ...mysqlNames, most: 24 };

export const words = `'100% "odd" ''comment''\\n\\t\\\\ ; -- é漢'`;

export function resolveTable(model: TableModel, index: number, family: string): Table {
  const columns = model.columns.flatMap((column, at) => {
    // Partitioned tables take no geometry.
    if (column.type.index === 'spatial' && model.partition !== 'none') return [];
    // MySQL keeps a dropped column by a name that it makes longer, of 64 bytes.
    const limits = column.role === 'dropped' ? { ...mysqlNames, most: 10 } : mysqlNames;
    return [{ column, name: quoted(oddName(column.name, `c${index}_${at}`, limits)) }];
  });
  const hasKey = model.key !== 'none' || model.partition !== 'none';
  const resolved: Column[] = [];
  const key = hasKey ? keyColumn(model, index) : undefined;
  if (key !== undefined) resolved.push(key);
  for (const { column, name } of columns) resolved.push(resolveColumn(column, name, resolved, family));
  // A table has a column, and one that can be seen.
  if (resolved.every(({ role }) => ['invisible', 'late', 'dropped'].includes(role)))
    resolved.push(onlyColumn(index));
  if (key !== undefined && model.name % 2 === 1) resolved.push(resolved.shift() as Column);
  const sql = quoted(oddName(model.name, `t${index}`, fileNames));
  const partition =
    model.partition === 'none' || key?.type.whole === true || model.partition === 'key'
      ? model.partition
      : 'key';
  return { index, model, sql, columns: resolved, key, partition };
}

function declared({ type, collation }: TypeModel): string {
  return type.text
    ? `${type.sql} CHARACTER SET ${collation.charset} COLLATE ${collation.collation}`
    : type.sql;
}

function onlyColumn(index: number): Column {
  const type: ColumnType = {
    sql: 'int',
    values: () => ['1'],
    text: false,
    index: 'whole',
    fallback: 'literal',
  };
  const collation = { charset: '', collation: '' };
  return {
    name: `o${index}`,
    type,
    collation,
    role: 'plain',
    definition: `o${index} int`,
    nullable: true,
    value: () => '1',
  };
}

function keyColumn(model: TableModel, index: number): Column {
  const auto = model.key === 'auto';
  const { type, collation } = model.keyType;
  const whole = auto && type.whole !== true ? { ...type, ...integerKey } : type;
  const nullable = model.key === 'unique nullable' || model.key === 'none';
  const name = quoted(oddName(model.keyColumns[0] ?? 0, `k${index}`, mysqlNames));
  const value = (row: number): string =>
    nullable && row % 5 === 4 ? 'NULL' : (whole.distinct?.(row, collation) ?? String(row));
  return {
    name,
    type: whole,
    collation,
    role: 'key',
    definition: `${name} ${declared({ type: whole, collation })} ${nullable ? 'NULL' : 'NOT NULL'}${auto ? ' AUTO_INCREMENT' : ''}`,
    nullable,
    value,
  };
}

const integerKey = {
  sql: 'bigint',
  text: false,
  index: 'whole',
  distinct: (n: number): string => ['0', '-9223372036854775808', '-1'][n] ?? String(n * n),
  whole: true,
} as const;

function resolveColumn(model: ColumnModel, name: string, before: readonly Column[], family: string): Column {
  const { type, collation, role } = model;
  if (role === 'virtual' || role === 'stored') return generatedColumn(model, name, before);
  // MariaDB takes an expression's bytes for text of the statement: not all character sets can be written there.
  const spelt = !type.text || ['utf8mb4', 'latin1'].includes(collation.charset);
  const first = spelt ? valueOf(model, 0, false) : (type.values(collation)[0] ?? '');
  const refused =
    (role === 'on update' && type.clock === undefined) ||
    (role === 'checked' && type.sql.startsWith('vector'));
  const drawn = refused ? 'plain' : role;
  const hidden = drawn === 'invisible';
  // What stands in no partition of a unique key and has no default must be nullable to be left out.
  const nullable = !model.notNull || hidden;
  const fallback = fallbackOf(type, family === 'mariadb' ? withoutIntroducer(first) : first, drawn);
  const value = (row: number): string => {
    if (drawn === 'default' && fallback !== '' && row % 3 === 1) return 'DEFAULT';
    if (nullable && model.nulls && (row * 7 + model.name) % 4 === 0) return 'NULL';
    return valueOf(model, row, row % 8 === 0);
  };
  const late = drawn === 'late';
  const nulls = nullable || (late && fallback === '') ? 'NULL' : 'NOT NULL';
  const srid = / SRID \d+$/.exec(type.sql)?.[0] ?? '';
  const base = declared(model).replace(srid, '');
  const visible = hidden ? ' INVISIBLE' : '';
  const comment = model.comment ? ` COMMENT ${words}` : '';
  const check = drawn === 'checked' ? ` CHECK (${name} IS NULL OR 1 = 1)` : '';
  // The families want these in different orders.
  const tail = family === 'mysql' ? `${comment}${visible}${check}` : `${visible}${comment}${check}`;
  return {
    name,
    type,
    collation,
    role: drawn,
    definition: `${name} ${base} ${nulls}${srid}${fallback}${tail}`,
    nullable: nulls === 'NULL',
    value: late ? undefined : value,
  };
}

/**
 * MariaDB writes a literal with an introducer into a table's definition without its backslashes, and reads it back as
 * something else, or not at all.
 */
function withoutIntroducer(literal: string): string {
  return literal.replace(/^_(\w+) (x'[\da-f]*')$/, 'CONVERT($2 USING $1)');
}

function fallbackOf(type: ColumnType, first: string, role: Column['role']): string {
  if (role === 'on update')
    return ` DEFAULT CURRENT_TIMESTAMP${type.clock} ON UPDATE CURRENT_TIMESTAMP${type.clock}`;
  if ((role !== 'default' && role !== 'late') || type.fallback === 'none') return '';
  return type.fallback === 'literal' ? ` DEFAULT ${first}` : ` DEFAULT (${first})`;
}

function valueOf({ type, collation, picks }: ColumnModel, row: number, large: boolean): string {
  const pick = picks[row % picks.length] ?? 0;
  if (pick >= 100 && type.random !== undefined) return type.random(new Dice(pick), collation);
  const values = [...type.values(collation), ...(large ? (type.large?.(collation) ?? []) : [])];
  return values[pick % values.length] ?? 'NULL';
}

function generatedColumn(model: ColumnModel, name: string, before: readonly Column[]): Column {
  // What a CHAR says depends on the session's PAD_CHAR_TO_FULL_LENGTH: nothing may be computed from one. Nor from a VECTOR.
  const base = before.findLast(
    ({ role, type }) =>
      ['key', 'plain', 'default', 'checked'].includes(role) && !/^(?:char|vector)\b/.test(type.sql),
  );
  const expression =
    base === undefined ? '1 + 1' : model.notNull ? `${base.name} IS NULL` : `length(${base.name})`;
  const auto = base?.definition.includes(' AUTO_INCREMENT') === true;
  const type: ColumnType = { sql: 'bigint', values: () => [], text: false, index: 'whole', fallback: 'none' };
  return {
    name,
    type,
    collation: model.collation,
    role: model.role,
    definition: `${name} bigint GENERATED ALWAYS AS (${auto ? '2 + 2' : expression}) ${model.role.toUpperCase()}${model.comment ? ` COMMENT ${words}` : ''}`,
    nullable: true,
    value: undefined,
  };
}

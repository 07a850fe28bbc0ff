/** One drawn table with its columns worked out: their definitions, and the values of every row. */
import { oddName, postgresNames } from '../names.ts';
import { literal, quoted, type ResolvedType, resolveType, type TypeModel } from './column-type.ts';
import type { ColumnModel, TableModel } from './schema.ts';

export interface Column {
  readonly name: string;
  readonly type: ResolvedType;
  readonly model: ColumnModel | undefined;
  readonly role: ColumnModel['role'] | 'key' | 'reference';
  readonly definition: string;
  /** SQL of the row's value; undefined: the column is not named in an INSERT. */
  readonly value: ((row: number) => string) | undefined;
  /** As `value`, for the table that inherits it. */
  readonly inherited: ((row: number) => string) | undefined;
  /** It may stand in an index. */
  readonly indexable: boolean;
  readonly nullable: boolean;
}

export interface Table {
  readonly index: number;
  readonly model: TableModel;
  readonly kind: TableModel['kind'];
  readonly schema: string;
  readonly name: string;
  /** With its schema. */
  readonly sql: string;
  readonly parent: Table | undefined;
  readonly own: readonly Column[];
  /** Of its key, partitioned tables of what they are partitioned by too; none where it has neither. */
  readonly keys: readonly Column[];
  /** Types to be created before it. */
  readonly create: readonly string[];
}

export const oddSchema = 'S.p "ace"';

export function resolveTable(model: TableModel, index: number, before: readonly Table[]): Table {
  const bases = before.filter(({ kind }) => ['plain', 'unlogged', 'child'].includes(kind));
  const parent = model.kind === 'child' ? bases[model.name % Math.max(1, bases.length)] : undefined;
  const create: string[] = [];
  const keyTypes = model.key === 'none' && !isPartitioned(model) ? [] : [model.keyType, ...model.moreKeys];
  const keys = keyTypes.map((type, at) => keyColumn(model, type, index, at, create));
  const hashable = keys.every(({ type }) => type.indexes.includes('hash'));
  const kind =
    model.kind === 'child' && parent === undefined
      ? 'plain'
      : model.kind === 'hash' && !hashable
        ? 'range'
        : model.kind;
  const own: Column[] = [...keys];
  for (const [at, column] of model.columns.entries()) {
    own.push(resolveColumn(column, `${index}_${at}`, own, create));
  }
  // Not always first: the order of columns is the model's, with the key somewhere in it.
  if (keys.length > 0 && model.name % 2 === 1) own.push(own.shift() as Column);
  const schema = model.name % 3 === 1 ? oddSchema : 'public';
  const name = quoted(oddName(model.name, `t${index}`, postgresNames));
  return { index, model, kind, schema, name, sql: `${quoted(schema)}.${name}`, parent, own, keys, create };
}

/** All columns, inherited ones first, as the server orders them. */
export function columnsOf(table: Table): { column: Column; value: ((row: number) => string) | undefined }[] {
  const above = table.parent === undefined ? [] : inheritedOf(table.parent);
  return [...above, ...table.own.map((column) => ({ column, value: column.value }))];
}

function inheritedOf(table: Table): { column: Column; value: ((row: number) => string) | undefined }[] {
  const above = table.parent === undefined ? [] : inheritedOf(table.parent);
  return [...above, ...table.own.map((column) => ({ column, value: column.inherited }))];
}

/** By what it is drawn as, or as what it became. */
export function isPartitioned({ kind }: Pick<TableModel, 'kind'>): boolean {
  return ['range', 'list', 'hash'].includes(kind);
}

/** The last of several is different in every row, the others in every second one. */
function keyColumn(model: TableModel, drawn: TypeModel, index: number, at: number, create: string[]): Column {
  const unique = at === 0 ? `k${index}` : `k${index}_${at}`;
  const type = resolveType(drawn, unique);
  create.push(...type.create);
  const { distinct } = type;
  if (distinct === undefined) throw new Error(`${type.sql} makes no key`);
  const nullable = ['none', 'unique', 'deferrable'].includes(model.key);
  const name = quoted(oddName(drawn.name, unique, postgresNames));
  const shared = at < model.moreKeys.length;
  const value = (row: number): string =>
    nullable && row % 5 === 4 ? 'NULL' : literal(distinct(shared ? row >> 1 : row));
  const notNull =
    model.key === 'not null' || (isPartitioned(model) && ['primary', 'both'].includes(model.key));
  return {
    name,
    type,
    model: undefined,
    role: 'key',
    definition: `${name} ${type.sql}${notNull ? ' NOT NULL' : ''}`,
    value,
    inherited: value,
    indexable: true,
    nullable,
  };
}

function resolveColumn(
  model: ColumnModel,
  unique: string,
  before: readonly Column[],
  create: string[],
): Column {
  const name = quoted(oddName(model.name, `c${unique}`, postgresNames));
  const { detail } = model;
  // The server lets no constant of a role stand in a definition.
  const role = model.type.scalar.sql === 'regrole' ? 'plain' : model.role;
  // The server names a sequence after table and column, cut to fit: two that fill their names would meet.
  if (role === 'serial') return numberedColumn(model, quoted(`it's s${unique}`));
  if (role === 'identity') return numberedColumn(model, name);
  const type = resolveType(model.type, unique);
  if (role === 'generated' || role === 'virtual') {
    const column = generatedColumn(model, name, type, before);
    if (column.type === type) create.push(...type.create);
    return column;
  }
  create.push(...type.create);
  const constant = `${literal(type.text(model.picks[0] ?? 0, true))}::${type.cast}`;
  const indexable = role !== 'dropped' && role !== 'late' && type.indexes.length > 0;
  const nullable = !model.notNull;
  const value = (row: number): string => {
    if (role === 'default' && row % 3 === 1) return 'DEFAULT';
    if (nullable && model.nulls && (row * 7 + detail) % 4 === 0) return 'NULL';
    const pick = model.picks[row % model.picks.length] ?? 0;
    return literal(type.text(pick, indexable || row % 8 !== 0));
  };
  const constraint = quoted(`${unique}'s "check"`);
  const definition = [
    `${name} ${type.sql}`,
    ...(role === 'default' || role === 'late' ? [`DEFAULT ${constant}`] : []),
    ...(model.notNull ? ['NOT NULL'] : []),
    ...(role === 'checked' ? [`CONSTRAINT ${constraint} CHECK ((${name} IS NULL) IS NOT NULL)`] : []),
  ].join(' ');
  const inserted = role === 'late' ? undefined : value;
  return { name, type, model, role, definition, value: inserted, inherited: inserted, indexable, nullable };
}

const numbers = ['integer', 'smallint', 'bigint'] as const;

function plainType(sql: string): ResolvedType {
  return {
    sql,
    cast: sql,
    create: [],
    text: () => '0',
    distinct: undefined,
    indexes: ['btree', 'hash'],
    builtIn: true,
    collatable: false,
  };
}

function numberedColumn(model: ColumnModel, name: string): Column {
  const { detail } = model;
  const type = plainType(numbers[detail % 3] as string);
  const common = { name, type, model, role: model.role, value: undefined, indexable: true, nullable: false };
  if (model.role === 'serial') {
    return {
      ...common,
      definition: `${name} ${type.sql.replace('integer', 'int').replace('int', 'serial')}`,
      inherited: undefined,
    };
  }
  const options = [
    '',
    '(START 7 INCREMENT 3)',
    '(MINVALUE -5 START -5 MAXVALUE 20 CYCLE CACHE 4)',
    '(INCREMENT -1)',
  ];
  const always = detail % 2 === 0 ? 'ALWAYS' : 'BY DEFAULT';
  return {
    ...common,
    definition: `${name} ${type.sql} GENERATED ${always} AS IDENTITY ${options[detail % 4]}`,
    inherited: (row) => String(row),
  };
}

function generatedColumn(
  model: ColumnModel,
  name: string,
  own: ResolvedType,
  before: readonly Column[],
): Column {
  const virtual = model.role === 'virtual';
  const base = before.findLast(
    ({ role, type }) =>
      !['generated', 'virtual', 'dropped', 'late'].includes(role) && (!virtual || type.builtIn),
  );
  const made = (type: ResolvedType, expression: string): Column => ({
    name,
    type,
    model,
    role: model.role,
    definition: `${name} ${type.sql} GENERATED ALWAYS AS (${expression}) ${virtual ? 'VIRTUAL' : 'STORED'}`,
    value: undefined,
    inherited: undefined,
    indexable: !virtual && type.indexes.length > 0,
    nullable: true,
  });
  if (base !== undefined && model.detail % 2 === 0) return made(plainType('boolean'), `${base.name} IS NULL`);
  if (virtual && !own.builtIn) return made(plainType('integer'), '1 + 1');
  return made(own, `${literal(own.text(model.picks[0] ?? 0, true))}::${own.cast}`);
}

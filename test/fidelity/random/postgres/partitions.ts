/** The partitions of a drawn table: made as such, or attached as tables that have columns of their own history. */
import { oddName, postgresNames } from '../names.ts';
import { literal, quoted } from './column-type.ts';
import { type Column, isPartitioned, oddSchema, type Table } from './table.ts';

/** What the table's own statement ends in. */
export function partitionClause(table: Table): string {
  return ` PARTITION BY ${table.kind.toUpperCase()} (${partitionKeys(table)
    .map(({ name }) => name)
    .join(', ')})`;
}

/** A list has one column. */
function partitionKeys({ kind, keys, model }: Table): readonly Column[] {
  return kind === 'list' || !model.partitions.wide ? keys.slice(0, 1) : keys;
}

/** `columns` are those of the table's own statement. */
export function partitionStatements(table: Table, columns: readonly Column[]): string[] {
  if (!isPartitioned(table)) return [];
  const { kind, model } = table;
  const [first] = table.keys;
  const keys = partitionKeys(table);
  const make = (n: number, bound: string, of = table.sql, tail = ''): string[] =>
    (model.partitions.attached >> n) % 2 === 1
      ? attached(partitionName(table, n), columns, of, bound, tail)
      : [`CREATE TABLE ${partitionName(table, n)} PARTITION OF ${of} ${bound}${tail}`];
  const nested = (n: number, bound: string): string[] =>
    model.partitions.nested
      ? [
          ...make(n, bound, table.sql, ` PARTITION BY LIST (${first?.name})`),
          ...make(n + 1, 'DEFAULT', partitionName(table, n)),
          ...make(n + 2, `FOR VALUES IN (${at(2, first)})`, partitionName(table, n)),
        ]
      : make(n, bound);
  if (kind === 'hash') {
    return [
      ...make(0, 'FOR VALUES WITH (MODULUS 2, REMAINDER 0)'),
      ...make(1, 'FOR VALUES WITH (MODULUS 4, REMAINDER 1)'),
      ...nested(2, 'FOR VALUES WITH (MODULUS 4, REMAINDER 3)'),
    ];
  }
  if (kind === 'list') {
    return [
      ...make(0, `FOR VALUES IN (${at(0, first)})`),
      ...make(1, `FOR VALUES IN (${at(1, first)}, NULL)`),
      ...nested(2, 'DEFAULT'),
    ];
  }
  const all = (word: string): string => keys.map(() => word).join(', ');
  const middle = keys.map((key) => at(1, key)).join(', ');
  return [
    ...make(0, `FOR VALUES FROM (${all('MINVALUE')}) TO (${middle})`),
    ...make(1, `FOR VALUES FROM (${middle}) TO (${all('MAXVALUE')})`),
    ...nested(2, 'DEFAULT'),
  ];
}

function at(n: number, key: Column | undefined): string {
  return literal(key?.type.distinct?.(n) ?? '');
}

/** Its columns stand the other way round, between two that are gone. */
function attached(
  name: string,
  columns: readonly Column[],
  of: string,
  bound: string,
  tail: string,
): string[] {
  const gone = ['"was first"', '"was last"'];
  const definitions = [
    `${gone[0]} text DEFAULT 'x'`,
    ...columns.map(definitionToAttach).reverse(),
    `${gone[1]} integer`,
  ];
  return [
    `CREATE TABLE ${name} (\n  ${definitions.join(',\n  ')}\n)${tail}`,
    ...gone.map((column) => `ALTER TABLE ${name} DROP COLUMN ${column}`),
    `ALTER TABLE ${of} ATTACH PARTITION ${name} ${bound}`,
  ];
}

/** Numbers come from the table it is attached to; everything else must be as it is there. */
function definitionToAttach({ role, name, type, definition }: Column): string {
  return role === 'identity' || role === 'serial' ? `${name} ${type.sql} NOT NULL` : definition;
}

/** With its schema. */
export function partitionName({ model, index, schema }: Table, n: number): string {
  const other = schema === oddSchema ? 'public' : oddSchema;
  const place = model.partitions.elsewhere ? other : schema;
  return `${quoted(place)}.${quoted(oddName(model.name, `t${index}p${n}`, postgresNames))}`;
}

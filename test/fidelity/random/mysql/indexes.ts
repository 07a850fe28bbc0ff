/** The secondary indexes of a drawn table. */
import { mysqlNames, oddName } from '../names.ts';
import type { SchemaModel, TableModel } from './schema.ts';
import { type Column, quoted, type Table } from './table.ts';

/** Full-text parsers take no other sets. */
const fulltextSets = ['utf8mb4', 'latin1'];
const indexed = ['plain', 'default', 'checked', 'invisible', 'key', 'stored', 'on update'];

export function indexDefinitions(table: Table, family: SchemaModel['family']): string[] {
  let fulltexts = 0;
  return table.model.indexes.flatMap((index, at) => {
    const definition = indexDefinition(table, index, at, family);
    if (definition?.startsWith('FULLTEXT') === true && (fulltexts += 1) > 1) return [];
    return definition === undefined ? [] : [definition];
  });
}

function indexDefinition(
  table: Table,
  index: TableModel['indexes'][number],
  at: number,
  family: SchemaModel['family'],
): string | undefined {
  const usable = table.columns.filter(({ role, type }) => indexed.includes(role) && type.index !== 'none');
  const chosen = [...new Set(index.columns.map((n) => usable[n % Math.max(1, usable.length)]))].filter(
    (column): column is Column => column !== undefined,
  );
  const [first] = chosen;
  if (first === undefined) return undefined;
  // MySQL makes the name of a hidden column of it, and tells its bytes.
  const limits = index.form === 'expression' ? { ...mysqlNames, most: 12 } : mysqlNames;
  const name = quoted(oddName(index.name, `i${table.index}_${at}`, limits));
  const plain = chosen.filter(({ type }) => type.index !== 'spatial');
  const parts = (direction = ''): string =>
    plain.map((column) => part(column, index.form === 'prefix') + direction).join(', ');
  const key = plain.length === 0 ? undefined : `KEY ${name} (${parts()})`;
  switch (index.form) {
    case 'plain':
    case 'prefix':
      return key;
    case 'descending':
      return plain.length === 0 ? undefined : `KEY ${name} (${parts(' DESC')})`;
    case 'unique':
      // The key's column makes any list of columns unique.
      if (table.key === undefined) return key;
      return `UNIQUE KEY ${name} (${[...plain.filter((one) => one !== table.key).map((one) => part(one, true)), table.key.name].join(', ')})`;
    case 'fulltext': {
      const texts = plain.filter(
        ({ type, collation, role }) =>
          type.text &&
          /char|text/.test(type.sql) &&
          fulltextSets.includes(collation.charset) &&
          role !== 'key',
      );
      const [text] = texts;
      if (text === undefined || table.partition !== 'none') return key;
      return `FULLTEXT KEY ${name} (${text.name})`;
    }
    case 'spatial':
      if (first.type.index !== 'spatial' || first.nullable || table.partition !== 'none') return key;
      return `SPATIAL KEY ${name} (${first.name})`;
    case 'expression':
      return family === 'mysql' && !first.definition.includes(' AUTO_INCREMENT')
        ? `KEY ${name} ((${first.name} IS NULL), (1 + 1))`
        : key;
    case 'hidden':
      return key === undefined ? undefined : `${key} ${family === 'mysql' ? 'INVISIBLE' : 'IGNORED'}`;
  }
}

function part({ name, type, role }: Column, prefix: boolean): string {
  if (type.index === 'prefix') return `${name}(9)`;
  // Of what it partitions by, MySQL takes no prefix.
  if (role === 'key') return name;
  const length = /^(?:var)?char\((\d+)\)/.exec(type.sql)?.[1];
  return prefix && Number(length ?? 0) > 5 ? `${name}(5)` : name;
}

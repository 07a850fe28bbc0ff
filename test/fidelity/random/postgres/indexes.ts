/** The indexes of a drawn table. */
import { oddName, postgresNames } from '../names.ts';
import { quoted } from './column-type.ts';
import type { IndexMethod } from './scalar.ts';
import type { IndexModel } from './schema.ts';
import type { Column, Table } from './table.ts';

const single: readonly IndexMethod[] = ['hash', 'spgist'];
const covering: readonly IndexMethod[] = ['btree', 'gist', 'spgist'];

export function indexStatements(table: Table): string[] {
  const { keys, model, index } = table;
  const statements = model.indexes.flatMap((one, at) => indexStatement(table, one, at));
  const list = keys.map(({ name }) => name).join(', ');
  if (model.key === 'both' && table.kind !== 'hash') {
    const name = quoted(oddName(model.name, `u${index}`, postgresNames));
    const where = ['range', 'list'].includes(table.kind) ? '' : ` WHERE ${keys[0]?.name} IS NOT NULL`;
    statements.push(
      `CREATE UNIQUE INDEX ${name} ON ${table.sql} (${list}, (${keys[0]?.name} IS NULL))${where}`,
    );
  }
  return statements;
}

function indexStatement(table: Table, index: IndexModel, at: number): string[] {
  const usable = table.own.filter((column) => column.indexable);
  const chosen = [...new Set(index.columns.map((n) => usable[n % Math.max(1, usable.length)]))].filter(
    (column): column is Column => column !== undefined,
  );
  const [first] = chosen;
  if (first === undefined) return [];
  const name = quoted(oddName(index.name, `i${table.index}_${at}`, postgresNames));
  const make = (using: string): string[] => [`CREATE INDEX ${name} ON ${table.sql} USING ${using}`];
  if (index.form === 'expression') return make(`btree ((${first.name} IS NULL), ${rowIsNull(chosen)})`);
  const method = first.type.indexes[index.method % first.type.indexes.length] as IndexMethod;
  const columns = single.includes(method)
    ? [first]
    : chosen.filter(({ type }) => type.indexes.includes(method));
  const plain = columns.map((column) => column.name).join(', ');
  switch (index.form) {
    case 'plain':
      return make(`${method} (${plain})`);
    case 'partial':
      return make(`${method} (${plain}) WHERE ${first.name} IS NOT NULL`);
    case 'include': {
      const beside = usable.find((column) => !columns.includes(column));
      const include = beside === undefined || !covering.includes(method) ? '' : ` INCLUDE (${beside.name})`;
      return make(`${method} (${plain})${include}`);
    }
    case 'ordered': {
      if (method !== 'btree') return make(`${method} (${plain})`);
      const parts = columns.map(
        ({ name: column, type }, n) =>
          `${column}${type.collatable ? ' COLLATE "C"' : ''} ${n % 2 === 0 ? 'DESC NULLS LAST' : 'ASC NULLS FIRST'}`,
      );
      return make(`btree (${parts.join(', ')})`);
    }
    case 'parameters':
      return make(`${method} (${plain}) WITH (${parameterOf(method)})`);
  }
}

function rowIsNull(columns: readonly Column[]): string {
  return `(${columns.map(({ name }) => `${name} IS NULL`).join(' OR ')})`;
}

function parameterOf(method: IndexMethod): string {
  if (method === 'gin') return 'fastupdate = off';
  return method === 'brin' ? 'pages_per_range = 1' : 'fillfactor = 50';
}

/** Foreign keys from one drawn table to another, or to itself: their columns, and the constraint. */
import { oddName, postgresNames } from '../names.ts';
import { quoted } from './column-type.ts';
import type { ReferenceForm, ReferenceModel } from './schema.ts';
import { type Column, isPartitioned, type Table } from './table.ts';

export interface Link {
  readonly columns: readonly Column[];
  readonly constraint: string;
}

/** Its key may be referred to. */
export function isReferable(table: Table): boolean {
  return ['primary', 'unique', 'nulls not distinct', 'both'].includes(table.model.key);
}

export function linksOf(table: Table, parents: readonly Table[]): Link[] {
  return table.model.references.flatMap((reference, at) => {
    const fit = parents.filter((parent) => parent.kind !== 'unlogged' || table.kind === 'unlogged');
    const parent = fit[reference.parent % Math.max(1, fit.length)];
    return parent === undefined ? [] : [linkTo(table, parent, reference, at)];
  });
}

function linkTo(table: Table, parent: Table, reference: ReferenceModel, at: number): Link {
  const columns = parent.keys.map((key, n) => referring(table, parent, key, reference, at, n));
  // A letter last: for a partitioned parent the server makes names of its own, which end in _1 where this one has its last bytes.
  const constraint = quoted(oddName(reference.parent, `fk${table.index}_${at}k`, postgresNames));
  // The order of the key's columns is not the constraint's.
  const pairs = columns.map(({ name }, n) => [name, parent.keys[n]?.name] as const);
  if (reference.parent % 2 === 1) pairs.reverse();
  const [from, to] = [0, 1].map((side) => pairs.map((pair) => pair[side]).join(', '));
  const form = formOf(reference.form, table, columns[0]?.name ?? '');
  return {
    columns,
    constraint: `ALTER TABLE ${table.sql} ADD CONSTRAINT ${constraint} FOREIGN KEY (${from}) REFERENCES ${parent.sql} (${to})${form}`,
  };
}

function referring(
  table: Table,
  parent: Table,
  key: Column,
  reference: ReferenceModel,
  at: number,
  n: number,
): Column {
  const name = quoted(oddName(reference.parent, `f${table.index}_${at}_${n}`, postgresNames));
  const { rows } = parent.model;
  const value = (row: number): string => {
    if (rows === 0 || (reference.nulls && row % 3 === 0)) return 'NULL';
    // Some NULL, some not: no reference, unless the match is to be full.
    if (reference.nulls && row % 3 === 1 && n > 0 && reference.form !== 'full') return 'NULL';
    return key.value?.((row * 7 + at) % rows) ?? 'NULL';
  };
  return {
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
}

function formOf(form: ReferenceForm, table: Table, first: string): string {
  switch (form) {
    case 'plain':
      return '';
    case 'deferred':
      return ' DEFERRABLE INITIALLY DEFERRED';
    case 'not valid':
      return isPartitioned(table) ? '' : ' NOT VALID';
    case 'cascade':
      return ' ON UPDATE CASCADE ON DELETE SET NULL';
    case 'full':
      return ' MATCH FULL ON DELETE CASCADE';
    case 'some set to null':
      // Of a partition's own key the server takes the column by its number in the table above: another, or none at all.
      if (isPartitioned(table)) return '';
      return ` ON UPDATE SET DEFAULT ON DELETE SET NULL (${first})`;
    case 'not enforced':
      return ' NOT ENFORCED';
  }
}

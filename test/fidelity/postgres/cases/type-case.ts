/** Cases about values: a schema with the type's name, a table `t` in it, and one row for each value. */
import type { FidelityCase } from '../../case.ts';

/** The database that these cases share. */
const database = 'types';

interface TypeCase {
  readonly item: string;
  readonly schema: string;
  /** Batches, run with the case's schema first on the search path. */
  readonly setup: readonly string[];
  /** Of the schema's things by qualified names. */
  readonly proof: readonly string[];
  readonly exists?: FidelityCase['exists'];
}

export function typeCase({ item, schema, setup, proof, exists }: TypeCase): FidelityCase {
  return {
    group: 'types',
    item,
    database,
    schemas: [schema],
    setup: [`CREATE SCHEMA ${schema}; SET search_path = ${schema}, public`, ...setup],
    proof,
    ...(exists === undefined ? {} : { exists }),
  };
}

/** `type` with these values, each an expression as SQL writes it: quoted literals stand for themselves. */
export function valuesCase(
  options: Omit<TypeCase, 'setup' | 'proof'> & {
    readonly type: string;
    readonly values: readonly string[];
    /** Before the table is made. */
    readonly before?: readonly string[];
    readonly proof?: readonly string[];
  },
): FidelityCase {
  const { item, schema, type, values, before = [], proof = [], exists } = options;
  const rows = values.map((value, i) => `(${i + 1}, ${value})`).join(', ');
  return typeCase({
    item,
    schema,
    setup: [
      ...before,
      `CREATE TABLE t (id int PRIMARY KEY, v ${type}); INSERT INTO t VALUES ${rows}, (0, NULL)`,
    ],
    proof: [
      `SELECT count(v) = ${values.length} AND count(*) = ${values.length + 1} FROM ${schema}.t`,
      ...proof,
    ],
    ...(exists === undefined ? {} : { exists }),
  });
}

/** Literals of text without quotes in them. */
export function literals(...values: readonly string[]): string[] {
  return values.map((value) => `'${value}'`);
}

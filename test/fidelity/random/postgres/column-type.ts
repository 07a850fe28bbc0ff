/** A column's type as it is drawn, and what it becomes on a server: what to create first, how to write its values. */
import fc from 'fast-check';
import { Dice } from '../dice.ts';
import { greatestNamePick, oddName, postgresNames } from '../names.ts';
import { plainTypes } from './plain-scalars.ts';
import type { IndexMethod, Scalar } from './scalar.ts';
import { documentTypes, geometricTypes, otherTypes, rangeTypes } from './special-scalars.ts';
import { dateTypes } from './time-scalars.ts';

export type Wrap = 'none' | 'array' | 'domain' | 'domain array' | 'composite' | 'enum' | 'range' | 'nested';

export interface TypeModel {
  /** Index into the server's scalars. */
  readonly scalar: Scalar;
  readonly wrap: Wrap;
  /** The second field of a composite. */
  readonly beside: Scalar;
  readonly name: number;
  /** Index into `collations`; of types that take one. */
  readonly collation: number;
}

export interface ResolvedType {
  /** With its collation, as a column is declared. */
  readonly sql: string;
  /** For a cast; without collation. */
  readonly cast: string;
  readonly create: readonly string[];
  /** Input text; `small` leaves out what would not fit an index or every row. */
  readonly text: (pick: number, small: boolean) => string;
  readonly distinct: ((n: number) => string) | undefined;
  readonly indexes: readonly IndexMethod[];
  /** Made of the server's own types only. */
  readonly builtIn: boolean;
  readonly collatable: boolean;
}

/** Made in every schema of ours, beside those of the server. */
export const insensitive = 'no "case"';
const collations = ['', 'C', 'POSIX', 'de-x-icu', 'und-x-icu', 'sv-SE-x-icu', insensitive];

export function scalarsOf(major: number): Scalar[] {
  return [
    ...plainTypes(),
    ...dateTypes(major),
    ...documentTypes(),
    ...geometricTypes(),
    ...otherTypes(),
    ...rangeTypes(),
  ];
}

const wraps: readonly Wrap[] = [
  'none',
  'array',
  'domain',
  'domain array',
  'composite',
  'enum',
  'range',
  'nested',
];

export function typeArbitrary(
  scalars: readonly Scalar[],
  wrapped: readonly Wrap[] = ['none', 'none', 'none', 'none', 'none', 'none', ...wraps],
): fc.Arbitrary<TypeModel> {
  return fc.record({
    scalar: fc.constantFrom(...scalars),
    wrap: fc.constantFrom(...wrapped),
    beside: fc.constantFrom(...scalars),
    name: fc.nat(greatestNamePick),
    collation: fc.nat(collations.length - 1),
  });
}

export function quoted(name: string): string {
  return `"${name.replaceAll('"', '""')}"`;
}

export function literal(text: string): string {
  return text.includes('\\')
    ? `E'${text.replaceAll('\\', '\\\\').replaceAll("'", "''")}'`
    : `'${text.replaceAll("'", "''")}'`;
}

/** `unique` tells the names of what it creates apart. */
export function resolveType(model: TypeModel, unique: string): ResolvedType {
  const { scalar, wrap } = model;
  const name = quoted(oddName(model.name, `y${unique}`, postgresNames));
  const collation = scalar.collatable === true ? (collations[model.collation] ?? '') : '';
  const collate =
    collation === '' ? '' : ` COLLATE ${collation === insensitive ? '' : 'pg_catalog.'}${quoted(collation)}`;
  const plain = (pick: number, small: boolean): string => scalarText(scalar, pick, small);
  const none = { create: [], distinct: undefined, indexes: [], builtIn: false, collatable: false };
  switch (wrap) {
    case 'none':
      return {
        sql: scalar.sql + collate,
        cast: scalar.sql,
        create: [],
        text: plain,
        distinct: scalar.distinct,
        indexes: scalar.indexes,
        builtIn: true,
        collatable: scalar.collatable === true,
      };
    case 'array':
      return {
        ...none,
        sql: `${scalar.sql}[]${collate}`,
        cast: `${scalar.sql}[]`,
        text: arrayOf(scalar.delimiter, plain),
        indexes: scalar.indexes.includes('btree') ? ['btree', 'gin'] : [],
        builtIn: true,
      };
    case 'domain':
    case 'domain array': {
      const create = [
        `CREATE DOMAIN ${name} AS ${scalar.sql}${collate} CONSTRAINT ${quoted(`${unique} %`)} CHECK ((VALUE IS NULL) IS NOT NULL)`,
      ];
      if (wrap === 'domain array') {
        return {
          ...none,
          sql: `${name}[]`,
          cast: `${name}[]`,
          create,
          text: arrayOf(scalar.delimiter, plain),
        };
      }
      return {
        ...none,
        sql: name,
        cast: name,
        create,
        text: plain,
        distinct: scalar.distinct,
        indexes: scalar.indexes,
      };
    }
    case 'composite':
    case 'nested': {
      const field = quoted(oddName(model.name, 'f', postgresNames));
      const create = [
        `CREATE TYPE ${name} AS (${field} ${scalar.sql}${collate}, b ${model.beside.sql}, "b " integer)`,
      ];
      const row = compositeOf(plain, (pick, small) => scalarText(model.beside, pick, small));
      if (wrap === 'composite') return { ...none, sql: name, cast: name, create, text: row };
      return { ...none, sql: `${name}[]`, cast: `${name}[]`, create, text: arrayOf(undefined, row) };
    }
    case 'enum': {
      const labels = ['a', '', 'A b', `it's "q"`, '\\', 'é😀', ',', '{}', 'tab\t'];
      const create = [`CREATE TYPE ${name} AS ENUM (${labels.map(literal).join(', ')})`];
      const text = (pick: number): string => labels[pick % labels.length] as string;
      return { ...none, sql: name, cast: name, create, text, indexes: ['btree', 'hash'] };
    }
    case 'range': {
      if (!scalar.indexes.includes('btree')) return resolveType({ ...model, wrap: 'none' }, unique);
      const subtype = collation === '' ? '' : `, collation =${collate.slice(' COLLATE'.length)}`;
      const create = [
        `CREATE TYPE ${name} AS RANGE (subtype = ${scalar.sql}${subtype}, multirange_type_name = ${quoted(`m${unique}`)})`,
      ];
      return {
        ...none,
        sql: name,
        cast: name,
        create,
        text: rangeOf(plain),
        indexes: scalar.indexes.includes('hash')
          ? ['btree', 'hash', 'gist', 'spgist']
          : ['btree', 'gist', 'spgist'],
      };
    }
  }
}

/** Even several of them, doubled by escapes, go into one entry of an index. */
const smallLength = 130;

function scalarText(scalar: Scalar, pick: number, small: boolean): string {
  const values = small
    ? scalar.texts.filter((text) => text.length <= smallLength)
    : [...scalar.texts, ...(scalar.large ?? [])];
  // Below a hundred the listed values, from the plain one up; beyond it any.
  if (pick < 100 || scalar.random === undefined) return values[pick % values.length] as string;
  return scalar.random(new Dice(pick));
}

type Text = (pick: number, small: boolean) => string;

function arrayOf(delimiter = ',', element: Text): Text {
  const one = (pick: number, small: boolean): string => inDoubleQuotes(element(pick, small));
  return (pick, small) => {
    const item = (n: number): string => one(pick + n, small);
    switch (pick % (small ? 6 : 7)) {
      case 0:
        return `{${item(0)}}`;
      case 1:
        return '{}';
      case 2:
        return `{${['NULL', item(0), item(1), item(0), 'NULL'].join(delimiter)}}`;
      case 3:
        return `{{${item(0)}${delimiter}${item(1)}}${delimiter}{NULL${delimiter}${item(2)}}}`;
      case 4:
        return `[-3:-2]={${item(1)}${delimiter}${item(0)}}`;
      case 5:
        return `[0:0][2147483646:2147483646]={{${item(2)}}}`;
      default:
        return `{${Array.from({ length: 40 }, (_, n) => one(pick + n, true)).join(delimiter)}}`;
    }
  };
}

function inDoubleQuotes(text: string): string {
  return `"${text.replaceAll('\\', '\\\\').replaceAll('"', '\\"')}"`;
}

function compositeOf(first: Text, second: Text): Text {
  return (pick, small) => {
    const a = pick % 5 === 4 ? '' : inDoubleQuotes(first(pick, small));
    const b = pick % 3 === 2 ? '' : inDoubleQuotes(second(pick >>> 1, true));
    return `(${a},${b},${pick % 4 === 3 ? '' : pick % 1000})`;
  };
}

function rangeOf(bound: Text): Text {
  return (pick, small) => {
    const at = inDoubleQuotes(bound(pick, small));
    return [`[${at},${at}]`, 'empty', '(,)', `[${at},)`, `(,${at})`, `(,${at}]`][pick % 6] as string;
  };
}

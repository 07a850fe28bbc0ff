/**
 * Foreign keys that a server takes with their table alone, and only while the table that they point to is not there: it keeps such
 * keys when the other table is replaced by one of another character set, or without an index. All text is bytes as latin1.
 */
import { type CreateTable, withoutQuoted } from '../schema/create-table.ts';

const name = '`(?:[^`]|``)*`';
const names = `\\((${name}(?:, ${name})*)\\)`;
const foreignKey = new RegExp(
  `^(?:CONSTRAINT ${name} )?FOREIGN KEY (?:${name} )?${names} REFERENCES (?:(${name})\\.)?(${name}) ${names}([^]*)$`,
);
const indexed = new RegExp(`^(?:PRIMARY KEY|UNIQUE KEY ${name}|KEY ${name}) \\((.*)\\)`, 's');
const actions = / ON (?:DELETE|UPDATE) (?:CASCADE|SET NULL|SET DEFAULT)/;

interface Key {
  readonly columns: readonly string[];
  readonly parent: string;
  readonly referenced: readonly string[];
  readonly acts: boolean;
}

interface Shape {
  /** What both ends of a key must have in common, by quoted name. */
  readonly columns: ReadonlyMap<string, string>;
  /** Quoted names at the beginning of each index, of columns that it has whole. */
  readonly indexes: readonly (readonly string[])[];
  readonly keys: readonly Key[];
  readonly stores: boolean;
}

/** Tables, each as `idOf` tells it. */
export interface OddKeys {
  /** To be made before all others, with their foreign keys, those of the lowest turn first. */
  readonly children: ReadonlyMap<string, number>;
  /** What those point to. Neither waits for its indexes. */
  readonly parents: ReadonlySet<string>;
}

/** The tables of a set, as far as their foreign keys are concerned. Names of databases and tables are bytes as latin1. */
export class KeyShapes {
  readonly #shapes = new Map<string, Shape>();

  add(database: string, table: CreateTable): void {
    this.#shapes.set(idOf(database, table.name), shapeOf(database, table));
  }

  odd(): OddKeys {
    const odd = [...this.#shapes].filter(([, shape]) => shape.keys.some((key) => this.#isOdd(shape, key)));
    const children = new Map(odd.map(([id]) => [id, this.#turnOf(id, odd, new Set())]));
    return { children, parents: new Set(odd.flatMap(([, { keys }]) => keys.map(({ parent }) => parent))) };
  }

  /** Each after those that point to it; where they go round in a circle, as they come. */
  #turnOf(id: string, odd: readonly (readonly [string, Shape])[], asked: ReadonlySet<string>): number {
    const above = odd.filter(
      ([other, { keys }]) => other !== id && !asked.has(other) && keys.some(({ parent }) => parent === id),
    );
    const turns = above.map(([other]) => this.#turnOf(other, odd, new Set([...asked, id])) + 1);
    return Math.max(0, ...turns);
  }

  #isOdd(child: Shape, key: Key): boolean {
    // Refused by the way that adds a key to a table without copying it.
    if (child.stores && key.acts) return true;
    const parent = this.#shapes.get(key.parent);
    if (parent === undefined) return false;
    const alike = key.columns.every(
      (column, at) => child.columns.get(column) === parent.columns.get(key.referenced[at] ?? ''),
    );
    const first = key.referenced.toSorted().join();
    const found = parent.indexes.some(
      (index) => index.slice(0, key.referenced.length).toSorted().join() === first,
    );
    return !alike || !found;
  }
}

export function idOf(database: string, table: string): string {
  return `${database}\0${table}`;
}

function shapeOf(database: string, { definitions, tail }: CreateTable): Shape {
  const columns = new Map<string, string>();
  for (const definition of definitions) {
    const own = new RegExp(`^${name}`).exec(definition)?.[0];
    if (own !== undefined) columns.set(own, signatureOf(withoutQuoted(definition), withoutQuoted(tail)));
  }
  return {
    columns,
    indexes: definitions.flatMap((definition) => {
      const list = indexed.exec(definition)?.[1];
      return list === undefined ? [] : [wholeColumns(list)];
    }),
    keys: definitions.flatMap((definition) => keyOf(database, definition) ?? []),
    stores: definitions.some((definition) => / (?:STORED|PERSISTENT)\b/.test(withoutQuoted(definition))),
  };
}

function keyOf(database: string, definition: string): Key | undefined {
  const found = foreignKey.exec(definition);
  if (found === null) return undefined;
  const [, columns = '', other, table = '', referenced = '', rest = ''] = found;
  return {
    columns: quotedNames(columns),
    parent: idOf(other === undefined ? database : unquoted(other), unquoted(table)),
    referenced: quotedNames(referenced),
    acts: actions.test(withoutQuoted(rest)),
  };
}

/** Type and sign of a number, character set and collation of a text. Both arguments are without what is in quotes. */
function signatureOf(definition: string, tail: string): string {
  const [, type = '', rest = ''] = /^ ([a-z]+)(.*)$/s.exec(definition) ?? [];
  if (!/char|text|enum|set/.test(type)) return `${type} ${/ unsigned\b/.test(rest)}`;
  const of = (pattern: RegExp, fallback: RegExp): string =>
    pattern.exec(rest)?.[1] ?? fallback.exec(tail)?.[1] ?? '';
  const ownCharset = / CHARACTER SET (\w+)/.exec(rest)?.[1];
  const collation =
    ownCharset === undefined
      ? of(/ COLLATE (\w+)/, / COLLATE=(\w+)/)
      : (/ COLLATE (\w+)/.exec(rest)?.[1] ?? ownCharset);
  return `text ${of(/ CHARACTER SET (\w+)/, / CHARSET=(\w+)/)} ${collation}`;
}

function quotedNames(list: string): string[] {
  return list.match(new RegExp(name, 'g')) ?? [];
}

/** Those before the first of which an index has only the beginning: no foreign key can point to that one. */
function wholeColumns(list: string): string[] {
  const parts = [...list.matchAll(new RegExp(`(${name})(\\(\\d+\\))?`, 'g'))];
  const cut = parts.findIndex(([, , prefix]) => prefix !== undefined);
  return (cut === -1 ? parts : parts.slice(0, cut)).map(([, column = '']) => column);
}

function unquoted(quoted: string): string {
  return quoted.slice(1, -1).replaceAll('``', '`');
}

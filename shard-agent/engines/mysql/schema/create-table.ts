/**
 * SHOW CREATE TABLE's text, taken apart at its commas and nowhere else: a restore leaves out of it what is better built
 * after the data, and puts the staging's names where it names its own database.
 */
import { quoteName } from '../connection/quoting.ts';
import { sayFloatAgain } from './float-default.ts';
import { type KeyPlace, strayForeignKey } from './foreign-key.ts';

export interface CreateTable {
  readonly name: string;
  /** Up to and with the opening bracket. */
  readonly head: string;
  readonly definitions: readonly string[];
  /** From the closing bracket on. */
  readonly tail: string;
}

/** The index after the quoted text that begins at `at`. */
function afterQuoted(sql: string, at: number): number {
  const quote = sql[at];
  let next = at + 1;
  while (next < sql.length) {
    if (sql[next] === '\\' && quote !== '`') next += 2;
    else if (sql[next] !== quote) next += 1;
    else if (sql[next + 1] === quote) next += 2;
    else return next + 1;
  }
  return next;
}

function isQuote(character: string | undefined): boolean {
  return character === '`' || character === "'" || character === '"';
}

function unquoteName(quoted: string): string {
  return quoted.slice(1, -1).replaceAll('``', '`');
}

/** Undefined when the text is no CREATE TABLE with a list of definitions. */
export function parseCreateTable(sql: string): CreateTable | undefined {
  const begin = /^CREATE TABLE (?:IF NOT EXISTS )?(?=`)/.exec(sql);
  if (begin === null) return undefined;
  const nameEnd = afterQuoted(sql, begin[0].length);
  const open = sql.indexOf('(', nameEnd);
  if (open === -1) return undefined;
  const definitions: string[] = [];
  let depth = 1;
  let from = open + 1;
  for (let at = open + 1; at < sql.length; ) {
    const character = sql[at];
    if (isQuote(character)) {
      at = afterQuoted(sql, at);
      continue;
    }
    if (character === '(') depth += 1;
    if (character === ')') depth -= 1;
    if (depth === 0 || (depth === 1 && character === ',')) {
      definitions.push(sql.slice(from, at).trim());
      from = at + 1;
    }
    if (depth === 0) {
      const name = unquoteName(sql.slice(begin[0].length, nameEnd));
      return { name, head: sql.slice(0, open + 1), definitions, tail: sql.slice(at) };
    }
    at += 1;
  }
  return undefined;
}

const foreignKey = /^(?:CONSTRAINT `(?:[^`]|``)*` )?FOREIGN KEY /;
const secondaryKey = /^(?:UNIQUE |FULLTEXT |SPATIAL )?KEY /;

export interface StagedTable {
  readonly name: string;
  readonly create: string;
  /** `ADD …` clauses to be run after the data, each list in one statement: InnoDB makes one FULLTEXT index at a time. */
  readonly keys: readonly (readonly string[])[];
  /** The same, in one statement, after the keys of all tables. */
  readonly foreignKeys: readonly string[];
  /** `ALTER COLUMN …` clauses for after each other ALTER TABLE, which rounds the defaults of FLOAT columns. */
  readonly floats: readonly string[];
  /** `MODIFY …` clauses for after the switch: defaults that name a sequence keep the staging's name otherwise. */
  readonly restated: readonly string[];
}

/**
 * `databases`: final name to staging name. Secondary indexes are left for later when `deferKeys`, foreign keys unless `keepForeignKeys`:
 * with them, tables would have to be made in an order. `place`: to tell which of them point out of the set.
 * Unique keys stay when one of them does, so that the server shows all in the same order again.
 */
export function stageTable(
  table: CreateTable,
  databases: ReadonlyMap<string, string>,
  deferKeys: boolean,
  place?: KeyPlace,
  keepForeignKeys = false,
): StagedTable {
  const own = table.definitions.map((definition) => withoutImpliedCollation(definition, table.tail));
  const definitions = own.map(
    (definition) => (place && strayForeignKey(definition, place)) ?? renameQualifiers(definition, databases),
  );
  const deferrable = deferKeys && autoIncrementIsPrimary(definitions);
  const uniquesStay = definitions.some((definition) => comparesRows(withoutQuoted(definition)));
  const keys = definitions.filter(
    (definition) =>
      deferrable && secondaryKey.test(definition) && !(uniquesStay && definition.startsWith('UNIQUE ')),
  );
  const foreignKeys = keepForeignKeys ? [] : definitions.filter((definition) => foreignKey.test(definition));
  const kept = definitions.filter(
    (definition) => !keys.includes(definition) && !foreignKeys.includes(definition),
  );
  return {
    name: table.name,
    create: `${table.head}\n  ${kept.join(',\n  ')}\n${table.tail}`,
    keys: statements(keys.map((key) => `ADD ${key}`)),
    foreignKeys: foreignKeys.map((key) => `ADD ${key}`),
    floats: kept.flatMap((definition) => sayFloatAgain(definition) ?? []),
    restated: own
      .filter((definition, index) => definition.startsWith('`') && definition !== definitions[index])
      .map((definition) => `MODIFY ${definition}`),
  };
}

/**
 * MySQL shows a column's collation also where the column was given none and has the table's, and then, once it is given,
 * with its character set: the column would no longer follow the table.
 */
function withoutImpliedCollation(definition: string, tail: string): string {
  const collation = / COLLATE=(\w+)/.exec(withoutQuoted(tail))?.[1];
  if (collation === undefined || !definition.startsWith('`')) return definition;
  if (withoutQuoted(definition).includes(' CHARACTER SET ')) return definition;
  return replaceUnquoted(definition, new RegExp(` COLLATE ${collation}(?![\\w])`), '');
}

function statements(clauses: readonly string[]): string[][] {
  const fulltext = clauses.filter((clause) => clause.startsWith('ADD FULLTEXT '));
  const others = clauses.filter((clause) => !fulltext.includes(clause));
  return [...(others.length > 0 ? [others] : []), ...fulltext.map((clause) => [clause])];
}

/** Is this, without its quoted parts, a key that InnoDB does not keep unique itself? The server reads rows for each new one. */
export function comparesRows(words: string): boolean {
  return /^(?:UNIQUE|PRIMARY) KEY\b/.test(words) && / USING HASH| WITHOUT OVERLAPS/.test(words);
}

/** An AUTO_INCREMENT column must lead some index from the start: deferring is safe when that is the primary key. */
function autoIncrementIsPrimary(definitions: readonly string[]): boolean {
  const column = definitions.find(
    (definition) => definition.startsWith('`') && /\bAUTO_INCREMENT\b/.test(withoutQuoted(definition)),
  );
  const primary = definitions.find((definition) => definition.startsWith('PRIMARY KEY ('));
  if (primary === undefined) return false;
  if (column === undefined) return true;
  return primary.startsWith(`PRIMARY KEY (${column.slice(0, afterQuoted(column, 0))}`);
}

/** The words of a definition: no name, no text. */
export function withoutQuoted(text: string): string {
  let kept = '';
  for (let at = 0; at < text.length; ) {
    if (isQuote(text[at])) at = afterQuoted(text, at);
    else {
      kept += text[at];
      at += 1;
    }
  }
  return kept;
}

/** Replaces `database`. in front of another quoted name; text in quotes stays as it is. */
export function renameQualifiers(text: string, databases: ReadonlyMap<string, string>): string {
  let renamed = '';
  for (let at = 0; at < text.length; ) {
    if (!isQuote(text[at])) {
      renamed += text[at];
      at += 1;
      continue;
    }
    const end = afterQuoted(text, at);
    const token = text.slice(at, end);
    const staging =
      token.startsWith('`') && text.startsWith('.`', end) && text[at - 1] !== '.'
        ? databases.get(unquoteName(token))
        : undefined;
    renamed += staging === undefined ? token : quoteName(staging);
    at = end;
  }
  return renamed;
}

/** The statement with the first occurrence, outside of quotes, of `from` replaced. */
export function replaceUnquoted(text: string, from: RegExp, to: string): string {
  let at = 0;
  while (at < text.length) {
    if (isQuote(text[at])) {
      at = afterQuoted(text, at);
      continue;
    }
    const sticky = new RegExp(from.source, 'y');
    sticky.lastIndex = at;
    const found = sticky.exec(text);
    if (found !== null) return text.slice(0, at) + to + text.slice(at + found[0].length);
    at += 1;
  }
  return text;
}

/** MariaDB shows the default of a DOUBLE that is -0 as `-0`, which as a statement is the integer 0. */
export function withSignedZeros(create: string): string {
  const signed = replaceUnquoted(create, / DEFAULT -0(?:\.0*)?(?![\d.e])/, ' DEFAULT -0e0');
  return signed === create ? create : withSignedZeros(signed);
}

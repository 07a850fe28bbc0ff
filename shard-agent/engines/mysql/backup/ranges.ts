/**
 * Cutting a table into ranges of its key, so that several lanes read it side by side. Boundaries are keys that stand in
 * the table, found by a few probes of the index: guess a value between two keys, ask for the first key from there on.
 * Whatever is guessed, the ranges meet without gap or overlap, since the server compares with the same boundaries.
 */
import type { Column, Table, UniqueKey } from '../catalogue.ts';
import { quoteName } from '../connection/quoting.ts';
import type { Dialect } from '../dialect.ts';
import type { Wire } from '../connection/wire.ts';

/** One key value as SQL literals, in the order of the key's columns. */
export type Bound = readonly string[];

export interface KeyRange {
  /** Undefined: from the beginning. */
  readonly from: Bound | undefined;
  /** Not included. Undefined: to the end. */
  readonly to: Bound | undefined;
  /** Of the table's rows, as the server estimates it. */
  readonly share: number;
}

const greatestPieces = 1024;
const whole: KeyRange = { from: undefined, to: undefined, share: 1 };

/** Written out, not as a row comparison: the row form scans the whole index. `orEqual` counts for the last column. */
function beyond(key: UniqueKey, bound: Bound, sign: '<' | '>', orEqual: boolean): string {
  const last = key.columns.length - 1;
  const level = (index: number): string => {
    const name = quoteName(key.columns[index]?.name ?? '');
    const value = bound[index] ?? 'NULL';
    if (index === last) return `${name} ${sign}${orEqual ? '=' : ''} ${value}`;
    return `(${name} ${sign} ${value} OR (${name} = ${value} AND ${level(index + 1)}))`;
  };
  return level(0);
}

export function rangeCondition(key: UniqueKey, from: Bound | undefined, to: Bound | undefined): string {
  const conditions: string[] = [];
  if (from !== undefined) conditions.push(beyond(key, from, '>', true));
  if (to !== undefined) conditions.push(beyond(key, to, '<', false));
  return conditions.length === 0 ? '' : ` WHERE ${conditions.join(' AND ')}`;
}

/** About as many ranges as asked for, in key order; one when the key cannot be cut exactly. */
export async function planRanges(
  wire: Wire,
  dialect: Dialect,
  table: Table,
  pieces: number,
): Promise<KeyRange[]> {
  const { key } = table;
  if (key === undefined || pieces <= 1 || !key.columns.every((column) => kindOf(column) !== undefined)) {
    return [whole];
  }
  const finder = new Finder(wire, dialect, table, key);
  const first = await finder.edge('ASC');
  const last = await finder.edge('DESC');
  if (first === undefined || last === undefined || same(first, last)) return [whole];
  const splitting = [await finder.measured(first, last)];
  const done: Piece[] = [];
  while (splitting.length > 0 && splitting.length + done.length < Math.min(pieces, greatestPieces)) {
    splitting.sort((a, b) => b.rows - a.rows);
    const widest = splitting.shift();
    if (widest === undefined) break;
    const middle = await finder.between(widest.from, widest.to);
    if (middle === undefined) {
      done.push(widest);
      continue;
    }
    splitting.push(await finder.measured(widest.from, middle), await finder.measured(middle, widest.to));
  }
  return toRanges([...done, ...splitting]);
}

interface Piece {
  readonly from: Bound;
  readonly to: Bound;
  readonly rows: number;
}

/** In key order: each piece ends where another begins. */
function toRanges(pieces: readonly Piece[]): KeyRange[] {
  const total = pieces.reduce((rows, piece) => rows + piece.rows, 0);
  const byFrom = new Map(pieces.map((piece) => [piece.from.join('\0'), piece]));
  const ends = new Set(pieces.map((piece) => piece.to.join('\0')));
  let piece = pieces.find((candidate) => !ends.has(candidate.from.join('\0')));
  const ranges: KeyRange[] = [];
  while (piece !== undefined) {
    const next = byFrom.get(piece.to.join('\0'));
    ranges.push({
      from: ranges.length === 0 ? undefined : piece.from,
      to: next === undefined ? undefined : piece.to,
      share: total === 0 ? 1 / pieces.length : piece.rows / total,
    });
    piece = next;
  }
  return ranges;
}

function same(a: Bound, b: Bound): boolean {
  return a.every((value, index) => value === b[index]);
}

class Finder {
  readonly #wire: Wire;
  readonly #dialect: Dialect;
  readonly #key: UniqueKey;
  readonly #from: string;
  readonly #select: string;

  constructor(wire: Wire, dialect: Dialect, table: Table, key: UniqueKey) {
    this.#wire = wire;
    this.#dialect = dialect;
    this.#key = key;
    this.#from = `FROM ${quoteName(table.database)}.${quoteName(table.name)} FORCE INDEX (${quoteName(key.index)})`;
    this.#select = `SELECT ${key.columns.map((column) => selectKey(column)).join(', ')} ${this.#from}`;
  }

  edge(direction: 'ASC' | 'DESC'): Promise<Bound | undefined> {
    return this.#first('', direction);
  }

  async measured(from: Bound, to: Bound): Promise<Piece> {
    const sql = `${this.#dialect.explain} SELECT 1 ${this.#from}${rangeCondition(this.#key, from, to)}`;
    const [row] = await this.#wire.query(sql);
    return { from, to, rows: Number(row?.['rows'] ?? 1) };
  }

  /** A key strictly between the two, about in the middle, or undefined when none was found. */
  async between(from: Bound, to: Bound): Promise<Bound | undefined> {
    const column = from.findIndex((value, index) => value !== to[index]);
    if (column === -1) return undefined;
    const strictly = `(${beyond(this.#key, from, '>', false)}) AND (${beyond(this.#key, to, '<', false)})`;
    const name = quoteName(this.#key.columns[column]?.name ?? '');
    for (const guess of guessesBetween(this.#key.columns[column], from[column] ?? '', to[column] ?? '')) {
      const found = await this.#first(` WHERE ${strictly} AND ${name} >= ${guess}`, 'ASC');
      if (found !== undefined) return found;
    }
    // Nothing from the guess on: the last key that shares the lower bound's value, so that the next column can be cut.
    if (column === this.#key.columns.length - 1) return undefined;
    const equal = this.#key.columns
      .slice(0, column + 1)
      .map((part, index) => `${quoteName(part.name)} = ${from[index]}`);
    return this.#first(` WHERE ${strictly} AND ${equal.join(' AND ')}`, 'DESC');
  }

  async #first(condition: string, direction: 'ASC' | 'DESC'): Promise<Bound | undefined> {
    const order = this.#key.columns.map((column) => `${quoteName(column.name)} ${direction}`).join(', ');
    const results = await this.#wire.results(`${this.#select}${condition} ORDER BY ${order} LIMIT 1`);
    const row = results.at(-1)?.rows[0];
    if (row === undefined) return undefined;
    return this.#key.columns.map((column, index) => literal(column, row[index]?.toString('latin1') ?? ''));
  }
}

type Kind = 'number' | 'date' | 'text' | 'binary';

const numbers = ['tinyint', 'smallint', 'mediumint', 'int', 'bigint', 'decimal'];
/** Character sets in which ASCII stands for itself, so that a guess of ASCII characters is text. */
const asciiSets = ['ascii', 'latin1', 'latin2', 'utf8', 'utf8mb3', 'utf8mb4'];

/** Undefined where a boundary could not be written down exactly, or is compared otherwise than it is ordered. */
function kindOf(column: Column): Kind | undefined {
  if (numbers.includes(column.dataType)) return 'number';
  if (['date', 'datetime', 'timestamp'].includes(column.dataType)) return 'date';
  if (['binary', 'varbinary'].includes(column.dataType)) return 'binary';
  if (['char', 'varchar'].includes(column.dataType)) {
    return asciiSets.includes(column.charset ?? '') ? 'text' : undefined;
  }
  return undefined;
}

function selectKey(column: Column): string {
  const kind = kindOf(column);
  const name = quoteName(column.name);
  return kind === 'text' || kind === 'binary' ? `HEX(${name})` : name;
}

function literal(column: Column, value: string): string {
  switch (kindOf(column)) {
    case 'number':
      return value;
    case 'date':
      return `'${value}'`;
    case 'binary':
      return value === '' ? "''" : `x'${value}'`;
    case 'text':
      return `_${column.charset} ${value === '' ? "''" : `x'${value}'`} COLLATE ${column.collation}`;
    case undefined:
      return 'NULL';
  }
}

/** Literals about in the middle of two, best first. The server has the last word on whether anything lies there. */
function guessesBetween(column: Column | undefined, from: string, to: string): string[] {
  if (column === undefined) return [];
  switch (kindOf(column)) {
    case 'number':
      return [middleNumber(from, to)];
    case 'date': {
      const middle = middleDate(from, to);
      return middle === undefined ? [] : [middle];
    }
    case 'binary':
      return [`x'${middleText(hexOf(from), hexOf(to), allBytes).toString('hex')}'`];
    case 'text':
      // The first alphabet has the same order in nearly every collation, the second in those that go by code.
      return [lettersAndDigits, printable]
        .map((alphabet) => middleText(hexOf(from), hexOf(to), alphabet))
        .filter((bytes) => bytes.every((byte) => byte < 0x80))
        .map((bytes) => `_${column.charset} x'${bytes.toString('hex')}' COLLATE ${column.collation}`);
    case undefined:
      return [];
  }
}

function middleNumber(from: string, to: string): string {
  const scale = Math.max(fraction(from), fraction(to));
  const middle = (scaled(from, scale) + scaled(to, scale) + 1n) / 2n;
  if (scale === 0) return middle.toString();
  const digits = (middle < 0n ? -middle : middle).toString().padStart(scale + 1, '0');
  return `${middle < 0n ? '-' : ''}${digits.slice(0, -scale)}.${digits.slice(-scale)}`;
}

function fraction(text: string): number {
  const dot = text.indexOf('.');
  return dot === -1 ? 0 : text.length - dot - 1;
}

function scaled(text: string, scale: number): bigint {
  return BigInt(text.replace('.', '') + '0'.repeat(scale - fraction(text)));
}

function middleDate(from: string, to: string): string | undefined {
  const time = (text: string): number =>
    Date.parse(`${text.slice(1, -1).replace(' ', 'T')}${text.length > 12 ? 'Z' : ''}`);
  const middle = (time(from) + time(to)) / 2;
  if (!Number.isFinite(middle)) return undefined;
  const text = new Date(middle).toISOString().replace('T', ' ').slice(0, 19);
  return `'${from.length > 12 ? text : text.slice(0, 10)}'`;
}

function hexOf(text: string): Buffer {
  const hex = /x'([0-9A-Fa-f]*)'/.exec(text)?.[1] ?? '';
  return Buffer.from(hex, 'hex');
}

/** Bytes in ascending order. */
const allBytes = Buffer.from(Array.from({ length: 256 }, (_, byte) => byte));
const printable = allBytes.subarray(0x20, 0x7f);
const lettersAndDigits = Buffer.from('0123456789abcdefghijklmnopqrstuvwxyz');
/** So many places are precise enough for a guess. */
const places = 6;

/** Halfway between two strings after what they have in common, in the characters of the alphabet. */
function middleText(from: Buffer, to: Buffer, alphabet: Buffer): Buffer {
  let common = 0;
  while (common < from.length && common < to.length && from[common] === to[common]) common += 1;
  const base = BigInt(alphabet.length);
  const digit = (byte: number | undefined): number => {
    if (byte === undefined) return 0;
    const folded = alphabet === lettersAndDigits && byte >= 0x41 && byte <= 0x5a ? byte + 0x20 : byte;
    const above = alphabet.findIndex((candidate) => candidate >= folded);
    return above === -1 ? alphabet.length - 1 : above;
  };
  const value = (bytes: Buffer): bigint => {
    let sum = 0n;
    for (let at = common; at < common + places; at += 1) sum = sum * base + BigInt(digit(bytes[at]));
    return sum;
  };
  let middle = (value(from) + value(to)) / 2n;
  const tail: number[] = [];
  for (let at = 0; at < places; at += 1) {
    tail.unshift(alphabet[Number(middle % base)] ?? 0);
    middle /= base;
  }
  return Buffer.concat([from.subarray(0, common), Buffer.from(tail)]);
}

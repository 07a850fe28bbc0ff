/**
 * Reading a YAML file so that all of its mistakes are found in one go, each at its line and column.
 *
 * A reader asks a Section for its keys. What is wrong is noted, not thrown, and the value is then undefined; the keys
 * that nobody asked for are the unknown ones. At the end `complete` throws what was noted, or hands the values over.
 */

import { readFile } from 'node:fs/promises';
import {
  isAlias,
  isMap,
  isScalar,
  isSeq,
  LineCounter,
  parseDocument,
  type Document,
  type Node,
  type YAMLMap,
} from 'yaml';
import { asTidemarkError, TidemarkError } from '../proto/errors.ts';
import { nearest } from './nearest.ts';

/** A topology of thousands of shards is a few hundred KiB; more is another kind of file. */
const maxFileBytes = 16 * 2 ** 20;

interface Mistake {
  readonly offset: number;
  readonly path: string;
  readonly text: string;
}

/** Turns one value into what it stands for; notes what is wrong and returns undefined. */
export type Read<T> = (value: Value) => T | undefined;

export class YamlFile {
  readonly #operation: string;
  readonly #path: string;
  readonly #lines = new LineCounter();
  readonly #document: Document.Parsed;
  readonly #mistakes: Mistake[] = [];
  /** In a file that does not parse, a key that seems missing is most often only misplaced. */
  readonly #broken: boolean;

  private constructor(operation: string, path: string, text: string) {
    this.#operation = operation;
    this.#path = path;
    this.#document = parseDocument(text, {
      lineCounter: this.#lines,
      prettyErrors: false,
      stringKeys: true,
      // Found by Section.end, which knows where the first one stands.
      uniqueKeys: false,
    });
    for (const error of [...this.#document.errors, ...this.#document.warnings]) {
      const several = error.code === 'MULTIPLE_DOCS';
      this.note(
        error.pos[0],
        'YAML',
        several ? 'a second document begins here; a file is one' : error.message,
      );
    }
    this.#broken = this.#document.errors.length > 0;
  }

  /**
   * @param operation what the caller attempts, for the error: `read the topology`
   * @throws TidemarkError file-unreadable; file-invalid when the file is too large or not UTF-8
   */
  static async open(operation: string, path: string): Promise<YamlFile> {
    const bytes = await readFile(path).catch((error: unknown) => {
      throw asTidemarkError(error, { code: 'file-unreadable', operation, subject: path });
    });
    const invalid = (cause: string): TidemarkError =>
      new TidemarkError({
        code: 'file-invalid',
        operation,
        subject: path,
        cause: `${path}:1:1: file: ${cause}`,
      });
    if (bytes.length > maxFileBytes)
      throw invalid(`has ${bytes.length} bytes; at most ${maxFileBytes} are read`);
    let text: string;
    try {
      text = new TextDecoder('utf-8', { fatal: true }).decode(bytes);
    } catch {
      throw invalid('is not UTF-8 text');
    }
    return new YamlFile(operation, path, text);
  }

  /** The whole file as one section; undefined, and noted, when it is something else. */
  root(): Section | undefined {
    const contents = this.#document.contents;
    if (contents === null) {
      this.note(0, 'file', 'is empty');
      return undefined;
    }
    return new Value(this, contents, '').section();
  }

  /** Notes a mistake. */
  note(offset: number, path: string, text: string): void {
    this.#mistakes.push({ offset, path: oneLine(path === '' ? 'file' : path), text: oneLine(text) });
  }

  /** Notes a key that is not there. */
  noteMissing(offset: number, path: string, text: string): void {
    if (!this.#broken) this.note(offset, path, text);
  }

  line(offset: number): number {
    return Math.max(this.#lines.linePos(offset).line, 1);
  }

  /** Follows an alias to what it stands for. */
  resolve(node: Node): Node {
    // An anchor may come after its alias only in a broken file, whose error is noted already.
    return isAlias(node) ? ((node.resolve(this.#document) as Node | undefined) ?? node) : node;
  }

  /**
   * The fields as they are, once nothing was wrong: every undefined one has had its mistake noted or may be undefined.
   * @throws TidemarkError file-invalid, whose cause has a line for each mistake, in the order of the file
   */
  complete<T>(fields: { readonly [Key in keyof T]: T[Key] | undefined }): T {
    if (this.#mistakes.length > 0) {
      const lines = this.#mistakes
        .toSorted((a, b) => a.offset - b.offset)
        .map(({ offset, path, text }) => {
          const column = Math.max(this.#lines.linePos(offset).col, 1);
          return `${this.#path}:${this.line(offset)}:${column}: ${path}: ${text}`;
        });
      throw new TidemarkError({
        code: 'file-invalid',
        operation: this.#operation,
        subject: this.#path,
        cause: [...new Set(lines)].join('\n'),
      });
    }
    return fields as T;
  }
}

/** One value of the file, with where it stands. */
export class Value {
  readonly path: string;
  readonly #file: YamlFile;
  readonly #node: Node;
  readonly #offset: number;

  constructor(file: YamlFile, node: Node, path: string) {
    this.#file = file;
    this.#offset = node.range?.[0] ?? 0;
    this.#node = file.resolve(node);
    this.path = path;
  }

  /** Notes that this value is wrong. Returns undefined, so that a reader can end with it. */
  wrong(text: string): undefined {
    this.#file.note(this.#offset, this.path, text);
    return undefined;
  }

  /** The value of a plain scalar: a string, a number, a boolean or null. Undefined, not noted, for anything else. */
  scalar(): unknown {
    return isScalar(this.#node) ? this.#node.value : undefined;
  }

  /** Text as written. A number or a word such as `true` is refused: without quotes it may not be what was meant. */
  text(): string | undefined {
    const value = this.scalar();
    if (typeof value !== 'string') {
      const written = isScalar(this.#node) && value !== null ? this.#node.source : undefined;
      return this.wrong(
        written === undefined
          ? `must be text, not ${this.kind()}`
          : `must be text; put it in quotes: "${written}"`,
      );
    }
    if (value === '') return this.wrong('must not be empty');
    if (value.includes('\0')) return this.wrong('must not contain a NUL character');
    return value;
  }

  /** What stands there, for messages. */
  kind(): string {
    if (isMap(this.#node)) return 'a mapping';
    if (isSeq(this.#node)) return 'a list';
    if (isAlias(this.#node)) return 'an alias without its anchor';
    const value = this.scalar();
    return value === null ? 'nothing' : typeof value === 'boolean' ? 'true or false' : `a ${typeof value}`;
  }

  section(): Section | undefined {
    if (!isMap(this.#node)) return this.wrong(`must be a mapping of keys to values, not ${this.kind()}`);
    return new Section(this.#file, this.#node, this.path, this.#offset);
  }

  isEmptyList(): boolean {
    return isSeq(this.#node) && this.#node.items.length === 0;
  }

  /** Every item that could be read; undefined, and noted, when this is no list. */
  list<T>(read: Read<T>): T[] | undefined {
    if (!isSeq(this.#node)) return this.wrong(`must be a list, not ${this.kind()}`);
    const items: T[] = [];
    this.#node.items.forEach((item, at) => {
      const result = read(new Value(this.#file, item as Node, `${this.path}[${at}]`));
      if (result !== undefined) items.push(result);
    });
    return items;
  }
}

/** A mapping whose keys are known by being asked for. */
export class Section {
  readonly #file: YamlFile;
  readonly #map: YAMLMap;
  readonly #path: string;
  readonly #offset: number;
  readonly #asked = new Set<string>();

  constructor(file: YamlFile, map: YAMLMap, path: string, offset: number) {
    this.#file = file;
    this.#map = map;
    this.#path = path;
    this.#offset = offset;
  }

  /** The value of a key, to note a mistake at; undefined when the key is not there. */
  value(key: string): Value | undefined {
    this.#asked.add(key);
    const pair = this.#map.items.find((item) => isScalar(item.key) && item.key.value === key);
    if (pair === undefined) return undefined;
    const node = (pair.value ?? pair.key) as Node;
    return new Value(this.#file, node, this.#child(key));
  }

  /** Reads a key that must be there. */
  required<T>(key: string, read: Read<T>): T | undefined {
    const value = this.value(key);
    if (value !== undefined) return read(value);
    this.#file.noteMissing(this.#offset, this.#child(key), 'is missing');
    return undefined;
  }

  /** Reads a key that may be left out. A key without a value counts as wrong, not as left out. */
  optional<T>(key: string, read: Read<T>, otherwise: T): T | undefined {
    const value = this.value(key);
    return value === undefined ? otherwise : read(value);
  }

  /** To be called once all known keys have been asked for: notes every other one, with the nearest known key, and twins. */
  end(): void {
    const firstOffsets = new Map<string, number>();
    for (const { key } of this.#map.items) {
      if (!isScalar(key) || typeof key.value !== 'string') continue;
      const offset = key.range?.[0] ?? this.#offset;
      const first = firstOffsets.get(key.value);
      if (first !== undefined) {
        this.#file.note(
          offset,
          this.#child(key.value),
          `stands here twice; first in line ${this.#file.line(first)}`,
        );
        continue;
      }
      firstOffsets.set(key.value, offset);
      if (this.#asked.has(key.value)) continue;
      const guess = nearest(key.value, [...this.#asked]);
      const hint =
        guess === undefined ? `known here: ${[...this.#asked].join(', ')}` : `did you mean \`${guess}\`?`;
      this.#file.note(offset, this.#child(key.value), `unknown key; ${hint}`);
    }
  }

  #child(key: string): string {
    return this.#path === '' ? key : `${this.#path}.${key}`;
  }
}

/** One mistake is one line, whatever the file has in its values. */
function oneLine(text: string): string {
  return text.replaceAll(/\p{Cc}/gu, (character) => {
    const escaped = JSON.stringify(character).slice(1, -1);
    return escaped === character ? `\\u00${character.charCodeAt(0).toString(16)}` : escaped;
  });
}

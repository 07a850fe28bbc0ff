/** The shape and the width of every manifest line, and the order in which they must come: one check for writer and reader. */
import { z } from 'zod';
import { clusterPrefix, manifestKey } from './layout.ts';
import {
  globalsPiece,
  type ManifestLine,
  manifestFormat,
  type SchemaLine,
  type Sums,
} from './manifest-entries.ts';
import { count, family, key, name, position, setId, sha256, storedGlobals, sums } from './stored-shapes.ts';
import { SumsCounter, sumsDifference } from './sums.ts';

/** Longest line in bytes, without its end, so that a bad manifest cannot fill the memory. */
export const lineBytesLimit = 16 * 1024 * 1024;

/** Undefined when a line of so many bytes may be written and will be read, else why not. */
export function widthMistake(bytes: number): string | undefined {
  if (bytes <= lineBytesLimit) return undefined;
  return `a line has at most ${lineBytesLimit} bytes, this one has ${bytes}`;
}

/** What only the engine understands; carried as it is. */
const opaque = z.record(z.string(), z.unknown());
const objectRef = { object: key, offset: count, length: count, sha256 };

const shardLine = z.strictObject({
  kind: z.literal('shard'),
  format: z.literal(manifestFormat),
  cluster: name,
  set: setId,
  shard: name,
  family,
  version: z.string(),
  identity: z.string(),
  position,
  engine: opaque,
  globals: storedGlobals.optional(),
});

const databaseLine = z.strictObject({
  kind: z.literal('database'),
  name,
  sourceBytes: count,
  engine: opaque,
});

const schemaLine = z.strictObject({
  kind: z.literal('schema'),
  ...objectRef,
  database: z.string(),
  name,
  rawBytes: count,
});

const tableLine = z.strictObject({
  kind: z.literal('table'),
  table: count,
  database: name,
  schema: z.string(),
  name,
  format: z.enum(['copy', 'copy-binary', 'tsv']),
  columns: z.array(z.string()),
  engine: opaque,
});

const chunkLine = z.strictObject({
  kind: z.literal('chunk'),
  ...objectRef,
  table: count,
  rows: count,
  rawBytes: count,
  rawSha256: sha256,
  range: opaque,
});

const invariantLine = z.strictObject({
  kind: z.literal('invariant'),
  name,
  database: name,
  sql: z.string(),
  answer: z.string().nullable(),
});

const endLine = z.strictObject({ kind: z.literal('end'), lines: count, sums });

export const manifestLine = z.discriminatedUnion('kind', [
  shardLine,
  databaseLine,
  schemaLine,
  tableLine,
  chunkLine,
  invariantLine,
  endLine,
]) satisfies z.ZodType<ManifestLine>;

/**
 * Takes the lines of one manifest one by one and says what is wrong with the next, if anything. Memory is bounded by
 * the number of databases. Pure.
 */
export class ManifestOrder {
  readonly #key: string;
  readonly #databases = new Set<string>();
  readonly #counter = new SumsCounter();
  #cluster = '';
  /** Pieces of globals that are still to come. */
  #globals = 0;
  #state: 'shard' | 'databases' | 'body' | 'ended' = 'shard';
  #lines = 0;

  /** `key` is where the manifest is stored: its shard line must name the same cluster, set and shard. */
  constructor(key: string) {
    this.#key = key;
  }

  /** Undefined when `line` may stand here, else why not. */
  accept(line: ManifestLine): string | undefined {
    const wrong = this.#wrong(line);
    if (wrong !== undefined) return `line ${this.#lines + 1} (${line.kind}): ${wrong}`;
    if (line.kind !== 'end') {
      this.#lines++;
      this.#counter.add(line);
    }
    return undefined;
  }

  /** Lines so far, without the end line. */
  get lines(): number {
    return this.#lines;
  }

  get sums(): Sums {
    return this.#counter.sums;
  }

  get ended(): boolean {
    return this.#state === 'ended';
  }

  #wrong(line: ManifestLine): string | undefined {
    if (this.#state === 'ended') return 'it follows the end line';
    if ((this.#state === 'shard') !== (line.kind === 'shard'))
      return 'the shard line must be first, and the only one';
    switch (line.kind) {
      case 'shard':
        if (manifestKey(line.cluster, line.set, line.shard) !== this.#key) {
          return `it is of cluster ${line.cluster}, set ${line.set}, shard ${line.shard}, but is stored under ${this.#key}`;
        }
        this.#cluster = clusterPrefix(line.cluster);
        this.#globals = line.globals === undefined ? 0 : 1;
        this.#state = 'databases';
        return undefined;
      case 'database':
        if (this.#state !== 'databases') return 'database lines must follow the shard line';
        if (this.#databases.has(line.name)) return `database ${line.name} is there twice`;
        this.#databases.add(line.name);
        return undefined;
      case 'schema':
        this.#state = 'body';
        return this.#schemaOf(line) ?? this.#foreign(line.object);
      case 'table':
        this.#state = 'body';
        if (line.table !== this.sums.tables)
          return `table number ${line.table}, expected ${this.sums.tables}`;
        return this.#unknownDatabase(line.database);
      case 'chunk':
        this.#state = 'body';
        if (line.table >= this.sums.tables) return `table ${line.table} has no line before it`;
        return this.#foreign(line.object);
      case 'invariant':
        this.#state = 'body';
        return undefined;
      case 'end':
        this.#state = 'ended';
        if (this.#globals > 0) return 'the shard line names globals, and there are none';
        return this.#wrongEnd(line.lines, line.sums);
    }
  }

  #schemaOf({ database, name: piece }: SchemaLine): string | undefined {
    if (database !== '') return this.#unknownDatabase(database);
    if (piece !== globalsPiece) return `${piece} belongs to no database`;
    this.#globals -= 1;
    return this.#globals < 0 ? 'globals stand there that the shard line does not name' : undefined;
  }

  #unknownDatabase(database: string): string | undefined {
    return this.#databases.has(database) ? undefined : `database ${database} has no line before it`;
  }

  #foreign(object: string): string | undefined {
    return object.startsWith(this.#cluster) ? undefined : `object ${object} is outside the cluster's folder`;
  }

  #wrongEnd(lines: number, stated: Sums): string | undefined {
    if (lines !== this.#lines) return `${this.#lines} lines before it, it says ${lines}`;
    const difference = sumsDifference(this.sums, stated);
    return difference === '' ? undefined : `the lines add up to ${difference}`;
  }
}

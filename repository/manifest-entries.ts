/**
 * The lines of a shard manifest: one JSON value per line, zstd-compressed, in this order:
 * one `shard`, any number of `database`, then `schema`, `table`, `chunk` and `invariant` as they came to be
 * (a table's line before its chunks'), one `end`. Exactly when the shard line says that globals are stored, one schema line
 * has no database: theirs.
 *
 * Engines keep what only they understand under `engine`; nobody else reads it.
 */
import type { Position } from '../topology/position.ts';

export const manifestFormat = 'tidemark-manifest-1';

export interface ShardLine {
  readonly kind: 'shard';
  readonly format: typeof manifestFormat;
  readonly cluster: string;
  readonly set: string;
  readonly shard: string;
  readonly family: 'postgresql' | 'mysql' | 'mariadb';
  readonly version: string;
  readonly identity: string;
  readonly position: Position;
  readonly engine: Record<string, unknown>;
  /** Absent: none are stored. */
  readonly globals?: StoredGlobals | undefined;
}

/** Roles or users of the server with their grants; accounts without their passwords, or with what the server keeps of them. */
export type StoredGlobals = 'without-passwords' | 'with-passwords';

/** What the one schema piece that belongs to no database is called. */
export const globalsPiece = 'globals';

export interface DatabaseLine {
  readonly kind: 'database';
  readonly name: string;
  /** Estimated bytes on the source's disk, for the space check. */
  readonly sourceBytes: number;
  readonly engine: Record<string, unknown>;
}

/** Where bytes lie, and what they must be. offset and length are in stored bytes; sha256 is over exactly those. */
export interface ObjectRef {
  readonly object: string;
  readonly offset: number;
  readonly length: number;
  readonly sha256: string;
}

/** A piece of the schema, in the order in which it must be applied within its database. */
export interface SchemaLine extends ObjectRef {
  readonly kind: 'schema';
  /** Empty for `globals`, which belong to the server. */
  readonly database: string;
  /** What it holds: `archive` (pg_dump custom format), `globals`, or the kind of object: `tables`, `views`, `routines`, … */
  readonly name: string;
  readonly rawBytes: number;
}

export interface TableLine {
  readonly kind: 'table';
  /** Number of the table within this manifest, from 0; chunks refer to it. */
  readonly table: number;
  readonly database: string;
  /** Empty where the engine has no schemas within a database. */
  readonly schema: string;
  readonly name: string;
  /** `copy`, `copy-binary`: PostgreSQL's COPY, as text or binary. `tsv`: the tab-separated form of LOAD DATA. */
  readonly format: 'copy' | 'copy-binary' | 'tsv';
  /** Columns in the order of the data; generated columns are not among them. */
  readonly columns: readonly string[];
  readonly engine: Record<string, unknown>;
}

export interface ChunkLine extends ObjectRef {
  readonly kind: 'chunk';
  readonly table: number;
  readonly rows: number;
  readonly rawBytes: number;
  /** SHA-256 over the SHA-256 digests of its raw frames, in order: the identity of the content, for reuse. */
  readonly rawSha256: string;
  /** The bounds the engine read it by, for later reuse; a stream cut by size has its part number. */
  readonly range: Record<string, unknown>;
}

export interface InvariantLine {
  readonly kind: 'invariant';
  readonly name: string;
  readonly database: string;
  /** What was asked, for people to read. Nothing runs it: a restore asks what its agent's own file declares. */
  readonly sql: string;
  /** The server's own text for the one value; null for SQL NULL. */
  readonly answer: string | null;
}

export interface Sums {
  readonly tables: number;
  readonly rows: number;
  readonly chunks: number;
  readonly rawBytes: number;
  /** Data and schema objects, without the manifest. */
  readonly storedBytes: number;
  /** Data and schema objects, without the manifest. */
  readonly objects: number;
}

/** Proves that the manifest is whole. Sums must equal what the lines before it add up to. */
export interface EndLine {
  readonly kind: 'end';
  readonly lines: number;
  readonly sums: Sums;
}

export type ManifestLine =
  | ShardLine
  | DatabaseLine
  | SchemaLine
  | TableLine
  | ChunkLine
  | InvariantLine
  | EndLine;

export interface ManifestRef {
  readonly key: string;
  readonly size: number;
  readonly sha256: string;
}

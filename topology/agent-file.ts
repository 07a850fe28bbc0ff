/** The agent's own file, on the shard's host. The only file that holds database credentials or SQL. */

import type { TransportConfig, RepositoryConfig } from './connection.ts';

export type PasswordSource =
  | { readonly kind: 'none' }
  | { readonly kind: 'env'; readonly name: string }
  | { readonly kind: 'file'; readonly path: string };

/** `database.stallLimit` of a file that does not say it. */
export const defaultStallLimitMs = 60_000;

export interface DatabaseConfig {
  readonly engine: 'postgres' | 'mysql';
  /** A host name or address, or an absolute path: a socket directory (PostgreSQL) or socket file (MySQL, MariaDB). */
  readonly host: string;
  readonly port: number;
  readonly user: string;
  readonly password: PasswordSource;
  /** Undefined: every database that is not the server's own. */
  readonly databases: readonly string[] | undefined;
  /** How long the server may be silent before a connection is given up. Default `defaultStallLimitMs`. */
  readonly stallLimitMs?: number;
}

/**
 * One question whose answer must be the same in the copy: one SELECT that gives a single row with a single column. It is asked
 * with an empty search path: PostgreSQL's tables are qualified by their schema, those of MySQL and MariaDB by their database
 * or not at all. This file is the only place that such SQL comes from, in a backup and in a restore.
 */
export interface InvariantQuery {
  readonly name: string;
  readonly database: string;
  readonly sql: string;
}

export interface ToolPaths {
  readonly pgDump?: string;
  readonly pgDumpall?: string;
  readonly pgRestore?: string;
  /** The folder of the server's own programs, for the scratch server of a rehearsal. */
  readonly serverPrograms?: string;
}

export interface AgentFile {
  readonly path: string;
  readonly shard: string;
  /** host:port to listen on. */
  readonly listen: string;
  readonly repository: RepositoryConfig;
  readonly transport: TransportConfig;
  readonly database: DatabaseConfig;
  readonly invariants: readonly InvariantQuery[];
  readonly tools: ToolPaths;
  /** Without a value in the file: backup only. A restore must be allowed by name. */
  readonly allow: readonly ('backup' | 'restore')[];
}

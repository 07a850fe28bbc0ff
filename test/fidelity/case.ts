/** One item that must come back as it was. */
import type { TestServer } from '../servers/server.ts';

export interface FidelityCase {
  /** As the table of items prints it; unique within its group. */
  readonly item: string;
  readonly group: string;
  /** Where it stands. Cases may share a database when each names schemas of its own; the suite makes it. */
  readonly database: string;
  /** PostgreSQL: the schemas whose facts are this case's. Undefined: the case owns the whole database. */
  readonly schemas?: readonly string[];
  /** Instead of a plain CREATE DATABASE. */
  readonly createDatabase?: string;
  /** Further databases the case owns whole; its setup makes them. */
  readonly moreDatabases?: readonly string[];
  /** Each run as one batch by the server's superuser, connected to `database`, in one session. */
  readonly setup: readonly string[];
  /**
   * Queries of one row and one column whose answer is true (or 1), on the source and on the restored server: they show that
   * the thing is really there, so that two servers without it do not pass for equal. At least one.
   */
  readonly proof: readonly string[];
  /** MySQL and MariaDB: the character set of the client that runs `setup`; utf8mb4 otherwise. */
  readonly clientCharset?: string;
  /** False where this server does not have such a thing; undefined: every server of the family has it. */
  readonly exists?: (server: TestServer) => boolean;
}

/** The first number of its version. */
export function majorOf(server: TestServer): number {
  return Number.parseInt(server.version, 10);
}

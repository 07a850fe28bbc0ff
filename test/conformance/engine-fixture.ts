/** What an engine's conformance test hands to the suite: its servers, its sessions, its odd values. */
import type { Engine } from '../../shard-agent/engine.ts';
import type { ToolPaths } from '../../topology/agent-file.ts';
import type { TestServer } from '../servers/server.ts';

/** One plain client of the application, by the engine's own driver. */
export interface SqlSession {
  /** As `Blocker.processId` names it. */
  readonly processId: string;
  /** Rows of the last statement as the server's text; null is SQL NULL. */
  query(sql: string): Promise<(string | null)[][]>;
  /** Idempotent. */
  close(): Promise<void>;
}

export interface EngineFixture {
  readonly name: string;
  readonly family: 'postgresql' | 'mysql' | 'mariadb';
  /** As an agent's file names it. */
  readonly engine: 'postgres' | 'mysql';
  /** As an agent's file names them. */
  readonly tools: ToolPaths;
  startServer(): Promise<TestServer>;
  /** As the server's superuser, for exactly these databases (undefined: the default). */
  open(server: TestServer, databases?: readonly string[]): Engine;
  session(server: TestServer, database: string): Promise<SqlSession>;
  createDatabase(server: TestServer, name: string): Promise<void>;
  dropDatabase(server: TestServer, name: string): Promise<void>;
  /** Databases on the server that are not its own, in any state, staging included. */
  listDatabases(server: TestServer): Promise<string[]>;
  /** Clients connected to the server, except the one that asks. */
  countSessions(server: TestServer): Promise<number>;

  /** Where new writers pass a lock request that still waits: is there such a request? Elsewhere the queue shows it. */
  readonly lockWaits?: (server: TestServer) => Promise<boolean>;
  /** True where a schema change waits from prepare to the end of the copy. */
  readonly ddlWaits?: boolean;

  /** Puts what the session has begun (with one changed row) in doubt under `name`. */
  beginInDoubt(session: SqlSession, change: string, name: string): Promise<void>;
  endInDoubt(session: SqlSession, name: string): Promise<void>;

  /** A database of everything odd: types, values, names, objects. The answers must be the same after a restore. */
  readonly oddities: {
    readonly setup: readonly string[];
    readonly questions: readonly string[];
  };
}

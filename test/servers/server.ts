import type { Place } from './place.ts';
import type { ServerRoot } from './root.ts';

/** A real database server of a test: on loopback, under an unprivileged account, with a data folder of its own. */
export interface TestServer {
  readonly engine: 'postgres' | 'mysql';
  readonly family: 'postgresql' | 'mysql' | 'mariadb';
  /** As the server says it: `15.14`, `10.11.14`. */
  readonly version: string;
  readonly place: Place;
  /** A loopback address. */
  readonly host: string;
  readonly port: number;
  /** PostgreSQL: the socket directory. MySQL, MariaDB: the socket file. */
  readonly socket: string;
  /** An account that may do everything, by password over TCP. */
  readonly user: string;
  readonly password: string;
  /** Of the main process; changes with every start. */
  readonly pid: number;
  readonly dataDir: string;

  /** Rows of the last statement, values as the driver gives them, on a connection of its own. */
  run(sql: string, database?: string): Promise<Record<string, unknown>[]>;

  /** An orderly stop that ends all sessions, then a start on the same port. */
  restart(): Promise<void>;

  /** SIGKILL, as if the machine had lost power; `restart` brings it back. Resolves when it is gone. */
  kill9(): Promise<void>;

  /** Stops the server and removes its folder. Idempotent. */
  stop(): Promise<void>;

  /** The last lines of its log: 30, or at most 200. */
  log(lines?: number): string;
}

export interface StartOptions {
  /** Server settings that replace or join the defaults: `{max_connections: '20'}`. */
  readonly settings?: Readonly<Record<string, string>>;
  /** The root it runs in; else the machine's own server. */
  readonly root?: ServerRoot;
}

/** One connection to one shard, in the words of its engine. */
import mysql from 'mysql2/promise';
import pg from 'pg';
import { type BankServer, bankDatabase, bankPassword, bankUser } from './plan.ts';

export type Row = Record<string, unknown>;

interface Wire {
  query(sql: string): Promise<Row[]>;
  end(): Promise<void>;
  destroy(): void;
}

export interface Login {
  readonly user: string;
  readonly password: string;
  readonly database?: string;
}

/** Learns when a statement is sent and when its answer, or its failure, has come. */
export interface WaitObserver {
  sent(): void;
  answered(): void;
}

/** Connects by itself at the first statement, and again after `discard`. */
export class Session {
  readonly server: BankServer;
  readonly #login: Login;
  readonly #observer: WaitObserver | undefined;
  #wire: Wire | undefined;

  constructor(server: BankServer, observer?: WaitObserver, login: Login = applicationLogin) {
    this.server = server;
    this.#observer = observer;
    this.#login = login;
  }

  /** Executes statements separated by `;` and returns the rows of the last one. One call at a time. */
  async query(sql: string): Promise<Row[]> {
    this.#wire ??= await (this.server.engine === 'postgres' ? connectPostgres : connectMysql)(
      this.server,
      this.#login,
    );
    this.#observer?.sent();
    try {
      return await this.#wire.query(sql);
    } finally {
      this.#observer?.answered();
    }
  }

  /** Breaks the connection. The server rolls back what was open and keeps what was prepared. */
  discard(): void {
    this.#wire?.destroy();
    this.#wire = undefined;
  }

  /** Ends the connection in good order. */
  async end(): Promise<void> {
    const wire = this.#wire;
    this.#wire = undefined;
    await wire?.end();
  }
}

const applicationLogin: Login = { user: bankUser, password: bankPassword, database: bankDatabase };

async function connectPostgres(server: BankServer, login: Login): Promise<Wire> {
  const client = new pg.Client({
    host: server.host,
    port: server.port,
    user: login.user,
    password: login.password,
    database: login.database ?? 'postgres',
    application_name: 'bank',
  });
  // The statement in flight reports a broken connection; an idle one is noticed by the next statement.
  client.on('error', () => undefined);
  await client.connect();
  return {
    async query(sql) {
      const result: unknown = await client.query(sql);
      return ((Array.isArray(result) ? result.at(-1) : result) as pg.QueryResult<Row>).rows;
    },
    end: () => client.end(),
    destroy: () => destroySocket(client),
  };
}

/** pg offers only an orderly end, which waits for the statement in flight. */
function destroySocket(client: pg.Client): void {
  (client as unknown as { connection: { stream: { destroy(): void } } }).connection.stream.destroy();
}

async function connectMysql(server: BankServer, login: Login): Promise<Wire> {
  const connection = await mysql.createConnection({
    host: server.host,
    port: server.port,
    user: login.user,
    password: login.password,
    ...(login.database === undefined ? {} : { database: login.database }),
    multipleStatements: true,
    supportBigNumbers: true,
    bigNumberStrings: true,
  });
  connection.on('error', () => undefined);
  return {
    async query(sql) {
      const [result] = (await connection.query(sql)) as [unknown, unknown];
      if (!Array.isArray(result)) return [];
      const last: unknown = result.at(-1);
      // Several statements give a list of results, one statement gives its rows.
      return (Array.isArray(last) ? last : result) as Row[];
    },
    end: () => connection.end(),
    destroy: () => connection.destroy(),
  };
}

/** What a two-phase transaction is called in each engine. */
export const twoPhase = {
  postgres: {
    start: (_id: string) => 'BEGIN',
    prepare: (id: string) => `PREPARE TRANSACTION '${id}'`,
    commit: (id: string) => `COMMIT PREPARED '${id}'`,
    rollback: (id: string) => `ROLLBACK PREPARED '${id}'`,
    list: 'SELECT gid AS data FROM pg_prepared_xacts WHERE database = current_database()',
  },
  mysql: {
    start: (id: string) => `XA START '${id}'`,
    prepare: (id: string) => `XA END '${id}'; XA PREPARE '${id}'`,
    commit: (id: string) => `XA COMMIT '${id}'`,
    rollback: (id: string) => `XA ROLLBACK '${id}'`,
    list: 'XA RECOVER',
  },
} as const;

/** The ids of all transactions that are prepared on this shard. */
export async function preparedIds(session: Session): Promise<string[]> {
  const rows = await session.query(twoPhase[session.server.engine].list);
  return rows.map((row) => String(row['data']));
}

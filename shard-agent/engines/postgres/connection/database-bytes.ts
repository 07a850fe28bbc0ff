/**
 * The bytes of a database's name. A client names the database before any encoding is agreed, and the server compares bytes: on a
 * server whose own databases are LATIN1, the name of another is LATIN1 too, and in UTF-8 it would not be found.
 */
import type { Socket } from 'node:net';
import type pg from 'pg';
import type { PostgresConfig, Session } from './connection.ts';

/** Learnt from the server, where they are not those of UTF-8. */
const learnt = new WeakMap<PostgresConfig, Map<string, Buffer>>();

export function bytesOfDatabase(config: PostgresConfig, database: string): Buffer | undefined {
  return learnt.get(config)?.get(database);
}

/**
 * Asks the server itself, in a database whose name is ASCII, for the bytes of a name that was not found. True when they are others
 * than those of UTF-8, which are known from now on.
 */
export async function learnBytes(
  config: PostgresConfig,
  database: string,
  open: (database: string) => Promise<Session>,
): Promise<boolean> {
  if (!/[\u0080-\uffff]/.test(database) || bytesOfDatabase(config, database) !== undefined) return false;
  const session = await open('postgres').catch(() => undefined);
  if (session === undefined) return false;
  try {
    const [found] = await session.rows('SELECT oid FROM pg_catalog.pg_database WHERE datname = $1', [
      database,
    ]);
    if (found === undefined) return false;
    const answers = await session.script(
      `SET client_encoding = 'SQL_ASCII'; SELECT pg_catalog.encode(pg_catalog.namesend(datname), 'hex') AS bytes
       FROM pg_catalog.pg_database WHERE oid = ${found['oid']}`,
    );
    const bytes = Buffer.from(answers.at(-1)?.rows[0]?.['bytes'] ?? '', 'hex');
    if (bytes.equals(Buffer.from(database))) return false;
    const names = learnt.get(config) ?? new Map<string, Buffer>();
    learnt.set(config, names.set(database, bytes));
    return true;
  } finally {
    await session.close();
  }
}

/** The first message of a connection, protocol 3.0: https://www.postgresql.org/docs/current/protocol-message-formats.html */
export function startupMessage(parameters: Readonly<Record<string, string>>, database: Buffer): Buffer {
  const end = Buffer.alloc(1);
  const entries = Object.entries({ ...parameters, client_encoding: 'UTF8' });
  const body = entries.flatMap(([name, value]) => [
    Buffer.from(name),
    end,
    name === 'database' ? database : Buffer.from(value),
    end,
  ]);
  const message = Buffer.concat([Buffer.alloc(8), ...body, end]);
  message.writeInt32BE(message.length, 0);
  message.writeInt32BE(3 << 16, 4);
  return message;
}

/** The driver would name the database in UTF-8. */
export function nameByBytes(client: pg.Client, database: Buffer): void {
  const { connection } = client as unknown as {
    connection: { stream: Socket; startup: (parameters: Record<string, string>) => void };
  };
  connection.startup = (parameters) => void connection.stream.write(startupMessage(parameters, database));
}

/** How PostgreSQL's tools are told of a database whose name no argument can hold. */
export function databaseUri(bytes: Buffer): string {
  return `postgresql:///${bytes.toString('hex').replaceAll(/../g, '%$&')}`;
}

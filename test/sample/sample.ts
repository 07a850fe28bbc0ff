/**
 * A larger database that looks like a real one: the books of Saltmarsh & Daughters, who sell seeds, tools and pottery. About
 * 150,000 rows, most of them in one table, and at least one of nearly every kind of object the server has. The server makes
 * its rows by itself, the same in every run: nothing asks for the time of day or for chance.
 */
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import type { TestServer } from '../servers/server.ts';

export interface SampleOptions {
  /** It must not exist. */
  readonly database: string;
  /** Rows grow in proportion; at least a quarter. Default 1. */
  readonly scale?: number;
}

/** Makes the database and all in it. The roles must stand: see createSampleRoles. */
export async function loadSample(server: TestServer, options: SampleOptions): Promise<void> {
  await server.run(createSampleDatabase(server, options.database));
  const session = await openSession(server, options.database);
  try {
    for (const script of await sampleScripts(server, options.scale)) await session.query(script);
  } finally {
    await session.end();
  }
}

/** What an operator has on every server that holds the sample, a restore's target included. None may log in. */
export async function createSampleRoles(server: TestServer): Promise<void> {
  await server.run(
    roles
      .map((role) =>
        server.engine === 'postgres'
          ? `CREATE ROLE ${role} NOLOGIN`
          : `CREATE USER '${role}'@'localhost' ACCOUNT LOCK; GRANT ALL PRIVILEGES ON *.* TO '${role}'@'localhost'`,
      )
      .join('; '),
  );
}

/** What a backup by this account needs beyond what it needs for any database; `check` asks for it. */
export async function grantSampleTo(server: TestServer, account: string): Promise<void> {
  await server.run(
    server.engine === 'postgres'
      ? // For tables under row-level security, large objects, and what stands in user mappings.
        `ALTER ROLE ${account} BYPASSRLS; GRANT saltmarsh_owner TO ${account}`
      : // Views that call functions are described by calling them.
        `GRANT EXECUTE ON *.* TO '${account}'@'%'`,
  );
}

/** The statement that makes the empty database. */
export function createSampleDatabase(server: TestServer, database: string): string {
  return server.engine === 'postgres'
    ? `CREATE DATABASE "${database}" TEMPLATE template0 ENCODING 'UTF8' LOCALE 'C.UTF-8'`
    : `CREATE DATABASE \`${database}\` CHARACTER SET utf8mb4 COLLATE utf8mb4_unicode_ci`;
}

/** To be run in this order, each as one batch, in one session of the superuser that is connected to the database. */
export async function sampleScripts(server: TestServer, scale = 1): Promise<string[]> {
  const folder = path.join(import.meta.dirname, server.engine);
  const begin =
    server.engine === 'postgres'
      ? `SET sample.scale = '${scale}'`
      : `SET NAMES utf8mb4; SET @scale = ${scale}`;
  const scripts = await Promise.all(
    filesFor(server).map((file) => readFile(path.join(folder, file), 'utf8')),
  );
  return [begin, ...scripts];
}

const roles = ['saltmarsh_owner', 'saltmarsh_sales', 'saltmarsh_report'] as const;

function filesFor(server: TestServer): string[] {
  const major = Number.parseInt(server.version, 10);
  if (server.engine === 'postgres') return [...postgresFiles, ...(major >= 18 ? ['from-18.sql'] : [])];
  const own =
    server.family === 'mariadb' ? ['mariadb.sql'] : ['mysql.sql', ...(major >= 9 ? ['mysql-9.sql'] : [])];
  return [...mysqlFiles, ...own];
}

const postgresFiles = [
  '01-foundation.sql',
  '02-catalogue.sql',
  '03-people.sql',
  '04-sales.sql',
  '05-stock.sql',
  '06-rows.sql',
  '07-rows-sold.sql',
  '08-objects.sql',
  '09-rights.sql',
];
const mysqlFiles = [
  '01-tables.sql',
  '02-more-tables.sql',
  '03-rows.sql',
  '04-rows-sold.sql',
  '05-objects.sql',
];

interface Session {
  query(sql: string): Promise<unknown>;
  end(): Promise<void>;
}

/** Servers of tests give connected clients of their own driver. */
function openSession(server: TestServer, database: string): Promise<Session> {
  return (server as TestServer & { connect(name: string): Promise<Session> }).connect(database);
}

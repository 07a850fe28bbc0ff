/**
 * A larger database that looks like a real one: the books of Saltmarsh & Daughters, who sell seeds, tools and pottery. About
 * 150,000 rows, most of them in one table, and at least one of nearly every kind of object the server has. The server makes
 * its rows by itself, the same in every run: nothing asks for the time of day or for chance.
 */
import { readFileSync } from 'node:fs';
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
  await server.run(createSample[server.engine](options.database));
  for (const part of sampleParts[server.engine].filter(({ exists }) => exists?.(server) !== false)) {
    const session = await openSession(server, options.database);
    try {
      for (const script of sampleScripts(server.engine, part, options.scale)) await session.query(script);
    } finally {
      await session.end();
    }
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

/** The empty database. */
export const createSample: Readonly<Record<TestServer['engine'], (database: string) => string>> = {
  postgres: (database) => `CREATE DATABASE "${database}" TEMPLATE template0 ENCODING 'UTF8' LOCALE 'C.UTF-8'`,
  mysql: (database) => `CREATE DATABASE \`${database}\` CHARACTER SET utf8mb4 COLLATE utf8mb4_unicode_ci`,
};

/** Scripts of one engine that belong together. */
export interface SamplePart {
  readonly what: string;
  readonly files: readonly string[];
  /** Undefined: every server of the engine has what it makes. */
  readonly exists?: (server: TestServer) => boolean;
}

/** In the order in which they are made. A part needs those before it, but not their session. */
export const sampleParts: Readonly<Record<TestServer['engine'], readonly SamplePart[]>> = {
  postgres: [
    {
      what: 'a shop with objects of every kind',
      files: [
        '01-foundation.sql',
        '02-catalogue.sql',
        '03-people.sql',
        '04-sales.sql',
        '05-stock.sql',
        '06-rows.sql',
        '07-rows-sold.sql',
        '08-objects.sql',
        '09-rights.sql',
      ],
    },
    {
      what: 'the shop, as PostgreSQL 18 can have it',
      files: ['from-18.sql'],
      exists: ({ version }) => Number.parseInt(version, 10) >= 18,
    },
  ],
  mysql: [
    {
      what: 'a shop with objects of every kind',
      files: ['01-tables.sql', '02-more-tables.sql', '03-rows.sql', '04-rows-sold.sql', '05-objects.sql'],
    },
    {
      what: 'the shop, as MariaDB can have it',
      files: ['mariadb.sql'],
      exists: ({ family }) => family === 'mariadb',
    },
    {
      what: 'the shop, as MySQL can have it',
      files: ['mysql.sql'],
      exists: ({ family }) => family === 'mysql',
    },
    {
      what: 'the shop, as MySQL 9 can have it',
      files: ['mysql-9.sql'],
      exists: ({ family, version }) => family === 'mysql' && Number.parseInt(version, 10) >= 9,
    },
  ],
};

/** A part as batches, to be run in one session of the superuser that is connected to the database. */
export function sampleScripts(engine: TestServer['engine'], part: SamplePart, scale = 1): string[] {
  const begin =
    engine === 'postgres' ? `SET sample.scale = '${scale}'` : `SET NAMES utf8mb4; SET @scale = ${scale}`;
  const folder = path.join(import.meta.dirname, engine);
  return [begin, ...part.files.map((file) => readFileSync(path.join(folder, file), 'utf8'))];
}

const roles = ['saltmarsh_owner', 'saltmarsh_sales', 'saltmarsh_report'] as const;

interface Session {
  query(sql: string): Promise<unknown>;
  end(): Promise<void>;
}

/** Servers of tests give connected clients of their own driver. */
function openSession(server: TestServer, database: string): Promise<Session> {
  return (server as TestServer & { connect(name: string): Promise<Session> }).connect(database);
}

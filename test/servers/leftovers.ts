/** Finds what Tidemark left behind on a server: a leak fails the test that made it. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { TestServer } from './server.ts';

/**
 * Throws when, `patienceMs` from now, sessions or locks of `user`, or prepared transactions of anyone, still stand on
 * the server. The patience is for the server: it ends a session a moment after its connection has closed.
 */
export async function expectNothingLeft(
  server: TestServer,
  user = 'tidemark',
  patienceMs = 3000,
): Promise<void> {
  const until = Date.now() + patienceMs;
  for (;;) {
    const found = await leftovers(server, user);
    if (found.length === 0) return;
    if (Date.now() > until) {
      throw new Error(
        `left behind on the ${server.family} server on port ${server.port}:\n${found.join('\n')}`,
      );
    }
    await sleep(50);
  }
}

/** What stands on the server now, one line each; empty when there is nothing. */
async function leftovers(server: TestServer, user = 'tidemark'): Promise<string[]> {
  const queries = server.engine === 'postgres' ? postgresQueries(user) : mysqlQueries(user);
  const found: string[] = [];
  for (const { what, sql } of queries) {
    for (const row of await server.run(sql)) found.push(`${what}: ${JSON.stringify(row)}`);
  }
  return found;
}

function postgresQueries(user: string): { what: string; sql: string }[] {
  return [
    {
      what: 'session',
      sql: `SELECT pid, application_name, state, xact_start::text, left(query, 120) AS query
            FROM pg_stat_activity WHERE usename = '${user}'`,
    },
    { what: 'prepared transaction', sql: 'SELECT gid, owner, prepared::text FROM pg_prepared_xacts' },
    {
      what: 'lock',
      sql: `SELECT l.pid, l.locktype, l.mode, l.relation::regclass::text AS relation
            FROM pg_locks l JOIN pg_stat_activity a USING (pid) WHERE a.usename = '${user}'`,
    },
    { what: 'replication slot', sql: 'SELECT slot_name FROM pg_replication_slots' },
  ];
}

function mysqlQueries(user: string): { what: string; sql: string }[] {
  return [
    {
      what: 'session',
      sql: `SELECT id, command, state, LEFT(info, 120) AS query FROM information_schema.processlist WHERE user = '${user}'`,
    },
    { what: 'prepared transaction', sql: 'XA RECOVER' },
    {
      what: 'metadata lock',
      sql: `SELECT l.object_type, l.object_schema, l.object_name, l.lock_type FROM performance_schema.metadata_locks l
            JOIN performance_schema.threads t ON t.thread_id = l.owner_thread_id WHERE t.processlist_user = '${user}'`,
    },
  ];
}

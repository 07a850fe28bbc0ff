/** Who answers at the other end: its name, and whether it is the sole writable primary. */
import { TidemarkError } from '../../../proto/errors.ts';
import type { ServerDescription } from '../../engine.ts';
import type { Database } from './catalogue.ts';
import { isNamed } from './connection/exact-names.ts';
import { quoteText } from './connection/quoting.ts';
import type { Dialect } from './dialect.ts';
import { isServerError } from './connection/failure.ts';
import { tableFiles } from './backup/table-files.ts';
import type { Wire } from './connection/wire.ts';

/** Also estimates the size on disk. Reads no row. */
export async function describeServer(
  wire: Wire,
  dialect: Dialect,
  databases: readonly Database[],
): Promise<ServerDescription> {
  const names = databases.map((database) => database.name);
  const estimated = await wire.value(
    'SELECT COALESCE(SUM(DATA_LENGTH + INDEX_LENGTH), 0) FROM information_schema.TABLES ' +
      `WHERE ${isNamed('TABLE_SCHEMA', names)}`,
  );
  const files = await tableFiles(wire, dialect);
  const filed = [...files].reduce(
    (sum, [id, size]) => sum + (names.includes(id.split('\0')[0] ?? '') ? size : 0),
    0,
  );
  return {
    family: dialect.family,
    version: dialect.version,
    identity: await identify(wire, dialect),
    databases: names,
    // Statistics lag behind a load, files do not.
    bytes: Math.max(Number(estimated ?? 0), filed),
  };
}

export async function identify(wire: Wire, dialect: Dialect): Promise<string> {
  return (await wire.value(dialect.identity)) ?? '';
}

/** A global variable's value, or undefined where the server has none of that name. */
export async function variable(wire: Wire, name: string): Promise<string | undefined> {
  const rows = await wire.query(`SHOW GLOBAL VARIABLES LIKE ${quoteText(name.replaceAll('_', '\\_'))}`);
  return rows[0]?.['Value'] ?? undefined;
}

function on(value: string | undefined): boolean {
  return value === 'ON' || value === '1';
}

/**
 * Why this is not the sole writable primary over a direct connection: one sentence, or undefined when it is.
 * Needs the privilege to read the replica status.
 */
export async function refusal(wire: Wire, dialect: Dialect): Promise<string | undefined> {
  return (await pooled(wire)) ?? (await readOnly(wire)) ?? (await replicated(wire, dialect));
}

export async function requirePrimary(wire: Wire, dialect: Dialect, subject: string): Promise<void> {
  const cause = await refusal(wire, dialect);
  if (cause === undefined) return;
  throw new TidemarkError({ code: 'shard-refused', operation: 'use this server as a shard', subject, cause });
}

/**
 * A pooler or proxy between us and the server gives a session's statements to whichever connection is free: locks and
 * snapshots would be anyone's. It has thread ids of its own, or calls itself by name.
 */
async function pooled(wire: Wire): Promise<string | undefined> {
  // Not the bare function: poolers answer that themselves.
  const own = await wire.value(
    'SELECT MAX(ID) FROM information_schema.PROCESSLIST WHERE ID = CONNECTION_ID() + 0',
  );
  if (own !== undefined && own !== null && Number(own) !== wire.threadId) {
    return `the connection goes through a pooler or proxy (greeted as ${wire.threadId}, known to the server as ${own})`;
  }
  const comment = `${wire.serverVersion} ${await wire.value('SELECT @@version_comment')}`;
  const name = /proxysql|maxscale|vitess|router|pgbouncer|shardingsphere/i.exec(comment)?.[0];
  if (name !== undefined) return `the connection goes through ${name}`;
  const mark = `tidemark ${wire.threadId} ${Date.now()}`;
  await wire.run(`SET @tidemark_probe = ${quoteText(mark)}`);
  if ((await wire.value('SELECT @tidemark_probe')) !== mark) {
    return 'the connection does not keep its session: a pooler or proxy is between';
  }
  return undefined;
}

async function readOnly(wire: Wire): Promise<string | undefined> {
  for (const name of ['read_only', 'super_read_only', 'innodb_read_only', 'offline_mode']) {
    const value = await variable(wire, name);
    // MariaDB 12 names the degrees of read_only.
    if (on(value) || value?.startsWith('NO_LOCK') === true)
      return `the server is read-only (${name} = ${value})`;
  }
  return undefined;
}

async function replicated(wire: Wire, dialect: Dialect): Promise<string | undefined> {
  const replicas = await wire.query(dialect.replicaStatus);
  const source = replicas[0];
  if (source !== undefined) {
    const host = source['Source_Host'] ?? source['Master_Host'] ?? 'another server';
    const running = source['Replica_SQL_Running'] ?? source['Slave_SQL_Running'] ?? 'unknown';
    return `the server is configured as a replica of ${host} (SQL thread running: ${running})`;
  }
  const provider = await variable(wire, 'wsrep_provider');
  if (on(await variable(wire, 'wsrep_on')) && provider !== undefined && provider !== 'none') {
    return 'the server is a Galera node: other nodes write to the same data';
  }
  return dialect.family === 'mysql' ? groupRefusal(wire) : undefined;
}

async function groupRefusal(wire: Wire): Promise<string | undefined> {
  const members = await wire
    .query(
      'SELECT MEMBER_ROLE AS r, MEMBER_STATE AS s, MEMBER_ID = @@server_uuid AS own ' +
        "FROM performance_schema.replication_group_members WHERE MEMBER_STATE <> 'OFFLINE'",
    )
    .catch((error: unknown) => {
      // The table exists only where the plug-in can be loaded.
      if (isServerError(error, 1146)) return [];
      throw error;
    });
  const own = members.find((member) => member['own'] === '1');
  if (own === undefined) return undefined;
  if (members.filter((member) => member['r'] === 'PRIMARY').length > 1) {
    return 'the server is one of several primaries of a replication group';
  }
  return own['r'] === 'PRIMARY'
    ? undefined
    : `the server is a ${own['r']} of a replication group (${own['s']})`;
}
